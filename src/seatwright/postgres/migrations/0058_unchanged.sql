-- Rows of a job that were as they should be already, counted apart from those that were changed.
-- Here only what takes a moment: both tables are locked while this runs. 0060 does the rest.
alter table job add column unchanged int4 not null default 0;

-- Who has a product through a group and gets it directly beside that is changed, if by no license.
alter table job_row drop constraint job_row_effect_check;
alter table job_row add constraint job_row_effect_check
    check (effect in ('given', 'beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing', 'taken'))
    not valid;
