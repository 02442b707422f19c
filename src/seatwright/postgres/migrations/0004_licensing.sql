-- Wishes, what people really hold, and what stands in the way.
-- No foreign keys to people here: a bulk job writes tens of thousands of rows, the writer holds
-- the locks of the pools and the people, and the purge of a person names these tables.

-- A recorded wish: this source says this subject should have this SKU. Exactly one subject.
create table assignment (
    tenant_id     int4 not null,
    assignment_no int8 generated always as identity,
    user_no       int4,
    group_no      int4,
    sku_no        int2 not null,
    disabled_set  int4 not null,
    strategy      int2 not null,
    -- 0 direct, 1 group (computed, never stored), 2 auto-claim policy, 3 license request
    source_kind   int2 not null default 0,
    source_no     int4 not null default 0,
    template_no   int4,
    priority      int2 not null default 128 check (priority between 0 and 255),
    starts_at     timestamptz,
    expires_at    timestamptz,
    created_at    timestamptz not null,
    created_by    int4 not null,
    primary key (tenant_id, assignment_no),
    check (num_nonnulls(user_no, group_no) = 1),
    check (expires_at > starts_at)
);
create unique index assignment_user
    on assignment (tenant_id, user_no, sku_no, source_kind, source_no) where user_no is not null;
create unique index assignment_group
    on assignment (tenant_id, group_no, sku_no) where group_no is not null;
create index assignment_starts on assignment (tenant_id, starts_at) where starts_at is not null;
create index assignment_expires on assignment (tenant_id, expires_at) where expires_at is not null;
call bind_to_tenant('assignment');

-- What a user really holds: one row per user and SKU, and the only thing that uses a seat.
create table effective_license (
    tenant_id   int4 not null,
    user_no     int4 not null,
    enabled_set int4 not null,
    -- The earliest source that gives it: an error about its removal is put there (CON-01).
    source_no   int4 not null,
    sku_no      int2 not null,
    source_kind int2 not null,
    strategy    int2 not null,
    since       timestamptz not null,
    primary key (tenant_id, user_no, sku_no) include (enabled_set)
);
create index effective_license_sku on effective_license (tenant_id, sku_no, user_no);
call bind_to_tenant('effective_license');

-- What a deleted person held when they were deleted: a restore gives it back even without a free
-- seat (architecture.md, "Soft delete").
create table deleted_license (
    tenant_id   int4 not null,
    user_no     int4 not null,
    sku_no      int2 not null,
    enabled_set int4 not null,
    source_kind int2 not null,
    source_no   int4 not null,
    strategy    int2 not null,
    primary key (tenant_id, user_no, sku_no)
);
call bind_to_tenant('deleted_license');

-- Why a source does not give what it says: one row per user, SKU and source. While the reason is
-- noSeatLeft the row is the user's place in the waiting list (priority, waiting_since, user_no).
create table license_error (
    tenant_id     int4 not null,
    user_no       int4 not null,
    sku_no        int2 not null,
    source_kind   int2 not null,
    source_no     int4 not null,
    reason        text not null collate "C",
    priority      int2 not null default 128,
    waiting_since timestamptz not null,
    primary key (tenant_id, user_no, sku_no, source_kind, source_no)
);
create index license_error_waiting
    on license_error (tenant_id, sku_no, priority, waiting_since, user_no)
    where reason = 'noSeatLeft';
create index license_error_source on license_error (tenant_id, source_kind, source_no, user_no);
call bind_to_tenant('license_error');

create table template (
    tenant_id    int4 not null references tenant on delete cascade,
    template_no  int4 not null,
    id           uuid not null,
    name         text not null,
    name_key     text not null collate "C",
    description  text,
    created_at   timestamptz not null,
    created_by   int4 not null,
    primary key (tenant_id, template_no),
    unique (tenant_id, id),
    unique (tenant_id, name_key)
);
call bind_to_tenant('template');

create table template_product (
    tenant_id    int4 not null,
    template_no  int4 not null,
    sku_no       int2 not null,
    disabled_set int4 not null,
    primary key (tenant_id, template_no, sku_no),
    foreign key (tenant_id, template_no) references template on delete cascade,
    foreign key (tenant_id, sku_no) references sku on delete restrict
);
call bind_to_tenant('template_product');
