-- A list as a file is kept like a run of a report, but only for whoever asked for it.
alter table report_run add column is_export boolean not null default false;
create index report_run_exports on report_run (tenant_id, principal_no, run_no) where is_export;
