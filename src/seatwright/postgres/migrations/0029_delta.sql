-- What changed in the directory and in who holds what, for delta queries; kept eight days.
--
-- A page of changes ends below the oldest transaction that is still running, so that what commits
-- out of order is in a later page and never lost. One row tells of up to 1024 subjects: a bulk job
-- changes tens of thousands of people in one statement. The number of the transaction is an int8,
-- because the comparisons of xid8 are not leakproof and would reach no index behind the wall.
--
-- noun: 1 a person, 2 what a person holds, 3 a group, 4 what a group gives, 5 people joined a
-- group, 6 people left it, 7 groups joined a group, 8 groups left it (group_no is the outer one).
create table directory_change (
    tenant_id int4 not null,
    xid       int8 not null default pg_current_xact_id()::text::int8,
    change_no int8 not null generated always as identity,
    noun      int2 not null,
    group_no  int4,
    subjects  int4[] not null,
    -- Business time of the call; null where a job of the operator wrote.
    at        timestamptz default nullif(current_setting('seatwright.at', true), '')::timestamptz,
    primary key (tenant_id, xid, change_no)
);
create index directory_change_age on directory_change (tenant_id, at);
call bind_to_tenant('directory_change');

-- No feed where no tenant is set (a load by the owner), and while a tenant is being deleted.
create function feeds_changes() returns boolean language sql stable as $$
    select coalesce(current_setting('seatwright.tenant', true), '') <> ''
       and current_setting('seatwright.feed', true) is distinct from 'off'
$$;

create function feed_users() returns trigger language plpgsql as $$
begin
    if feeds_changes() then
        insert into directory_change (tenant_id, noun, subjects)
        select tenant_id, tg_argv[0]::int2, array_agg(distinct user_no)
          from changed group by tenant_id, user_no >> 10;
    end if;
    return null;
end $$;

create function feed_groups() returns trigger language plpgsql as $$
begin
    if feeds_changes() then
        insert into directory_change (tenant_id, noun, subjects)
        select tenant_id, tg_argv[0]::int2, array_agg(distinct group_no)
          from changed where group_no is not null group by tenant_id, group_no >> 10;
    end if;
    return null;
end $$;

create function feed_members() returns trigger language plpgsql as $$
begin
    if feeds_changes() then
        insert into directory_change (tenant_id, noun, group_no, subjects)
        select tenant_id, tg_argv[0]::int2, group_no, array_agg(user_no)
          from changed group by tenant_id, group_no, user_no >> 10;
    end if;
    return null;
end $$;

create function feed_nestings() returns trigger language plpgsql as $$
begin
    if feeds_changes() then
        insert into directory_change (tenant_id, noun, group_no, subjects)
        select tenant_id, tg_argv[0]::int2, parent_no, array_agg(child_no)
          from changed group by tenant_id, parent_no;
    end if;
    return null;
end $$;

create trigger feed_insert after insert on app_user referencing new table as changed
    for each statement execute function feed_users('1');
create trigger feed_update after update on app_user referencing new table as changed
    for each statement execute function feed_users('1');
create trigger feed_delete after delete on app_user referencing old table as changed
    for each statement execute function feed_users('1');

create trigger feed_insert after insert on effective_license referencing new table as changed
    for each statement execute function feed_users('2');
create trigger feed_update after update on effective_license referencing new table as changed
    for each statement execute function feed_users('2');
create trigger feed_delete after delete on effective_license referencing old table as changed
    for each statement execute function feed_users('2');

create trigger feed_insert after insert on app_group referencing new table as changed
    for each statement execute function feed_groups('3');
create trigger feed_update after update on app_group referencing new table as changed
    for each statement execute function feed_groups('3');
create trigger feed_delete after delete on app_group referencing old table as changed
    for each statement execute function feed_groups('3');

create trigger feed_insert after insert on assignment referencing new table as changed
    for each statement execute function feed_groups('4');
create trigger feed_update after update on assignment referencing new table as changed
    for each statement execute function feed_groups('4');
create trigger feed_delete after delete on assignment referencing old table as changed
    for each statement execute function feed_groups('4');

create trigger feed_insert after insert on membership referencing new table as changed
    for each statement execute function feed_members('5');
create trigger feed_delete after delete on membership referencing old table as changed
    for each statement execute function feed_members('6');

create trigger feed_insert after insert on group_nesting referencing new table as changed
    for each statement execute function feed_nestings('7');
create trigger feed_delete after delete on group_nesting referencing old table as changed
    for each statement execute function feed_nestings('8');
