-- The feed of changes tells which columns changed, who lost a manager, and since when it is whole.

-- A restore gives every tenant a new one: tokens of before it do not fit what is there now.
alter table tenant add column feed_epoch uuid not null default gen_random_uuid();

-- The columns that changed; null where all of a row is new, gone, or not told one by one.
alter table directory_change add column told text[];

-- noun 9: people whose manager was taken away or replaced (group_no is who was their manager).
--
-- Updates are told from both transition tables, so a column that nobody is shown tells nothing.
-- Without nested loops: the plan of a trigger is made once in a session, often for one row, and
-- must still be right for an import of 100,000 people.
create function feed_changed_users() returns trigger
language plpgsql set enable_nestloop = off as $$
declare
    life record;
begin
    if not feeds_changes() then
        return null;
    end if;
    insert into directory_change (tenant_id, noun, subjects, told)
    select tenant_id, 1, array_agg(user_no), told
      from (
        select n.tenant_id, n.user_no, case
                 when (o.deleted_at is null) = (n.deleted_at is null) then array_remove(array[
                   case when o.upn is distinct from n.upn then 'upn' end,
                   case when o.mail is distinct from n.mail then 'mail' end,
                   case when o.display_name is distinct from n.display_name then 'display_name' end,
                   case when o.given_name is distinct from n.given_name then 'given_name' end,
                   case when o.surname is distinct from n.surname then 'surname' end,
                   case when o.job_title is distinct from n.job_title then 'job_title' end,
                   case when o.department is distinct from n.department then 'department' end,
                   case when o.company_name is distinct from n.company_name then 'company_name' end,
                   case when o.cost_center is distinct from n.cost_center then 'cost_center' end,
                   case when o.employee_id is distinct from n.employee_id then 'employee_id' end,
                   case when o.usage_location is distinct from n.usage_location
                        then 'usage_location' end,
                   case when o.user_type is distinct from n.user_type then 'user_type' end,
                   case when o.is_enabled is distinct from n.is_enabled then 'is_enabled' end,
                   case when o.manager_no is distinct from n.manager_no then 'manager_no' end,
                   case when o.last_sign_in_at is distinct from n.last_sign_in_at
                        then 'last_sign_in_at' end,
                   case when o.mail_nickname is distinct from n.mail_nickname
                        then 'mail_nickname' end,
                   case when o.other_mails is distinct from n.other_mails then 'other_mails' end,
                   case when o.business_phone is distinct from n.business_phone
                        then 'business_phone' end,
                   case when o.mobile_phone is distinct from n.mobile_phone then 'mobile_phone' end,
                   case when o.fax_number is distinct from n.fax_number then 'fax_number' end,
                   case when o.office_location is distinct from n.office_location
                        then 'office_location' end,
                   case when o.street_address is distinct from n.street_address
                        then 'street_address' end,
                   case when o.city is distinct from n.city then 'city' end,
                   case when o.state is distinct from n.state then 'state' end,
                   case when o.postal_code is distinct from n.postal_code then 'postal_code' end,
                   case when o.country is distinct from n.country then 'country' end,
                   case when o.preferred_language is distinct from n.preferred_language
                        then 'preferred_language' end,
                   case when o.division is distinct from n.division then 'division' end,
                   case when o.employee_type is distinct from n.employee_type
                        then 'employee_type' end,
                   case when o.employee_hire_date is distinct from n.employee_hire_date
                        then 'employee_hire_date' end,
                   case when o.password_policies is distinct from n.password_policies
                        then 'password_policies' end,
                   case when o.on_premises_sync_enabled is distinct from n.on_premises_sync_enabled
                        then 'on_premises_sync_enabled' end,
                   case when o.on_premises_immutable_id is distinct from n.on_premises_immutable_id
                        then 'on_premises_immutable_id' end,
                   case when o.on_premises_security_identifier
                             is distinct from n.on_premises_security_identifier
                        then 'on_premises_security_identifier' end,
                   case when o.on_premises_distinguished_name
                             is distinct from n.on_premises_distinguished_name
                        then 'on_premises_distinguished_name' end,
                   case when o.extension_attribute1 is distinct from n.extension_attribute1
                        then 'extension_attribute1' end,
                   case when o.extension_attribute2 is distinct from n.extension_attribute2
                        then 'extension_attribute2' end,
                   case when o.extension_attribute3 is distinct from n.extension_attribute3
                        then 'extension_attribute3' end,
                   case when o.extension_attribute4 is distinct from n.extension_attribute4
                        then 'extension_attribute4' end,
                   case when o.extension_attribute5 is distinct from n.extension_attribute5
                        then 'extension_attribute5' end,
                   case when o.extension_attribute6 is distinct from n.extension_attribute6
                        then 'extension_attribute6' end,
                   case when o.extension_attribute7 is distinct from n.extension_attribute7
                        then 'extension_attribute7' end,
                   case when o.extension_attribute8 is distinct from n.extension_attribute8
                        then 'extension_attribute8' end,
                   case when o.extension_attribute9 is distinct from n.extension_attribute9
                        then 'extension_attribute9' end,
                   case when o.extension_attribute10 is distinct from n.extension_attribute10
                        then 'extension_attribute10' end,
                   case when o.extension_attribute11 is distinct from n.extension_attribute11
                        then 'extension_attribute11' end,
                   case when o.extension_attribute12 is distinct from n.extension_attribute12
                        then 'extension_attribute12' end,
                   case when o.extension_attribute13 is distinct from n.extension_attribute13
                        then 'extension_attribute13' end,
                   case when o.extension_attribute14 is distinct from n.extension_attribute14
                        then 'extension_attribute14' end,
                   case when o.extension_attribute15 is distinct from n.extension_attribute15
                        then 'extension_attribute15' end
                 ], null) end as told
          from new_rows n
          join old_rows o on o.tenant_id = n.tenant_id and o.user_no = n.user_no
      ) changed
     where told is distinct from '{}'
     group by tenant_id, user_no >> 10, told;

    insert into directory_change (tenant_id, noun, group_no, subjects)
    select o.tenant_id, 9, o.manager_no, array_agg(o.user_no)
      from old_rows o
      join new_rows n on n.tenant_id = o.tenant_id and n.user_no = o.user_no
     where o.manager_no is not null and n.manager_no is distinct from o.manager_no
     group by o.tenant_id, o.manager_no, o.user_no >> 10;

    -- Memberships stay with somebody who is deleted and count for nothing: they leave the groups
    -- that others see, and are in them again once they are restored.
    for life in
        select n.tenant_id, n.deleted_at is null as is_back, array_agg(n.user_no) as users
          from new_rows n
          join old_rows o on o.tenant_id = n.tenant_id and o.user_no = n.user_no
         where (o.deleted_at is null) <> (n.deleted_at is null)
         group by n.tenant_id, n.deleted_at is null, n.user_no >> 10
    loop
        insert into directory_change (tenant_id, noun, group_no, subjects)
        select tenant_id, case when life.is_back then 5 else 6 end, group_no, array_agg(user_no)
          from membership
         where tenant_id = life.tenant_id and user_no = any(life.users)
         group by tenant_id, group_no;
    end loop;
    return null;
end $$;

create function feed_changed_groups() returns trigger
language plpgsql set enable_nestloop = off as $$
begin
    if not feeds_changes() then
        return null;
    end if;
    insert into directory_change (tenant_id, noun, subjects, told)
    select tenant_id, 3, array_agg(group_no), told
      from (
        select n.tenant_id, n.group_no, case
                 when (o.deleted_at is null) = (n.deleted_at is null) then array_remove(array[
                   case when o.display_name is distinct from n.display_name then 'display_name' end,
                   case when o.description is distinct from n.description then 'description' end,
                   case when o.mail_nickname is distinct from n.mail_nickname
                        then 'mail_nickname' end,
                   case when o.kind is distinct from n.kind then 'kind' end,
                   case when o.is_security is distinct from n.is_security then 'is_security' end,
                   case when o.processing is distinct from n.processing then 'processing' end,
                   case when o.membership_rule is distinct from n.membership_rule
                        then 'membership_rule' end,
                   case when o.rule_state is distinct from n.rule_state then 'rule_state' end
                 ], null) end as told
          from new_rows n
          join old_rows o on o.tenant_id = n.tenant_id and o.group_no = n.group_no
      ) changed
     where told is distinct from '{}'
     group by tenant_id, group_no >> 10, told;
    return null;
end $$;

drop trigger feed_update on app_user;
create trigger feed_update after update on app_user
    referencing old table as old_rows new table as new_rows
    for each statement execute function feed_changed_users();
drop trigger feed_update on app_group;
create trigger feed_update after update on app_group
    referencing old table as old_rows new table as new_rows
    for each statement execute function feed_changed_groups();
