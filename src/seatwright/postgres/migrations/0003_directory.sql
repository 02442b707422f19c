-- People, groups, and who belongs where. Case-folded keys stand beside the text because only
-- leakproof operators reach an index under row-level security.

-- No foreign key to the tenant: 100,000 people are imported at once, the wall says whose row it is,
-- and the deletion of a tenant names this table.
create table app_user (
    tenant_id        int4 not null,
    user_no          int4 not null,
    id               uuid not null,
    upn              text not null,
    upn_key          text not null collate "C",
    mail             text,
    mail_key         text collate "C",
    display_name     text not null,
    display_name_key text not null collate "C",
    given_name       text,
    surname          text,
    job_title        text,
    department       text,
    department_key   text collate "C",
    company_name     text,
    cost_center      text,
    employee_id      text,
    external_id      text collate "C",
    usage_location   text check (usage_location ~ '^[A-Z]{2}$'),
    user_type        text not null default 'Member' check (user_type in ('Member', 'Guest')),
    is_enabled       boolean not null default true,
    manager_no       int4,
    last_sign_in_at  timestamptz,
    created_at       timestamptz not null,
    deleted_at       timestamptz,
    primary key (tenant_id, user_no),
    unique (tenant_id, id)
);
create unique index app_user_upn on app_user (tenant_id, upn_key) where deleted_at is null;
create unique index app_user_external on app_user (tenant_id, external_id)
    where external_id is not null and deleted_at is null;
create index app_user_mail on app_user (tenant_id, mail_key) where mail_key is not null;
create index app_user_name on app_user (tenant_id, display_name_key, user_no);
create index app_user_department on app_user (tenant_id, department_key, display_name_key, user_no)
    where department_key is not null;
create index app_user_manager on app_user (tenant_id, manager_no) where manager_no is not null;
create index app_user_deleted on app_user (tenant_id, deleted_at) where deleted_at is not null;
call bind_to_tenant('app_user');

-- The words by which people find a user: a search is a prefix of one of them.
create table search_word (
    tenant_id int4 not null,
    word      text not null collate "C",
    user_no   int4 not null,
    primary key (tenant_id, word, user_no)
);
create index search_word_user on search_word (tenant_id, user_no);
call bind_to_tenant('search_word');

create table app_group (
    tenant_id        int4 not null references tenant on delete cascade,
    group_no         int4 not null,
    id               uuid not null,
    display_name     text not null,
    display_name_key text not null collate "C",
    description      text,
    mail_nickname    text,
    kind             text not null default 'security' check (kind in ('security', 'microsoft365')),
    is_security      boolean not null default true,
    external_id      text collate "C",
    -- 'idle' once every member has been processed; Graph calls it ProcessingComplete (GBL-044).
    processing       text not null default 'idle' check (processing in ('queued', 'running', 'idle')),
    created_at       timestamptz not null,
    deleted_at       timestamptz,
    primary key (tenant_id, group_no),
    unique (tenant_id, id)
);
create unique index app_group_external on app_group (tenant_id, external_id)
    where external_id is not null and deleted_at is null;
create index app_group_name on app_group (tenant_id, display_name_key, group_no);
call bind_to_tenant('app_group');

-- The words by which people find a group.
create table group_word (
    tenant_id int4 not null,
    word      text not null collate "C",
    group_no  int4 not null,
    primary key (tenant_id, word, group_no)
);
create index group_word_group on group_word (tenant_id, group_no);
call bind_to_tenant('group_word');

create table membership (
    tenant_id int4 not null,
    user_no   int4 not null,
    group_no  int4 not null,
    since     timestamptz not null,
    primary key (tenant_id, user_no, group_no)
);
create index membership_group on membership (tenant_id, group_no, user_no);
call bind_to_tenant('membership');

-- A group inside a group. Cycles are refused when the edge is written.
create table group_nesting (
    tenant_id int4 not null,
    child_no  int4 not null,
    parent_no int4 not null,
    since     timestamptz not null,
    primary key (tenant_id, child_no, parent_no),
    check (child_no <> parent_no)
);
create index group_nesting_parent on group_nesting (tenant_id, parent_no, child_no);
call bind_to_tenant('group_nesting');
