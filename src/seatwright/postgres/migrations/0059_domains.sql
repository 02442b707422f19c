-- The domains of a tenant. One is its default and stands in tenant.domain as before; each belongs to
-- one tenant alone, over the whole installation, because signing in finds the tenant by it.

create table tenant_domain (
    tenant_id  int4 not null references tenant on delete cascade,
    name       text not null collate "C" unique
               check (name = lower(name) and length(name) <= 253),
    -- What the tenant was made with.
    is_initial boolean not null default false,
    added_at   timestamptz not null,
    primary key (tenant_id, name)
);
call bind_to_tenant('tenant_domain');

-- Nothing kept two tenants from having one domain; people who signed in by it came to the older one.
-- The younger gets a name of its own, below a domain that nobody can have (RFC 2606).
update tenant t set domain = 'tenant-' || t.id::text || '.example'
 where exists (select from tenant o where lower(o.domain) = lower(t.domain)
                  and o.tenant_id < t.tenant_id);
update tenant set domain = lower(domain) where domain <> lower(domain);

insert into tenant_domain (tenant_id, name, is_initial, added_at)
select tenant_id, domain, true, created_at from tenant;

-- A tenant is made before its domain, and deleted with it.
alter table tenant add constraint tenant_default_domain foreign key (tenant_id, domain)
    references tenant_domain (tenant_id, name) deferrable initially deferred;

-- Who owns these domains, in the order in which they are asked about. SECURITY DEFINER: whoever
-- signs in has no tenant before the answer.
create function domain_owners(wanted text[]) returns table (tenant_id int4)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select d.tenant_id
          from unnest(wanted) with ordinality asked (name, place)
          join tenant_domain d on d.name = asked.name
         group by d.tenant_id order by min(asked.place);
end $$;

-- As in 0044, by every domain that a tenant owns. `owned` is the domain as tenants own it, where it
-- is not what stands behind the @.
drop function find_account(text);
create function find_account(wanted text, owned text default null)
returns table (tenant_id int4, principal_no int4, password_hash text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    owner int4 := (select d.tenant_id from tenant_domain d
                    where d.name = coalesce(owned, split_part(wanted, '@', 2)));
begin
    return query
        select a.tenant_id, a.principal_no, a.password_hash
          from (
              select one.tenant_id, one.principal_no, 0 as place
                from account one where one.login_key = wanted
              union all
              select p.tenant_id, p.principal_no, 1
                from app_user u
                join principal p on p.tenant_id = u.tenant_id and p.user_no = u.user_no
                     and p.kind = 'person'
               where u.tenant_id = owner and (u.upn_key = wanted or u.mail_key = wanted)
                     and u.deleted_at is null
          ) found
          join account a on a.tenant_id = found.tenant_id and a.principal_no = found.principal_no
          join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.principal_no
          join tenant t on t.tenant_id = a.tenant_id
         where p.revoked_at is null and t.state = 'active'
           and (p.user_no is null or exists (
               select from app_user u
                where u.tenant_id = p.tenant_id and u.user_no = p.user_no
                  and u.is_enabled and u.deleted_at is null))
         order by found.place, t.tenant_id is distinct from owner, t.tenant_id
         limit 1;
end $$;

-- Whether people of another tenant are named in a domain, however it is spelled. Guests are not
-- counted: they are named in domains of theirs. SECURITY DEFINER: no tenant sees another's people,
-- and this says no more than that there are some. It looks at everybody, as a domain is rarely added.
create function is_domain_of_others(own int4, spellings text[]) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from app_user u
         where u.tenant_id <> own and u.deleted_at is null and u.user_type = 'Member'
           and (split_part(u.upn_key, '@', 2) = any(spellings)
                or split_part(u.mail_key, '@', 2) = any(spellings)))
$$;
