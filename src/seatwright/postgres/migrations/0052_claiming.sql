-- The wizard of auto-claim policies lists the apps of the organization's own by name.
create index app_own on app (tenant_id, name_key, app_no) where kind = 'other';
