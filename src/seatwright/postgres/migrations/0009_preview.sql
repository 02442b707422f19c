-- What a preview said, for 24 hours: a call that applies it and would now do something else is told
-- what is new and what is gone. The lines are those of the change set, joined and compressed; null
-- where they were too many to keep.
create table preview (
    tenant_id    int4 not null references tenant on delete cascade,
    principal_no int4 not null,
    digest       text not null collate "C",
    lines        bytea,
    -- Names of people whom the call would make: they have no row that could be asked.
    new_people   jsonb not null,
    created_at   timestamptz not null,
    primary key (tenant_id, principal_no, digest)
);
create index preview_age on preview (tenant_id, created_at);
call bind_to_tenant('preview');
