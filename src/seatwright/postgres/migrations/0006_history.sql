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
-- One index for each question that the history answers, each in the order of the pages (newest
-- first). A list of several actions is one walk per action, merged.
create index history_event_action on history_event (tenant_id, action, at, event_no);
create index history_event_user on history_event (tenant_id, user_no, at, event_no)
    where user_no is not null;
create index history_event_group on history_event (tenant_id, group_no, at, event_no)
    where group_no is not null;
create index history_event_source
    on history_event (tenant_id, source_kind, source_no, at, event_no) where source_no > 0;
create index history_event_sku on history_event (tenant_id, sku_no, at, event_no)
    where sku_no is not null;
create index history_event_principal on history_event (tenant_id, principal_no, at, event_no);
create index history_event_correlation on history_event (tenant_id, correlation, at, event_no);
create table history_event_other partition of history_event default;
call bind_to_tenant('history_event');
call bind_to_tenant('history_event_other');

-- The last known names of people and groups, kept for the history after they are gone.
-- No foreign key to the tenant, for the reason that people have none.
create table history_name (
    tenant_id    int4 not null,
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
