-- Work in the background. These rows are the truth; the queue only wakes a worker up.

create table job (
    tenant_id      int4 not null references tenant on delete cascade,
    job_no         int8 generated always as identity,
    id             uuid not null,
    kind           text not null,
    state          text not null default 'queued'
        check (state in ('queued', 'running', 'completed', 'failed', 'cancelled')),
    params         jsonb not null default '{}',
    total          int4 not null default 0,
    done           int4 not null default 0,
    succeeded      int4 not null default 0,
    failed         int4 not null default 0,
    waiting        int4 not null default 0,
    -- Where a job that walks over people or rows will go on after a crash.
    position       int8 not null default 0,
    is_cancel_asked boolean not null default false,
    error          text,
    principal_no   int4 not null,
    correlation    uuid not null,
    created_at     timestamptz not null,
    started_at     timestamptz,
    finished_at    timestamptz,
    primary key (tenant_id, job_no),
    unique (tenant_id, id),
    check (done = succeeded + failed + waiting)
);
create index job_open on job (tenant_id, job_no) where state in ('queued', 'running');
call bind_to_tenant('job');

create table job_row (
    tenant_id      int4 not null,
    job_no         int8 not null,
    row_no         int4 not null,
    -- Null: every product of the job's template.
    sku_no         int2,
    -- Null: the choice of service plans stays as it is.
    disabled_set   int4,
    user_text      text not null,
    sku_text       text not null,
    action         text not null default 'add' check (action in ('add', 'remove', 'replace')),
    usage_location text,
    expires_at     timestamptz,
    since          timestamptz,
    -- Whom the row turned out to name: an erasure of a person's names finds it by this.
    user_no        int4,
    outcome        text check (outcome in ('succeeded', 'failed', 'waiting', 'cancelled')),
    reason         text,
    message        text,
    primary key (tenant_id, job_no, row_no),
    foreign key (tenant_id, job_no) references job on delete cascade
) with (fillfactor = 70); -- Each row is updated once, with its outcome, and should stay in its page.
call bind_to_tenant('job_row');

-- The file an import job works on; removed when the job ends.
create table job_input (
    tenant_id int4 not null,
    job_no    int8 not null,
    content   bytea not null,
    primary key (tenant_id, job_no),
    foreign key (tenant_id, job_no) references job on delete cascade
);
call bind_to_tenant('job_input');
