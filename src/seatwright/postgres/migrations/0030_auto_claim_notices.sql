-- A release that the brake holds ends its notice so: a second administrator decides about it.
alter table auto_claim_notice drop constraint auto_claim_notice_outcome_check;
alter table auto_claim_notice add constraint auto_claim_notice_outcome_check
    check (outcome in ('kept', 'used', 'released', 'heldForApproval', 'gone', 'filled'));

-- How far the search for unused claims has come that is under way; it is told in pages.
alter table auto_claim_policy add column searched_to int4 not null default 0;
