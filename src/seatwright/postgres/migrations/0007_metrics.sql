-- Jobs of all tenants by kind and state, for /metrics. SECURITY DEFINER: a scrape has no tenant,
-- and what it is told is only how many.
create function job_counts() returns table (kind text, state text, jobs int8)
language sql stable security definer set search_path = public, pg_temp as $$
    select j.kind, j.state, count(*) from job j group by j.kind, j.state
$$;
