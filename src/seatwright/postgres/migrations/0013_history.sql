-- History in time: who held what at a moment, monthly partitions, sealed blocks and their heads.

-- since_day is the UTC day of `since`, in days from 2000-01-01. It lies in bytes that alignment
-- left unused, in the row and in the index, so that "who held this product at a moment" is
-- answered from the index alone but for the holders of that very day. A column cannot be put
-- between others, so the table is made anew.
alter table effective_license rename to effective_license_before;
alter index effective_license_pkey rename to effective_license_before_pkey;
drop index effective_license_sku;
create table effective_license (
    tenant_id   int4 not null,
    user_no     int4 not null,
    enabled_set int4 not null,
    -- The earliest source that gives it: an error about its removal is put there (CON-01).
    source_no   int4 not null,
    sku_no      int2 not null,
    source_kind int2 not null,
    strategy    int2 not null,
    since_day   int2 not null generated always as (least(32767, greatest(-32768,
        (since at time zone 'UTC')::date - date '2000-01-01'))::int2) stored,
    since       timestamptz not null
);
insert into effective_license
    (tenant_id, user_no, enabled_set, source_no, sku_no, source_kind, strategy, since)
select tenant_id, user_no, enabled_set, source_no, sku_no, source_kind, strategy, since
  from effective_license_before;
drop table effective_license_before;
alter table effective_license add constraint effective_license_pkey
    primary key (tenant_id, user_no, sku_no) include (enabled_set);
create index effective_license_sku on effective_license (tenant_id, sku_no, user_no, since_day);
call bind_to_tenant('effective_license');

-- The person is part of the order, so that a page of past holders begins where the one before
-- ended, also when thousands lost a product in one moment.
drop index license_interval_sku;
create index license_interval_sku
    on license_interval (tenant_id, sku_no, valid_to, valid_from, user_no);
-- What gave the license while it was held; null in rows from before these columns.
alter table license_interval add column strategy int2, add column source_kind int2,
    add column source_no int4;

-- A transaction has its number before it takes one for a row. So whoever reads the sequence, then
-- which transactions are running, and waits for those to end, has seen every row up to there
-- (docs/decisions/0013): this is what sealing stands on.
alter table history_event alter column event_no
    set default case when pg_current_xact_id() is not null then nextval('history_event_no') end;
alter table history_event_other alter column event_no
    set default case when pg_current_xact_id() is not null then nextval('history_event_no') end;
-- Blocks are runs of these numbers.
create index history_event_number on history_event (tenant_id, event_no);

-- Makes the partition of a month. SECURITY DEFINER: the app role owns nothing, and the worker has
-- to make room ahead of time. A month of which the default partition has rows stays there.
-- The lock is not waited for long: whoever reads the history waits behind whoever waits for it.
create function make_history_partition(month date) returns boolean
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
    first_day date := make_date(extract(year from month)::int, extract(month from month)::int, 1);
    begins timestamptz := first_day::timestamp at time zone 'UTC';
    ends timestamptz := (first_day + interval '1 month') at time zone 'UTC';
    named text := 'history_event_' || to_char(first_day::timestamp, 'YYYY_MM');
begin
    if to_regclass(named) is not null then
        return false;
    end if;
    -- Two workers that begin a month at once make it once.
    perform pg_advisory_xact_lock(7328104417);
    if to_regclass(named) is not null
        or exists (select from history_event_other where at >= begins and at < ends) then
        return false;
    end if;
    execute format('create table %I (like history_event including defaults)', named);
    execute format('call bind_to_tenant(%L)', named);
    execute format('alter table history_event attach partition %I for values from (%L) to (%L)',
        named, begins, ends);
    return true;
exception when check_violation then
    -- A row of that month came into the default partition just now.
    return false;
end $$;

-- A sealed run of a tenant's history: the rows with numbers above the block before's and up to
-- last_no. The digest covers their canonical lines, and the digest before.
create table history_block (
    tenant_id int4 not null references tenant on delete cascade,
    block_no  int4 not null check (block_no > 0),
    last_no   int8 not null,
    row_count int4 not null check (row_count > 0),
    sealed_at timestamptz not null,
    digest    bytea not null check (length(digest) = 32),
    -- For each row its number and the first 8 bytes of its line's SHA-256, so that a broken block
    -- can say which row it is.
    marks     bytea not null check (length(marks) = 16 * row_count),
    primary key (tenant_id, block_no),
    unique (tenant_id, last_no)
);
call bind_to_tenant('history_block');

-- The last digest of each month that is over, for keeping elsewhere.
create table history_head (
    tenant_id int4 not null references tenant on delete cascade,
    month     text not null collate "C" check (month ~ '^\d{4}-\d{2}$'),
    block_no  int4 not null,
    last_no   int8 not null,
    digest    bytea not null check (length(digest) = 32),
    sealed_at timestamptz not null,
    primary key (tenant_id, month)
);
call bind_to_tenant('history_head');
