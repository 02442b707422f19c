-- A token that acts as a person ends with them, as their sessions do: whoever is disabled or deleted
-- decides nothing any more. Who is nobody of the directory is looked up as before.
create or replace function authenticate(presented bytea, at timestamptz)
returns table (
    tenant_id int4, tenant_uuid uuid, tenant_name text, tenant_domain text, tenant_state text,
    is_demo boolean, settings jsonb, catalog_version int4, principal_no int4, principal_id uuid,
    kind text, name text, roles text[], permissions text[], is_scim boolean, user_no int4
) language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select t.tenant_id, t.id, t.name, t.domain, t.state, t.is_demo, t.settings,
               t.catalog_version, p.principal_no, p.id, p.kind, p.name, p.roles,
               p.permissions, p.is_scim, p.user_no
          from credential c
          join principal p on p.tenant_id = c.tenant_id and p.principal_no = c.principal_no
          join tenant t on t.tenant_id = c.tenant_id
         where c.digest = presented and c.revoked_at is null and p.revoked_at is null
           and (c.expires_at is null or c.expires_at > at)
           and (p.user_no is null or exists (
               select from app_user u
                where u.tenant_id = p.tenant_id and u.user_no = p.user_no
                  and u.is_enabled and u.deleted_at is null));
end $$;
