-- Own assignments of one product, by person: those that a group gives too are looked for among them.
-- Its holders are many times as many where most have it from a group.
create index assignment_own on assignment (tenant_id, sku_no, user_no)
    where user_no is not null and source_kind <> 4;

-- Disabled people by name: the list of them is walked, and not everybody's.
create index app_user_disabled on app_user (tenant_id, display_name_key, user_no)
    where not is_enabled and deleted_at is null;
