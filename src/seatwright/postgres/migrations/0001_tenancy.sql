-- Tenants, who may act in them, and the two functions that read past the tenant wall.

create table tenant (
    tenant_id       int4 generated always as identity primary key,
    id              uuid not null unique,
    name            text not null,
    name_key        text not null collate "C" unique,
    domain          text not null,
    state           text not null default 'active' check (state in ('active', 'suspended')),
    is_demo         boolean not null default false,
    settings        jsonb not null default '{}',
    -- Raised by every change of the catalogue, so that a process knows when its copy is old.
    catalog_version int4 not null default 1,
    created_at      timestamptz not null
);

-- Binds a table to the tenant of the session. The owner stays exempt (no FORCE): migrations,
-- backup and restore need it; the app role owns nothing and so is always bound.
create procedure bind_to_tenant(bound regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', bound);
    execute format(
        'create policy tenant_wall on %s using (tenant_id = '
        '(select nullif(current_setting(''seatwright.tenant'', true), '''')::int))', bound);
end $$;

-- The numbers last given out in a tenant; the row is locked while new ones are taken.
create table tenant_counter (
    tenant_id int4 not null references tenant on delete cascade,
    noun      text not null collate "C",
    last_no   int4 not null default 0,
    primary key (tenant_id, noun)
);
call bind_to_tenant('tenant_counter');

-- Whoever acts: a long-lived token, an API client, a person, or seatwright itself (number 0).
create table principal (
    tenant_id    int4 not null references tenant on delete cascade,
    principal_no int4 not null,
    id           uuid not null,
    kind         text not null check (kind in ('system', 'token', 'client', 'person')),
    name         text not null,
    name_key     text not null collate "C",
    roles        text[] not null default '{}',
    permissions  text[],
    is_scim      boolean not null default false,
    user_no      int4,
    created_at   timestamptz not null,
    created_by   int4,
    revoked_at   timestamptz,
    primary key (tenant_id, principal_no),
    unique (tenant_id, id)
);
create unique index principal_name on principal (tenant_id, kind, name_key)
    where revoked_at is null;
call bind_to_tenant('principal');

-- Secrets are random and long, so a plain SHA-256 of them is enough; none is stored in the clear.
create table credential (
    tenant_id    int4 not null,
    digest       bytea not null unique check (length(digest) = 32),
    principal_no int4 not null,
    created_at   timestamptz not null,
    revoked_at   timestamptz,
    primary key (tenant_id, digest),
    foreign key (tenant_id, principal_no) references principal on delete cascade
);
call bind_to_tenant('credential');

-- Who a token belongs to. SECURITY DEFINER: the tenant is not known before the answer.
-- It opens the caller's transaction onto that tenant in the same round trip.
create function authenticate(presented bytea)
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
         where c.digest = presented and c.revoked_at is null and p.revoked_at is null;
end $$;

-- The first answer to a call that carried an Idempotency-Key, kept for 24 hours.
create table idempotent_answer (
    tenant_id    int4 not null references tenant on delete cascade,
    principal_no int4 not null,
    route        text not null collate "C",
    key          text not null collate "C",
    body_digest  bytea not null,
    status       int2 not null,
    headers      jsonb not null,
    body         bytea not null,
    created_at   timestamptz not null,
    primary key (tenant_id, principal_no, route, key)
);
create index idempotent_answer_age on idempotent_answer (tenant_id, created_at);
call bind_to_tenant('idempotent_answer');
