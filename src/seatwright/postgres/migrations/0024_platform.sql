-- What is about an app, kept true by the database; and indexes for the lists of the platform.

-- An auto-claim policy without force is no policy for an app: the app may be gone already.
update auto_claim_policy p set is_on = false, deleted_at = p.created_at
 where p.app_no > 0 and p.deleted_at is null
   and not exists (select from app a
                    where a.tenant_id = p.tenant_id and a.app_no = p.app_no and a.kind = 'other');

-- While a policy is for an app, the app stays, and stays of the kind that has a policy of its own.
-- A deleted policy is about no app any more; its report still is, by the claims.
alter table app add constraint app_kind_key unique (tenant_id, app_no, kind);
alter table auto_claim_policy
    add column own_app_no int4 generated always as
        (case when deleted_at is null and app_no > 0 then app_no end) stored,
    add column own_app_kind text generated always as ('other') stored,
    add constraint auto_claim_policy_own_app
        foreign key (tenant_id, own_app_no, own_app_kind) references app (tenant_id, app_no, kind);

-- Environments are listed by name, then number, as apps and flows are.
create index environment_name on environment (tenant_id, name_key, environment_no);
create index app_asks_for_role on app (tenant_id, environment_no, app_no) where needs_security_role;
create index default_role_rule_solution on default_role_rule (tenant_id, solution_key);
