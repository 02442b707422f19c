-- The tenant's catalogue: products, their service plans, and what is known about both.
-- Shipped, own and imported products are the same rows.

create table sku (
    tenant_id         int4 not null references tenant on delete cascade,
    sku_no            int2 not null,
    id                uuid not null,
    part_number       text not null,
    part_number_key   text not null collate "C",
    display_name      text not null,
    applies_to        text not null check (applies_to in ('User', 'Company')),
    origin            text not null check (origin in ('shipped', 'imported', 'own')),
    is_legacy         boolean not null default false,
    -- The strategies of the sources apply to it (T-005 ... T-011); where not, why not.
    in_strategy_scope boolean not null default true,
    scope_note        text,
    primary key (tenant_id, sku_no),
    unique (tenant_id, id)
);
-- Not unique: Microsoft's own table gives one part number to two products (REF-010).
create index sku_part_number on sku (tenant_id, part_number_key);
call bind_to_tenant('sku');

create table sku_alias (
    tenant_id int4 not null,
    alias_key text not null collate "C",
    sku_no    int2 not null,
    primary key (tenant_id, alias_key),
    foreign key (tenant_id, sku_no) references sku on delete cascade
);
call bind_to_tenant('sku_alias');

create table service_plan (
    tenant_id       int4 not null references tenant on delete cascade,
    service_plan_no int2 not null,
    id              uuid not null,
    name            text not null,
    name_key        text not null collate "C",
    display_name    text not null,
    applies_to      text not null check (applies_to in ('User', 'Company')),
    -- A company-level capability never counts as a duplicate (T-179, REF-018).
    counts_as_duplicate boolean not null default true,
    primary key (tenant_id, service_plan_no),
    unique (tenant_id, id)
);
create index service_plan_name on service_plan (tenant_id, name_key);
call bind_to_tenant('service_plan');

create table sku_service_plan (
    tenant_id       int4 not null,
    sku_no          int2 not null,
    service_plan_no int2 not null,
    primary key (tenant_id, sku_no, service_plan_no),
    foreign key (tenant_id, sku_no) references sku on delete cascade,
    foreign key (tenant_id, service_plan_no) references service_plan on delete cascade
);
call bind_to_tenant('sku_service_plan');

-- Tiers of one service, lowest first: a higher tier covers the lower ones (T-179).
create table service_tier (
    tenant_id       int4 not null,
    service         text not null collate "C",
    tier            int2 not null,
    service_plan_no int2 not null,
    primary key (tenant_id, service, service_plan_no),
    foreign key (tenant_id, service_plan_no) references service_plan on delete cascade
);
call bind_to_tenant('service_tier');

-- A person may hold at most one service plan of each exclusion set (PLN-001).
create table exclusion (
    tenant_id       int4 not null,
    set_name        text not null collate "C",
    service_plan_no int2 not null,
    primary key (tenant_id, set_name, service_plan_no),
    foreign key (tenant_id, service_plan_no) references service_plan on delete cascade
);
call bind_to_tenant('exclusion');

-- A service plan needs any one of those named (PLN-020 ... PLN-027).
create table dependency (
    tenant_id       int4 not null,
    service_plan_no int2 not null,
    needs_plan_no   int2 not null,
    primary key (tenant_id, service_plan_no, needs_plan_no),
    foreign key (tenant_id, service_plan_no) references service_plan on delete cascade,
    foreign key (tenant_id, needs_plan_no) references service_plan on delete cascade
);
call bind_to_tenant('dependency');

-- Where a product (service_plan_no null) or one of its service plans may not be used.
create table prohibited_location (
    tenant_id       int4 not null,
    location        text not null collate "C" check (location ~ '^[A-Z]{2}$'),
    sku_no          int2,
    service_plan_no int2,
    check (num_nonnulls(sku_no, service_plan_no) = 1),
    unique nulls not distinct (tenant_id, location, sku_no, service_plan_no),
    foreign key (tenant_id, sku_no) references sku on delete cascade,
    foreign key (tenant_id, service_plan_no) references service_plan on delete cascade
);
call bind_to_tenant('prohibited_location');

-- Stored combinations of service plans: immutable, so that rows carry a number and every process
-- may keep the dictionary in memory. Bits are hexadecimal, bit n is service plan number n; the
-- empty combination has number 0 and no row.
create sequence service_plan_set_no as int4;
create table service_plan_set (
    tenant_id int4 not null references tenant on delete cascade,
    set_id    int4 not null default nextval('service_plan_set_no') check (set_id > 0),
    bits      text not null collate "C",
    primary key (tenant_id, set_id),
    unique (tenant_id, bits)
);
call bind_to_tenant('service_plan_set');

create table subscription (
    tenant_id          int4 not null,
    id                 uuid not null,
    external_id        text collate "C",
    sku_no             int2 not null,
    units              int4 not null check (units >= 0),
    status             text not null
        check (status in ('Enabled', 'Warning', 'Suspended', 'LockedOut', 'Deleted')),
    starts_at          timestamptz not null,
    next_lifecycle_at  timestamptz,
    unit_price         numeric(14, 4) check (unit_price >= 0),
    currency           text check (currency ~ '^[A-Z]{3}$'),
    offer_minimum      int4 not null default 0 check (offer_minimum >= 0),
    included_units     int4 not null default 0 check (included_units >= 0),
    is_trial           boolean not null default false,
    created_at         timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, sku_no) references sku on delete restrict
);
create index subscription_sku on subscription (tenant_id, sku_no);
create unique index subscription_external on subscription (tenant_id, external_id)
    where external_id is not null;
call bind_to_tenant('subscription');

-- The seats of one SKU over all its subscriptions: the row that every seat mover locks first, in
-- SKU order. Our own action never takes consumed + reserved above what is assignable; what comes
-- from outside (seats cut, a user restored, holdings adopted) is stated in seats_over.
create table sku_pool (
    tenant_id  int4 not null,
    sku_no     int2 not null,
    assignable int4 not null default 0 check (assignable >= 0),
    consumed   int4 not null default 0 check (consumed >= 0),
    reserved   int4 not null default 0 check (reserved >= 0),
    seats_over int4 not null default 0 check (seats_over >= 0),
    -- Since when purchases cover fewer seats than are in use: 90 days to resolve it (SKU-014).
    over_since timestamptz,
    primary key (tenant_id, sku_no),
    foreign key (tenant_id, sku_no) references sku on delete cascade,
    constraint no_seat_twice check (consumed + reserved <= assignable + seats_over)
) with (fillfactor = 10);
call bind_to_tenant('sku_pool');
