-- Rows of a job that were as they should be already, counted apart from those that were changed.

alter table job add column unchanged int4 not null default 0;

update job j
   set unchanged = found.count
  from (select tenant_id, job_no, count(*) as count from job_row
         where effect in ('had', 'hadByGroup', 'twice') group by tenant_id, job_no) found
 where found.tenant_id = j.tenant_id and found.job_no = j.job_no;

-- Who has a product through a group and gets it directly beside that is changed, if by no license.
alter table job_row drop constraint job_row_effect_check;
alter table job_row add constraint job_row_effect_check
    check (effect in ('given', 'beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing', 'taken'));
drop index job_row_effect;
create index job_row_effect on job_row (tenant_id, job_no, effect, row_no)
    where effect in ('beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing');
