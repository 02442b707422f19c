-- Dynamic groups: groups whose members are those whom a rule takes in (entra-graph.md §3).

alter table app_group
    add column membership_rule    text check (length(membership_rule) between 1 and 3072),
    add column rule_state         text check (rule_state in ('on', 'paused')),
    -- Microsoft's words are Not started, Evaluating, Processing, Update complete, Processing
    -- error and Update paused (DYN-008).
    add column rule_status        text check (rule_status in
        ('notStarted', 'evaluating', 'processing', 'complete', 'error', 'paused')),
    add column rule_changed_at    timestamptz,
    add column rule_evaluated_at  timestamptz,
    add column members_changed_at timestamptz,
    add constraint app_group_rule_whole check (
        (membership_rule is null) = (rule_state is null)
        and (membership_rule is null) = (rule_status is null)
        and (membership_rule is null) = (rule_changed_at is null));

-- What each rule asks, so that a change of a person meets only the rules that mention it. `asks` is
-- a field of a person, or assignedPlans, manager, memberOf, id, or now for a time that moves.
create table rule_question (
    tenant_id int4 not null,
    asks      text not null collate "C",
    group_no  int4 not null,
    primary key (tenant_id, asks, group_no),
    foreign key (tenant_id, group_no) references app_group on delete cascade
);
create index rule_question_group on rule_question (tenant_id, group_no);
call bind_to_tenant('rule_question');

-- The groups whose members a memberOf rule takes in.
create table rule_source (
    tenant_id int4 not null,
    source_no int4 not null,
    group_no  int4 not null,
    primary key (tenant_id, source_no, group_no),
    foreign key (tenant_id, group_no) references app_group on delete cascade
);
create index rule_source_group on rule_source (tenant_id, group_no);
call bind_to_tenant('rule_source');

-- Whom a job of rules has moved: their licenses are looked at when it ends.
create table rule_moved (
    tenant_id int4 not null,
    job_no    int8 not null,
    user_no   int4 not null,
    primary key (tenant_id, job_no, user_no),
    foreign key (tenant_id, job_no) references job on delete cascade
);
call bind_to_tenant('rule_moved');

-- Up to when the history has been looked through for people whom rules must look at again.
create table rule_look (
    tenant_id int4 not null references tenant on delete cascade,
    looked_at timestamptz not null,
    primary key (tenant_id)
);
call bind_to_tenant('rule_look');
