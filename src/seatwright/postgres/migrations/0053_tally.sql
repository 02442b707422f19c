-- How many people wait, are refused, or are members: what lists say of a million people at once.
--
-- Nobody finds out by counting: each statement that changes what is counted adds the difference as
-- a row, and upkeep folds the rows about one thing into one. Rows, not a counter that is updated:
-- nobody waits for anybody, and there is no order of locks to keep.
--
-- noun: 1 people who lack a product (about is sku_no) for a reason (detail), whatever the source;
-- 2 people whom a group (about) does not give all that it says; 3 people whom it does not give one
-- product (detail is sku_no); 4 people who are members of it, deleted ones too.
create table tally (
    tenant_id int4 not null,
    noun      int2 not null,
    about     int4 not null,
    detail    text not null default '' collate "C",
    people    int4 not null,
    tally_no  int8 not null generated always as identity,
    primary key (tenant_id, noun, about, detail, tally_no) include (people)
);
call bind_to_tenant('tally');

-- While a tenant goes, nothing more is told of it; and a bulk job that has the errors of everybody
-- it writes before it tells the difference itself, in a hundredth of the time.
create function tallies() returns boolean language sql stable as $$
    select current_setting('seatwright.feed', true) is distinct from 'off'
       and current_setting('seatwright.tallied', true) is distinct from 'on'
$$;

-- Tells what a statement did to license_error; the sign of a row is 1 where it is there now and -1
-- where it was. Somebody has several rows for a product that several sources do not give, and is
-- counted once: the rows that are left and the difference say whether this was their first or their
-- last. Whoever writes the errors of people has the people locked.
create function tally_errors(tenant int4, users int4[], skus int2[], kinds int2[], sources int4[],
                             reasons text[], signs int4[])
returns void language sql as $$
    insert into tally (tenant_id, noun, about, detail, people)
    with moved as materialized (
        select * from unnest(users, skus, kinds, sources, reasons, signs)
            as line (user_no, sku_no, source_kind, source_no, reason, sign)
    ), of_product as (
        select user_no, sku_no, reason, sum(sign) as net from moved
         group by user_no, sku_no, reason having sum(sign) <> 0
    ), of_group as (
        select user_no, source_no, sum(sign) as net from moved
         where source_kind = 1 group by user_no, source_no having sum(sign) <> 0
    ), counted as (
        select 1 as noun, sku_no::int4 as about, reason as detail, net,
               (select count(*) from license_error e
                 where e.tenant_id = tenant and e.user_no = p.user_no and e.sku_no = p.sku_no
                   and e.reason = p.reason) as now
          from of_product p
        union all
        select 2, source_no, '', net,
               (select count(*) from license_error e
                 where e.tenant_id = tenant and e.source_kind = 1 and e.source_no = g.source_no
                   and e.user_no = g.user_no)
          from of_group g
    )
    select tenant, noun, about, detail, sum((now > 0)::int4 - (now > net)::int4)
      from counted group by noun, about, detail
    having sum((now > 0)::int4 - (now > net)::int4) <> 0
    union all
    select tenant, 3, source_no, sku_no::text, sum(sign) from moved
     where source_kind = 1 group by source_no, sku_no having sum(sign) <> 0
$$;

create function tally_changed_errors() returns trigger language plpgsql as $$
declare
    tenant int4;
begin
    if not tallies() then
        return null;
    end if;
    if tg_op = 'INSERT' then
        for tenant in select distinct tenant_id from new_rows loop
            perform tally_errors(tenant, array_agg(user_no), array_agg(sku_no),
                    array_agg(source_kind), array_agg(source_no), array_agg(reason),
                    array_agg(1))
               from new_rows where tenant_id = tenant;
        end loop;
    elsif tg_op = 'DELETE' then
        for tenant in select distinct tenant_id from old_rows loop
            perform tally_errors(tenant, array_agg(user_no), array_agg(sku_no),
                    array_agg(source_kind), array_agg(source_no), array_agg(reason),
                    array_agg(-1))
               from old_rows where tenant_id = tenant;
        end loop;
    else
        for tenant in select distinct tenant_id from new_rows loop
            perform tally_errors(tenant, array_agg(user_no), array_agg(sku_no),
                    array_agg(source_kind), array_agg(source_no), array_agg(reason),
                    array_agg(sign))
               from (select user_no, sku_no, source_kind, source_no, reason, 1 as sign
                       from new_rows where tenant_id = tenant
                     union all
                     select user_no, sku_no, source_kind, source_no, reason, -1
                       from old_rows where tenant_id = tenant) both_rows;
        end loop;
    end if;
    return null;
end $$;

create function tally_changed_members() returns trigger language plpgsql as $$
begin
    if not tallies() then
        return null;
    end if;
    if tg_op = 'INSERT' then
        insert into tally (tenant_id, noun, about, people)
        select tenant_id, 4, group_no, count(*) from new_rows group by tenant_id, group_no;
    else
        insert into tally (tenant_id, noun, about, people)
        select tenant_id, 4, group_no, -count(*) from old_rows group by tenant_id, group_no;
    end if;
    return null;
end $$;

create trigger tally_insert after insert on license_error referencing new table as new_rows
    for each statement execute function tally_changed_errors();
create trigger tally_update after update on license_error
    referencing old table as old_rows new table as new_rows
    for each statement execute function tally_changed_errors();
create trigger tally_delete after delete on license_error referencing old table as old_rows
    for each statement execute function tally_changed_errors();
create trigger tally_insert after insert on membership referencing new table as new_rows
    for each statement execute function tally_changed_members();
create trigger tally_delete after delete on membership referencing old table as old_rows
    for each statement execute function tally_changed_members();

-- Of what is there already.
insert into tally (tenant_id, noun, about, detail, people)
select tenant_id, 1, sku_no, reason, count(distinct user_no)
  from license_error group by tenant_id, sku_no, reason
union all
select tenant_id, 2, source_no, '', count(distinct user_no)
  from license_error where source_kind = 1 group by tenant_id, source_no
union all
select tenant_id, 3, source_no, sku_no::text, count(*)
  from license_error where source_kind = 1 group by tenant_id, source_no, sku_no
union all
select tenant_id, 4, group_no, '', count(*) from membership group by tenant_id, group_no;
