-- Environments, apps, flows, and the security roles that people have in an environment.

-- Raised by every change of the tables below, so that a process knows when its copy of what a
-- launch names is old.
alter table tenant add column platform_version int4 not null default 1;

create table environment (
    tenant_id      int4 not null references tenant on delete cascade,
    environment_no int4 not null,
    id             uuid not null,
    -- What the environment is called where it comes from, however it is written there.
    external_id    text,
    external_key   text collate "C",
    name           text not null,
    name_key       text not null collate "C",
    is_managed     boolean not null default false,
    created_at     timestamptz not null,
    primary key (tenant_id, environment_no),
    unique (tenant_id, id),
    unique (tenant_id, name_key),
    check ((external_id is null) = (external_key is null))
);
create unique index environment_external on environment (tenant_id, external_key)
    where external_key is not null;
call bind_to_tenant('environment');

-- A solution that is installed in an environment (Customer Service Hub, say): default roles ask
-- for it (T-145).
create table environment_solution (
    tenant_id      int4 not null,
    environment_no int4 not null,
    solution_key   text not null collate "C",
    name           text not null,
    primary key (tenant_id, environment_no, solution_key),
    foreign key (tenant_id, environment_no) references environment on delete cascade
);
call bind_to_tenant('environment_solution');

create table app (
    tenant_id               int4 not null references tenant on delete cascade,
    app_no                  int4 not null,
    id                      uuid not null,
    external_id             text,
    external_key            text collate "C",
    name                    text not null,
    -- Not unique: makers of one environment call many apps the same.
    name_key                text not null collate "C",
    kind                    text not null check (kind in ('powerApp', 'desktopClient', 'other')),
    environment_no          int4,
    is_premium              boolean not null default false,
    -- Whoever opens it needs a security role in its environment too (T-131).
    needs_security_role     boolean not null default false,
    is_shared_with_everyone boolean not null default false,
    -- The oldest version of a client that may claim, as numbers: 2.43 is {2,43}.
    client_version_min      int4[],
    created_at              timestamptz not null,
    primary key (tenant_id, app_no),
    unique (tenant_id, id),
    foreign key (tenant_id, environment_no) references environment,
    check ((external_id is null) = (external_key is null)),
    check (environment_no is not null or not needs_security_role)
);
create unique index app_external on app (tenant_id, external_key) where external_key is not null;
create index app_name on app (tenant_id, name_key, app_no);
create index app_environment on app (tenant_id, environment_no, name_key, app_no)
    where environment_no is not null;
call bind_to_tenant('app');

-- Any one of an app's needs is enough: a product, or service plans that are all on.
create table app_need (
    tenant_id int4 not null,
    app_no    int4 not null,
    need_no   int2 not null,
    sku_no    int2,
    plan_set  int4 not null default 0,
    primary key (tenant_id, app_no, need_no),
    foreign key (tenant_id, app_no) references app on delete cascade,
    foreign key (tenant_id, sku_no) references sku on delete cascade,
    check ((sku_no is null) = (plan_set > 0))
);
call bind_to_tenant('app_need');

create table app_shared_group (
    tenant_id int4 not null,
    app_no    int4 not null,
    group_no  int4 not null,
    primary key (tenant_id, app_no, group_no),
    foreign key (tenant_id, app_no) references app on delete cascade,
    foreign key (tenant_id, group_no) references app_group on delete cascade
);
create index app_shared_group_group on app_shared_group (tenant_id, group_no);
call bind_to_tenant('app_shared_group');

create table app_shared_user (
    tenant_id int4 not null,
    app_no    int4 not null,
    user_no   int4 not null,
    primary key (tenant_id, app_no, user_no),
    foreign key (tenant_id, app_no) references app on delete cascade,
    foreign key (tenant_id, user_no) references app_user on delete cascade
);
create index app_shared_user_user on app_shared_user (tenant_id, user_no);
call bind_to_tenant('app_shared_user');

create table flow (
    tenant_id         int4 not null references tenant on delete cascade,
    flow_no           int4 not null,
    id                uuid not null,
    external_id       text,
    external_key      text collate "C",
    name              text not null,
    name_key          text not null collate "C",
    environment_no    int4 not null,
    is_premium        boolean not null default false,
    uses_attended_rpa boolean not null default false,
    -- Automated and scheduled flows run under their owner's license, instant ones under that of
    -- whoever starts them (strategies.md M-09).
    trigger_kind      text not null default 'instant'
        check (trigger_kind in ('instant', 'automated', 'scheduled')),
    owner_no          int4,
    created_at        timestamptz not null,
    primary key (tenant_id, flow_no),
    unique (tenant_id, id),
    foreign key (tenant_id, environment_no) references environment,
    foreign key (tenant_id, owner_no) references app_user on delete set null (owner_no),
    check ((external_id is null) = (external_key is null)),
    -- An attended desktop flow makes a flow premium (strategies.md M-08).
    check (is_premium or not uses_attended_rpa)
);
create unique index flow_external on flow (tenant_id, external_key) where external_key is not null;
create index flow_name on flow (tenant_id, name_key, flow_no);
create index flow_environment on flow (tenant_id, environment_no, name_key, flow_no);
create index flow_owner on flow (tenant_id, owner_no) where owner_no is not null;
call bind_to_tenant('flow');

-- A security role of one environment. Roles without data access let people see that an app is
-- there, and nothing in it (T-146).
create table security_role (
    tenant_id        int4 not null references tenant on delete cascade,
    role_no          int4 not null,
    id               uuid not null,
    environment_no   int4 not null,
    name             text not null,
    name_key         text not null collate "C",
    gives_data       boolean not null default true,
    is_built_in      boolean not null default false,
    created_at       timestamptz not null,
    primary key (tenant_id, role_no),
    unique (tenant_id, id),
    unique (tenant_id, environment_no, name_key),
    foreign key (tenant_id, environment_no) references environment on delete cascade
);
call bind_to_tenant('security_role');

create table user_security_role (
    tenant_id int4 not null,
    role_no   int4 not null,
    user_no   int4 not null,
    since     timestamptz not null,
    given_by  int4 not null,
    primary key (tenant_id, role_no, user_no),
    foreign key (tenant_id, role_no) references security_role on delete cascade,
    foreign key (tenant_id, user_no) references app_user on delete cascade
);
create index user_security_role_user on user_security_role (tenant_id, user_no, role_no);
call bind_to_tenant('user_security_role');

-- A group team: the members of a group have the role for as long as they are in it (T-132).
create table group_team_role (
    tenant_id int4 not null,
    role_no   int4 not null,
    group_no  int4 not null,
    since     timestamptz not null,
    given_by  int4 not null,
    primary key (tenant_id, role_no, group_no),
    foreign key (tenant_id, role_no) references security_role on delete cascade,
    foreign key (tenant_id, group_no) references app_group on delete cascade
);
create index group_team_role_group on group_team_role (tenant_id, group_no, role_no);
call bind_to_tenant('group_team_role');

-- Who holds the product has, in every environment with the solution, a role that shows the apps
-- and no data (T-145 ... T-147). Without a product everybody who is licensed has it, without a
-- solution it holds in every environment.
create table default_role_rule (
    tenant_id    int4 not null references tenant on delete cascade,
    rule_no      int4 not null,
    id           uuid not null,
    sku_no       int2,
    solution     text,
    solution_key text collate "C",
    role_name    text not null,
    created_at   timestamptz not null,
    primary key (tenant_id, rule_no),
    unique (tenant_id, id),
    unique nulls not distinct (tenant_id, sku_no, solution_key, role_name),
    foreign key (tenant_id, sku_no) references sku on delete cascade,
    check ((solution is null) = (solution_key is null)),
    check (num_nonnulls(sku_no, solution_key) > 0)
);
call bind_to_tenant('default_role_rule');

-- Who administers the service as a whole: they are System Administrator in every environment,
-- and that is read from here, never assigned (T-127).
create table service_administrator (
    tenant_id int4 not null references tenant on delete cascade,
    user_no   int4 not null,
    role      text not null check (role in ('globalAdministrator', 'serviceAdministrator')),
    since     timestamptz not null,
    given_by  int4 not null,
    primary key (tenant_id, user_no),
    foreign key (tenant_id, user_no) references app_user on delete cascade
);
call bind_to_tenant('service_administrator');
