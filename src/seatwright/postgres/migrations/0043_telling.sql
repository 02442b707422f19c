-- Warnings without looking at every license that ends, seats that run low, and tellings that
-- cannot be worded.

-- Up to which end upkeep has looked for one of a tenant's numbers of days before an end. What ends
-- later is looked at once it comes that near; what ends earlier was, whatever came of it. Null:
-- nothing was looked at yet.
create table expiry_look (
    tenant_id  int4 not null references tenant on delete cascade,
    days       int2 not null,
    seen_until timestamptz,
    primary key (tenant_id, days)
);
call bind_to_tenant('expiry_look');

-- Assignments with an end that were written since upkeep has looked: theirs may be nearer than what
-- it has seen. Written by triggers, so that no way of writing an assignment forgets it, and without
-- a key that two transactions could wait for.
create table expiry_unseen (
    tenant_id     int4 not null references tenant on delete cascade,
    unseen_no     int8 generated always as identity,
    assignment_no int8 not null,
    primary key (tenant_id, unseen_no)
);
call bind_to_tenant('expiry_unseen');

create function note_unseen_ends() returns trigger language plpgsql as $$
begin
    -- A hold (4) ends with its approval, and a group tells nobody.
    insert into expiry_unseen (tenant_id, assignment_no)
    select tenant_id, assignment_no from new_rows
     where expires_at is not null and user_no is not null and source_kind <> 4;
    return null;
end $$;
create trigger note_unseen_insert after insert on assignment referencing new table as new_rows
    for each statement execute function note_unseen_ends();
create trigger note_unseen_update after update on assignment referencing new table as new_rows
    for each statement execute function note_unseen_ends();

-- Products of which administrators were told that few seats are free. A row goes when more are, so
-- that each fall is told once.
create table low_seats (
    tenant_id int4 not null references tenant on delete cascade,
    sku_no    int2 not null,
    told_at   timestamptz not null,
    primary key (tenant_id, sku_no)
);
call bind_to_tenant('low_seats');

-- Why no mail could be worded of it; it is tried again once the words of its kind are changed.
alter table telling add column unworded_why text;
create index telling_unworded on telling (tenant_id, kind) where unworded_why is not null;
