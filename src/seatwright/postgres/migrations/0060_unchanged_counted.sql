-- The long part of 0058, in an order in which the jobs can be read all the while: what locks more
-- comes last. Rows of jobs are not written while the index is made.
update job j
   set unchanged = found.count
  from (select tenant_id, job_no, count(*) as count from job_row
         where effect in ('had', 'hadByGroup', 'twice') group by tenant_id, job_no) found
 where found.tenant_id = j.tenant_id and found.job_no = j.job_no and j.unchanged <> found.count;

alter table job_row validate constraint job_row_effect_check;

create index job_row_effect_now on job_row (tenant_id, job_no, effect, row_no)
    where effect in ('beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing');
drop index job_row_effect;
alter index job_row_effect_now rename to job_row_effect;
