-- The portal: sessions of people who signed in, and links that begin one once.

-- A session is known by the digest of its cookie like any other secret. `roles` null: those of the
-- principal, as they are at each call.
create table portal_session (
    tenant_id    int4 not null,
    digest       bytea not null unique check (length(digest) = 32),
    principal_no int4 not null,
    roles        text[],
    began_at     timestamptz not null,
    seen_at      timestamptz not null,
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    primary key (tenant_id, digest),
    foreign key (tenant_id, principal_no) references principal on delete cascade
);
create index portal_session_of_principal on portal_session (tenant_id, principal_no);
call bind_to_tenant('portal_session');

create table sign_in_link (
    tenant_id    int4 not null,
    digest       bytea not null unique check (length(digest) = 32),
    principal_no int4 not null,
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,
    primary key (tenant_id, digest),
    foreign key (tenant_id, principal_no) references principal on delete cascade
);
call bind_to_tenant('sign_in_link');

-- Whose session a cookie names, as `authenticate` says whose a token is. It ends by itself after a
-- while without a call, and with the person: a disabled or deleted one is nobody.
create function authenticate_session(presented bytea, at timestamptz, idle interval)
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
               coalesce(s.roles, p.roles), p.permissions, p.is_scim, p.user_no, s.seen_at
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

-- Whom a link is for, without using it: the page that asks before it is used says so.
create function look_at_sign_in_link(presented bytea, at timestamptz)
returns table (tenant_name text, principal_name text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select t.name, p.name
          from sign_in_link l
          join principal p on p.tenant_id = l.tenant_id and p.principal_no = l.principal_no
          join tenant t on t.tenant_id = l.tenant_id
         where l.digest = presented and l.used_at is null and l.expires_at > at
           and p.revoked_at is null and t.state = 'active';
end $$;

-- Uses a link: of two who open it at once one is let in.
create function use_sign_in_link(presented bytea, at timestamptz)
returns table (tenant_id int4, principal_no int4)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    return query
        update sign_in_link l set used_at = at
          from principal p, tenant t
         where l.digest = presented and l.used_at is null and l.expires_at > at
           and p.tenant_id = l.tenant_id and p.principal_no = l.principal_no
           and p.revoked_at is null
           and t.tenant_id = l.tenant_id and t.state = 'active'
        returning l.tenant_id, l.principal_no;
end $$;
