-- The door: signing in through an identity provider, and accounts with passwords.

-- People are known by their number in the directory and may share a name; everybody else who acts
-- has a name of their own, those included who come from an identity provider without being in the
-- directory.
drop index principal_name;
create unique index principal_name on principal (tenant_id, kind, name_key)
    where revoked_at is null and (kind <> 'person' or user_no is null);
create unique index principal_of_person on principal (tenant_id, user_no)
    where revoked_at is null and kind = 'person';

-- How somebody came in; `roles` are what the identity provider said, beside those given here.
alter table portal_session add column via text not null default 'link'
    check (via in ('link', 'provider', 'password'));

create or replace function authenticate_session(presented bytea, at timestamptz, idle interval)
returns table (
    tenant_id int4, tenant_uuid uuid, tenant_name text, tenant_domain text, tenant_state text,
    is_demo boolean, settings jsonb, catalog_version int4, principal_no int4, principal_id uuid,
    kind text, name text, roles text[], permissions text[], is_scim boolean, user_no int4,
    seen_at timestamptz
) language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select t.tenant_id, t.id, t.name, t.domain, t.state, t.is_demo, t.settings,
               t.catalog_version, p.principal_no, p.id, p.kind, p.name,
               array(select distinct one from unnest(p.roles || coalesce(s.roles, '{}')) one
                      order by one),
               p.permissions, p.is_scim, p.user_no, s.seen_at
          from portal_session s
          join principal p on p.tenant_id = s.tenant_id and p.principal_no = s.principal_no
          join tenant t on t.tenant_id = s.tenant_id
         where s.digest = presented and s.ended_at is null and s.expires_at > at
           and s.seen_at > at - idle and p.revoked_at is null
           and (p.user_no is null or exists (
               select from app_user u
                where u.tenant_id = p.tenant_id and u.user_no = p.user_no
                  and u.is_enabled and u.deleted_at is null));
end $$;

-- A browser on its way to the identity provider and back: known by the digest of its cookie, used
-- once. Whose it will be is not known yet, so it belongs to no tenant.
create table sign_in_attempt (
    digest     bytea primary key check (length(digest) = 32),
    target     text not null,
    expires_at timestamptz not null
);
create index sign_in_attempt_over on sign_in_attempt (expires_at);

-- How often a password was guessed lately, by the digest of a name, of an address, or of both.
create table sign_in_guess (
    digest   bytea primary key check (length(digest) = 32),
    guesses  int4 not null,
    began_at timestamptz not null
);
create index sign_in_guess_over on sign_in_guess (began_at);

-- Who may sign in with a password. Without one yet, a link sets it.
create table account (
    tenant_id       int4 not null,
    principal_no    int4 not null,
    login           text not null,
    login_key       text not null collate "C",
    password_hash   text,
    password_set_at timestamptz,
    made_at         timestamptz not null,
    primary key (tenant_id, principal_no),
    unique (tenant_id, login_key),
    foreign key (tenant_id, principal_no) references principal on delete cascade
);
create index account_login on account (login_key);
call bind_to_tenant('account');

create table account_link (
    tenant_id    int4 not null,
    digest       bytea not null unique check (length(digest) = 32),
    principal_no int4 not null,
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,
    primary key (tenant_id, digest),
    foreign key (tenant_id, principal_no) references account on delete cascade
);
call bind_to_tenant('account_link');

-- Whose account a name is, before the tenant is known: by what the account was made with, else by
-- the person's name or mail in the tenant that owns its domain.
create function find_account(wanted text)
returns table (tenant_id int4, principal_no int4, password_hash text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select a.tenant_id, a.principal_no, a.password_hash
          from (
              select one.tenant_id, one.principal_no, 0 as place
                from account one where one.login_key = wanted
              union all
              select p.tenant_id, p.principal_no, 1
                from tenant t
                join app_user u on u.tenant_id = t.tenant_id
                     and (u.upn_key = wanted or u.mail_key = wanted) and u.deleted_at is null
                join principal p on p.tenant_id = u.tenant_id and p.user_no = u.user_no
                     and p.kind = 'person'
               where t.domain = split_part(wanted, '@', 2)
          ) found
          join account a on a.tenant_id = found.tenant_id and a.principal_no = found.principal_no
          join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.principal_no
          join tenant t on t.tenant_id = a.tenant_id
         where p.revoked_at is null and t.state = 'active'
           and (p.user_no is null or exists (
               select from app_user u
                where u.tenant_id = p.tenant_id and u.user_no = p.user_no
                  and u.is_enabled and u.deleted_at is null))
         order by found.place, t.domain <> split_part(wanted, '@', 2), t.tenant_id
         limit 1;
end $$;

-- Whether the page that signs in offers a password at all.
create function has_accounts() returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from account where password_hash is not null)
$$;

-- Whom a link sets the password of, without using it.
create function look_at_account_link(presented bytea, at timestamptz)
returns table (tenant_name text, principal_name text, login text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select t.name, p.name, a.login
          from account_link l
          join account a on a.tenant_id = l.tenant_id and a.principal_no = l.principal_no
          join principal p on p.tenant_id = l.tenant_id and p.principal_no = l.principal_no
          join tenant t on t.tenant_id = l.tenant_id
         where l.digest = presented and l.used_at is null and l.expires_at > at
           and p.revoked_at is null and t.state = 'active';
end $$;

create function use_account_link(presented bytea, at timestamptz)
returns table (tenant_id int4, principal_no int4)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    return query
        update account_link l set used_at = at
          from principal p, tenant t
         where l.digest = presented and l.used_at is null and l.expires_at > at
           and p.tenant_id = l.tenant_id and p.principal_no = l.principal_no
           and p.revoked_at is null
           and t.tenant_id = l.tenant_id and t.state = 'active'
        returning l.tenant_id, l.principal_no;
end $$;
