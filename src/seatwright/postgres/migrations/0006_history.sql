-- What happened: append-only, ids only. Names live beside it, where an erasure can blank them.

create sequence history_event_no;
create table history_event (
    tenant_id    int4 not null,
    event_no     int8 not null default nextval('history_event_no'),
    at           timestamptz not null,
    action       int2 not null,
    reason       text collate "C",
    strategy     int2,
    principal_no int4 not null,
    user_no      int4,
    group_no     int4,
    sku_no       int2,
    source_kind  int2,
    source_no    int4,
    -- Effective service plan sets before and after; null: the product was or is not held.
    before_set   int4,
    after_set    int4,
    detail       jsonb,
    correlation  uuid not null,
    primary key (tenant_id, at, event_no)
) partition by range (at);
create index history_event_user on history_event (tenant_id, user_no, at, event_no)
    where user_no is not null;
create table history_event_other partition of history_event default;
call bind_to_tenant('history_event');
call bind_to_tenant('history_event_other');

-- The last known names of people and groups, kept for the history after they are gone.
create table history_name (
    tenant_id    int4 not null references tenant on delete cascade,
    noun         text not null collate "C" check (noun in ('user', 'group')),
    subject_no   int4 not null,
    id           uuid not null,
    name         text,
    display_name text,
    erased_at    timestamptz,
    primary key (tenant_id, noun, subject_no)
);
create index history_name_id on history_name (tenant_id, noun, id);
call bind_to_tenant('history_name');

-- Closed intervals of holding; the open one is effective_license.since.
create table license_interval (
    tenant_id   int4 not null,
    user_no     int4 not null,
    sku_no      int2 not null,
    enabled_set int4 not null,
    valid_from  timestamptz not null,
    valid_to    timestamptz not null
);
create index license_interval_sku
    on license_interval (tenant_id, sku_no, valid_to, valid_from) include (user_no);
create index license_interval_user on license_interval (tenant_id, user_no, sku_no, valid_from);
call bind_to_tenant('license_interval');
