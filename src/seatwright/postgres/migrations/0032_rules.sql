-- When an evaluation of a rule was last begun. One that fails, or takes long, is begun again an hour
-- later and not each minute.

alter table app_group add column rule_begun_at timestamptz;
