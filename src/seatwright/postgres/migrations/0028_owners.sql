-- Who looks after a group. Owners are no members, and a license says nothing of them.
create table group_owner (
    tenant_id int4 not null references tenant on delete cascade,
    group_no  int4 not null,
    user_no   int4 not null,
    since     timestamptz not null,
    primary key (tenant_id, group_no, user_no)
);
create index group_owner_user on group_owner (tenant_id, user_no, group_no);
call bind_to_tenant('group_owner');
