-- Looks at everybody: each day as a safety net, or because an administrator asked. What one found
-- and mended is kept, because a safety net that catches something is news.
create table reconcile_run (
    tenant_id   int4 not null references tenant on delete cascade,
    run_no      int8 generated always as identity,
    job_no      int8 not null,
    is_periodic boolean not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    -- People of whom something was not as it should be, and what of theirs was written.
    people      int4 not null default 0,
    licenses    int4 not null default 0,
    errors      int4 not null default 0,
    -- People who changed while they were looked at and were looked at again by themselves.
    left_out    int4 not null default 0,
    -- Pools whose consumed units were not the number of their holders; they were counted again.
    miscounted  int4 not null default 0,
    primary key (tenant_id, run_no),
    unique (tenant_id, job_no)
);
call bind_to_tenant('reconcile_run');

-- What all tenants' runs found, for /metrics. SECURITY DEFINER: a scrape has no tenant, and what it
-- is told is only how much.
create function reconcile_findings()
returns table (is_periodic boolean, runs int8, people int8, licenses int8, errors int8,
    miscounted int8)
language sql stable security definer set search_path = public, pg_temp as $$
    select r.is_periodic, count(*), sum(r.people), sum(r.licenses), sum(r.errors), sum(r.miscounted)
      from reconcile_run r group by r.is_periodic
$$;
