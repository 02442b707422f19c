-- People of one country by name, as the list of people shows them.
create index app_user_location on app_user (tenant_id, usage_location, display_name_key, user_no)
    where deleted_at is null;
