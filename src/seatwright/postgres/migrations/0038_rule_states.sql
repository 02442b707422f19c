-- The states of products when rules that ask for service plans were last looked at: "sku:state", one
-- for each that is not Enabled. Another one than it is now has those rules evaluated.

alter table rule_look add column plan_states text;
