-- What the pages about one person and about a bulk job look for.

-- Apps that everybody may open, by name: the list of what a person reaches begins with them.
create index app_for_everyone on app (tenant_id, name_key, app_no)
    where is_shared_with_everyone or kind = 'desktopClient';

-- What a row came to, more finely than its outcome: who had it already, and who is there twice.
alter table job_row add column effect text
    check (effect in ('given', 'changed', 'had', 'hadByGroup', 'twice', 'taken'));

-- Rows that changed nothing are looked for and counted; most of a large job are given.
create index job_row_effect on job_row (tenant_id, job_no, effect, row_no)
    where effect in ('changed', 'had', 'hadByGroup', 'twice');
