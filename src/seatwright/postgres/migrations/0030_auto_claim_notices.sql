-- A release that the brake holds ends its notice so: a second administrator decides about it.
alter table auto_claim_notice drop constraint auto_claim_notice_outcome_check;
alter table auto_claim_notice add constraint auto_claim_notice_outcome_check
    check (outcome in ('kept', 'used', 'released', 'heldForApproval', 'gone', 'filled'));
