-- What the list of people needs so that it walks past nobody: one page takes as long in a tenant of
-- a million people as in one of a thousand.

-- Nobody writes while it runs; pages are read until the last lines, which take what is read away.
lock table app_user, effective_license, search_word in share row exclusive mode;

-- From the index alone: the names of people in their order, with who is deleted, and the name of a
-- person.
create index app_user_name_now on app_user (tenant_id, display_name_key, user_no)
    include (deleted_at);
create index app_user_named on app_user (tenant_id, user_no) include (display_name_key)
    where deleted_at is null;

-- Beside each word the name by which its person is sorted: whom a word finds is sorted without a
-- look at anybody. All words of somebody are written anew when they are renamed.
create table search_word_now (
    tenant_id int4 not null,
    word      text not null collate "C",
    user_no   int4 not null,
    name_key  text not null collate "C" default ''
);
insert into search_word_now (tenant_id, word, user_no, name_key)
select w.tenant_id, w.word, w.user_no, u.display_name_key
  from search_word w
  join app_user u on u.tenant_id = w.tenant_id and u.user_no = w.user_no
 order by w.tenant_id, w.word, w.user_no;
alter table search_word_now add primary key (tenant_id, word, user_no) include (name_key);
create index search_word_now_user on search_word_now (tenant_id, user_no);
call bind_to_tenant('search_word_now');

-- A machine of the version before writes words without the name.
create function name_words() returns trigger language plpgsql as $$
begin
    if exists (select from new_rows where name_key = '') then
        update search_word w set name_key = u.display_name_key
          from new_rows n
          join app_user u on u.tenant_id = n.tenant_id and u.user_no = n.user_no
         where n.name_key = '' and w.tenant_id = n.tenant_id and w.word = n.word
           and w.user_no = n.user_no;
    end if;
    return null;
end $$;
create trigger name_words after insert on search_word_now referencing new table as new_rows
    for each statement execute function name_words();

-- Those who hold nothing, deleted people with them: nine of a million are found at once.
create table unlicensed_user (
    tenant_id int4 not null,
    user_no   int4 not null,
    primary key (tenant_id, user_no)
);
call bind_to_tenant('unlicensed_user');

-- Whoever writes what people hold has the people locked, so that of two who take somebody's last
-- licenses the second sees what the first has left. Looked up person by person, whatever the planner
-- thinks of the size of a statement: it keeps the plan of the first one for all that follow.
create function unlicensed_no_more() returns trigger language plpgsql as $$
declare
    tenant int4;
begin
    for tenant in select distinct tenant_id from changed loop
        delete from unlicensed_user n
         where n.tenant_id = tenant
           and n.user_no = any (array(select c.user_no from changed c where c.tenant_id = tenant));
    end loop;
    return null;
end $$;

-- A tenant that goes needs to know nothing more of its people.
create function unlicensed_perhaps() returns trigger language plpgsql as $$
begin
    if current_setting('seatwright.feed', true) is distinct from 'off' then
        insert into unlicensed_user (tenant_id, user_no)
        select c.tenant_id, c.user_no
          from (select distinct tenant_id, user_no from changed) c
         where (select true from effective_license l
                 where l.tenant_id = c.tenant_id and l.user_no = c.user_no limit 1) is null
        on conflict do nothing;
    end if;
    return null;
end $$;

create trigger unlicensed_insert after insert on effective_license referencing new table as changed
    for each statement execute function unlicensed_no_more();
create trigger unlicensed_delete after delete on effective_license referencing old table as changed
    for each statement execute function unlicensed_perhaps();
create trigger unlicensed_insert after insert on app_user referencing new table as changed
    for each statement execute function unlicensed_perhaps();
create trigger unlicensed_delete after delete on app_user referencing old table as changed
    for each statement execute function unlicensed_no_more();

insert into unlicensed_user (tenant_id, user_no)
select u.tenant_id, u.user_no from app_user u
 where not exists (select from effective_license l
                    where l.tenant_id = u.tenant_id and l.user_no = u.user_no);

-- As in 0023, but only tables of which the planner knows too little: never looked at, or grown by a
-- twentieth since. A look at all of them was half a second after each large job, a fifth of the job.
create or replace function refresh_statistics() returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
    noun text;
    page_bytes int8 := current_setting('block_size')::int8;
begin
    foreach noun in array array['app_user', 'search_word', 'app_group', 'membership', 'assignment',
        'effective_license', 'unlicensed_user', 'license_error', 'license_interval',
        'history_event', 'wish_change']
    loop
        continue when not exists (
            select from pg_class c
             where c.oid in (select noun::regclass
                             union select relid from pg_partition_tree(noun::regclass))
               and (c.reltuples < 0
                    or c.relkind = 'r'
                       and pg_relation_size(c.oid) > 1.05 * page_bytes * greatest(c.relpages, 0)));
        begin
            execute format('analyze %I', noun);
        exception when lock_not_available then
            null;
        end;
    end loop;
end $$;

-- Whoever reads has the words before the people. This gives way before PostgreSQL looks for a
-- deadlock, which it does after a second, and ends somebody's call.
set local lock_timeout = '500ms';
lock table search_word, app_user in access exclusive mode;
drop table search_word;
alter table search_word_now rename to search_word;
alter table search_word rename constraint search_word_now_pkey to search_word_pkey;
alter index search_word_now_user rename to search_word_user;
drop index app_user_name;
alter index app_user_name_now rename to app_user_name;
