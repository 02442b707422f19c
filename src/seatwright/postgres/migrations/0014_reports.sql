-- Reports that were run, their rows and files, and reports that run by themselves.

-- Who signed in longest ago comes first on the list of idle holders.
create index app_user_sign_in on app_user (tenant_id, last_sign_in_at, user_no)
    where deleted_at is null;

create table report_schedule (
    tenant_id     int4 not null references tenant on delete cascade,
    schedule_no   int4 not null,
    id            uuid not null,
    report        text not null collate "C",
    parameters    jsonb not null default '{}',
    with_workbook boolean not null default false,
    cadence       text not null check (cadence in ('daily', 'weekly', 'monthly')),
    minute_of_day int2 not null check (minute_of_day between 0 and 1439),
    weekday       int2 check (weekday between 0 and 6),
    month_day     int2 check (month_day between 1 and 28),
    -- Whoever scheduled it, or resumed it since: it runs with the roles that they have then.
    principal_no  int4 not null,
    created_at    timestamptz not null,
    next_at       timestamptz not null,
    paused_at     timestamptz,
    pause_reason  text,
    primary key (tenant_id, schedule_no),
    unique (tenant_id, id),
    check ((cadence = 'weekly') = (weekday is not null)),
    check ((cadence = 'monthly') = (month_day is not null)),
    check ((paused_at is null) = (pause_reason is null))
);
create index report_schedule_due on report_schedule (tenant_id, next_at) where paused_at is null;
call bind_to_tenant('report_schedule');

-- One run: what was asked, by whom, and how far it is. Its state is that of its job.
create table report_run (
    tenant_id     int4 not null references tenant on delete cascade,
    run_no        int8 generated always as identity,
    id            uuid not null,
    report        text not null collate "C",
    parameters    jsonb not null default '{}',
    -- The columns that whoever asked may see, and no other, are stored; null before the first row.
    columns       text[],
    with_workbook boolean not null default false,
    schedule_no   int4,
    due_at        timestamptz,
    job_no        int8 not null,
    principal_no  int4 not null,
    created_at    timestamptz not null,
    -- Where the source of rows goes on; null once it has come to its end.
    place         jsonb,
    is_gathered   boolean not null default false,
    rows          int4 not null default 0,
    chunks        int4 not null default 0,
    primary key (tenant_id, run_no),
    unique (tenant_id, id),
    unique (tenant_id, job_no),
    foreign key (tenant_id, job_no) references job on delete cascade,
    check ((schedule_no is null) = (due_at is null))
);
-- However many workers tick at once, what was due at a time ran once.
create unique index report_run_due on report_run (tenant_id, schedule_no, due_at)
    where schedule_no is not null;
create index report_run_report on report_run (tenant_id, report, run_no);
create index report_run_age on report_run (tenant_id, created_at);
call bind_to_tenant('report_run');

-- Rows of a run, some thousands together, compressed.
create table report_chunk (
    tenant_id int4 not null,
    run_no    int8 not null,
    chunk_no  int4 not null,
    rows      int4 not null,
    content   bytea not null,
    primary key (tenant_id, run_no, chunk_no),
    foreign key (tenant_id, run_no) references report_run on delete cascade
);
-- The content is compressed already.
alter table report_chunk alter column content set storage external;
call bind_to_tenant('report_chunk');

-- The workbook of a run that is too long to be made while somebody waits, in pieces.
create table report_workbook (
    tenant_id int4 not null,
    run_no    int8 not null,
    piece_no  int4 not null,
    content   bytea not null,
    primary key (tenant_id, run_no, piece_no),
    foreign key (tenant_id, run_no) references report_run on delete cascade
);
alter table report_workbook alter column content set storage external;
call bind_to_tenant('report_workbook');
