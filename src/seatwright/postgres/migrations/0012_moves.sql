-- Moves are jobs whose rows move people.

alter table job_row drop constraint job_row_action_check;
alter table job_row add constraint job_row_action_check
    check (action in ('add', 'remove', 'replace', 'move'));

-- The move gave this person an assignment of their own of the old product, for as long as it takes
-- until the group's new product is theirs; a move that is cancelled takes it back.
alter table job_row add column is_bridged boolean not null default false;
