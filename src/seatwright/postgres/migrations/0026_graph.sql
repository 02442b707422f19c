-- Access tokens of API clients, and the keys that sign them.

-- A credential that ends by itself is an access token: a JWT that a key of the tenant signed. It is
-- known by its digest like any other secret, so whatever ends a client ends its tokens at once.
alter table credential
    add column expires_at timestamptz,
    add column key_no     int4;
create index credential_of_principal on credential (tenant_id, principal_no, expires_at);

-- Keys overlap: one is published before it signs, and stays published until what it signed is over.
-- The private half is behind the tenant wall like every row; nothing but the signing reads it.
create table signing_key (
    tenant_id    int4 not null references tenant on delete cascade,
    key_no       int4 not null,
    kid          text not null collate "C",
    private_key  text not null,
    public_key   jsonb not null,
    created_at   timestamptz not null,
    signs_from   timestamptz not null,
    withdrawn_at timestamptz,
    primary key (tenant_id, key_no)
);
call bind_to_tenant('signing_key');

-- Who a token belongs to, as before; a token whose time is over belongs to nobody.
drop function authenticate(bytea);
create function authenticate(presented bytea, at timestamptz)
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
           and (c.expires_at is null or c.expires_at > at);
end $$;

-- The public keys by which anybody checks a tenant's tokens, or every tenant's; never a private
-- half. A key that a newer one followed is published for a day more: tokens live for an hour.
create function published_signing_keys(of_tenant uuid, at timestamptz)
returns table (public_key jsonb)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
        select k.public_key
          from signing_key k
          join tenant t on t.tenant_id = k.tenant_id
         where (of_tenant is null or t.id = of_tenant) and k.withdrawn_at is null
           and not exists (
               select from signing_key n
                where n.tenant_id = k.tenant_id and n.withdrawn_at is null
                  and n.key_no > k.key_no and n.signs_from <= at - interval '1 day')
         order by k.tenant_id, k.key_no
         limit 1000;
end $$;
