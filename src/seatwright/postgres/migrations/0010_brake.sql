-- The brake on removals: how much was removed lately, and what waits for a second administrator.

-- Revocations by principal, product and minute. Whoever writes it holds the lock of the product's
-- pool, so that two calls of one principal cannot both pass below the limit.
create table removal_count (
    tenant_id    int4 not null references tenant on delete cascade,
    principal_no int4 not null,
    sku_no       int2 not null,
    minute       timestamptz not null,
    revoked      int4 not null default 0,
    held         int4 not null default 0,
    primary key (tenant_id, principal_no, sku_no, minute)
);
create index removal_count_age on removal_count (tenant_id, minute);
call bind_to_tenant('removal_count');

-- Revocations of one product by one call or job that wait. The license of each person is kept
-- alive by a wish: an assignment with source_kind 4 and this number as source_no.
create table held_change (
    tenant_id    int4 not null references tenant on delete cascade,
    -- Not a tenant's dense number: that counter would be held while further pools are locked.
    held_no      int4 not null generated always as identity,
    id           uuid not null,
    correlation  uuid not null,
    sku_no       int2 not null,
    principal_no int4 not null,
    job_no       int8,
    made_at      timestamptz not null,
    reason       text not null collate "C",
    sentence     text not null,
    people       int4 not null default 0,
    state        text not null default 'pending'
        check (state in ('pending', 'approved', 'rejected', 'ended')),
    decided_at   timestamptz,
    decided_by   int4,
    primary key (tenant_id, held_no),
    unique (tenant_id, id)
);
create unique index held_change_pending on held_change (tenant_id, correlation, sku_no)
    where state = 'pending';
create index held_change_state on held_change (tenant_id, state, held_no);
call bind_to_tenant('held_change');

-- Who is in a held change, and what became of each; no outcome yet while it waits.
create table held_person (
    tenant_id int4 not null,
    held_no   int4 not null,
    user_no   int4 not null,
    outcome   text check (outcome in ('revoked', 'putBack', 'kept', 'ownNow', 'gone')),
    message   text,
    primary key (tenant_id, held_no, user_no),
    foreign key (tenant_id, held_no) references held_change on delete cascade
);
create index held_person_open on held_person (tenant_id, held_no, user_no) where outcome is null;
call bind_to_tenant('held_person');

create index assignment_hold on assignment (tenant_id, source_no, user_no) where source_kind = 4;

-- The journal of wishes: what every call and job did to assignments, memberships, groups inside
-- groups, and places in waiting lists; kept 30 days, so that any of it can be undone.
create table wish_batch (
    tenant_id    int4 not null references tenant on delete cascade,
    correlation  uuid not null,
    at           timestamptz not null,
    principal_no int4 not null,
    -- The job that undid it, or is at it.
    undone_by    int8,
    primary key (tenant_id, correlation)
);
create index wish_batch_age on wish_batch (tenant_id, at);
call bind_to_tenant('wish_batch');

-- noun: 1 assignment, 2 membership, 3 group inside a group (inner_no), 4 place in a waiting list
-- (only its end is kept, because only then is it lost). A side without strategy or since is "not
-- there". No foreign keys: a bulk job writes tens of thousands of rows.
create table wish_change (
    tenant_id         int4 not null,
    correlation       uuid not null,
    change_no         int8 generated always as identity,
    noun              int2 not null,
    user_no           int4,
    group_no          int4,
    inner_no          int4,
    sku_no            int2,
    source_kind       int2,
    source_no         int4,
    before_set        int4,
    before_strategy   int2,
    before_priority   int2,
    before_starts_at  timestamptz,
    before_expires_at timestamptz,
    before_since      timestamptz,
    before_by         int4,
    after_set         int4,
    after_strategy    int2,
    after_priority    int2,
    after_starts_at   timestamptz,
    after_expires_at  timestamptz,
    after_since       timestamptz,
    after_by          int4,
    primary key (tenant_id, correlation, change_no)
);
call bind_to_tenant('wish_change');

-- What an undo job works on: for each wish of the batch the first and the last of its changes.
create table undo_row (
    tenant_id int4 not null,
    job_no    int8 not null,
    row_no    int4 not null,
    first_no  int8 not null,
    last_no   int8 not null,
    primary key (tenant_id, job_no, row_no),
    foreign key (tenant_id, job_no) references job on delete cascade
);
call bind_to_tenant('undo_row');

-- The batch that a session writes in; none (a load by the owner, a test's scene): no journal.
create function journal_correlation() returns uuid language sql stable as $$
    select nullif(current_setting('seatwright.correlation', true), '')::uuid
$$;

create procedure note_batch(tenant int4, batch uuid) language plpgsql as $$
begin
    insert into wish_batch (tenant_id, correlation, at, principal_no)
    values (tenant, batch, current_setting('seatwright.at')::timestamptz,
            current_setting('seatwright.principal')::int4)
    on conflict do nothing;
end $$;

create function journal_assignment() returns trigger language plpgsql as $$
declare batch constant uuid := journal_correlation();
begin
    if batch is null then return null; end if;
    -- A hold (4) is the brake's own and goes with its decision.
    if tg_op = 'INSERT' then
        insert into wish_change (tenant_id, correlation, noun, user_no, group_no, sku_no,
               source_kind, source_no, after_set, after_strategy, after_priority, after_starts_at,
               after_expires_at, after_since, after_by)
        select tenant_id, batch, 1, user_no, group_no, sku_no, source_kind, source_no,
               disabled_set, strategy, priority, starts_at, expires_at, created_at, created_by
          from new_rows where source_kind <> 4;
    elsif tg_op = 'DELETE' then
        insert into wish_change (tenant_id, correlation, noun, user_no, group_no, sku_no,
               source_kind, source_no, before_set, before_strategy, before_priority,
               before_starts_at, before_expires_at, before_since, before_by)
        select tenant_id, batch, 1, user_no, group_no, sku_no, source_kind, source_no,
               disabled_set, strategy, priority, starts_at, expires_at, created_at, created_by
          from old_rows where source_kind <> 4;
    else
        insert into wish_change (tenant_id, correlation, noun, user_no, group_no, sku_no,
               source_kind, source_no, before_set, before_strategy, before_priority,
               before_starts_at, before_expires_at, before_since, before_by, after_set,
               after_strategy, after_priority, after_starts_at, after_expires_at, after_since,
               after_by)
        select o.tenant_id, batch, 1, o.user_no, o.group_no, o.sku_no, o.source_kind, o.source_no,
               o.disabled_set, o.strategy, o.priority, o.starts_at, o.expires_at, o.created_at,
               o.created_by, n.disabled_set, n.strategy, n.priority, n.starts_at, n.expires_at,
               n.created_at, n.created_by
          from old_rows o
          join new_rows n on n.tenant_id = o.tenant_id and n.assignment_no = o.assignment_no
         where o.source_kind <> 4
           and (o.disabled_set, o.strategy, o.priority, o.starts_at, o.expires_at, o.created_at)
               is distinct from
               (n.disabled_set, n.strategy, n.priority, n.starts_at, n.expires_at, n.created_at);
    end if;
    if found then
        call note_batch(current_setting('seatwright.tenant')::int4, batch);
    end if;
    return null;
end $$;

create function journal_membership() returns trigger language plpgsql as $$
declare batch constant uuid := journal_correlation();
begin
    if batch is null then return null; end if;
    if tg_op = 'INSERT' then
        insert into wish_change (tenant_id, correlation, noun, user_no, group_no, after_since)
        select tenant_id, batch, 2, user_no, group_no, since from new_rows;
    else
        insert into wish_change (tenant_id, correlation, noun, user_no, group_no, before_since)
        select tenant_id, batch, 2, user_no, group_no, since from old_rows;
    end if;
    if found then
        call note_batch(current_setting('seatwright.tenant')::int4, batch);
    end if;
    return null;
end $$;

create function journal_nesting() returns trigger language plpgsql as $$
declare batch constant uuid := journal_correlation();
begin
    if batch is null then return null; end if;
    if tg_op = 'INSERT' then
        insert into wish_change (tenant_id, correlation, noun, group_no, inner_no, after_since)
        select tenant_id, batch, 3, parent_no, child_no, since from new_rows;
    else
        insert into wish_change (tenant_id, correlation, noun, group_no, inner_no, before_since)
        select tenant_id, batch, 3, parent_no, child_no, since from old_rows;
    end if;
    if found then
        call note_batch(current_setting('seatwright.tenant')::int4, batch);
    end if;
    return null;
end $$;

-- No batch of its own: a place is lost by a change of wishes, which notes the batch.
create function journal_waiting() returns trigger language plpgsql as $$
declare batch constant uuid := journal_correlation();
begin
    if batch is null then return null; end if;
    insert into wish_change (tenant_id, correlation, noun, user_no, sku_no, source_kind, source_no,
           before_priority, before_since)
    select tenant_id, batch, 4, user_no, sku_no, source_kind, source_no, priority, waiting_since
      from old_rows where reason = 'noSeatLeft';
    return null;
end $$;

create trigger journal_insert after insert on assignment referencing new table as new_rows
    for each statement execute function journal_assignment();
create trigger journal_update after update on assignment
    referencing old table as old_rows new table as new_rows
    for each statement execute function journal_assignment();
create trigger journal_delete after delete on assignment referencing old table as old_rows
    for each statement execute function journal_assignment();
create trigger journal_insert after insert on membership referencing new table as new_rows
    for each statement execute function journal_membership();
create trigger journal_delete after delete on membership referencing old table as old_rows
    for each statement execute function journal_membership();
create trigger journal_insert after insert on group_nesting referencing new table as new_rows
    for each statement execute function journal_nesting();
create trigger journal_delete after delete on group_nesting referencing old table as old_rows
    for each statement execute function journal_nesting();
create trigger journal_delete after delete on license_error referencing old table as old_rows
    for each statement execute function journal_waiting();
