-- What launches gave, and which events were taken already.
-- No foreign keys on these two: a batch of launches writes them while it holds the locks of pools
-- and people, and the deletion of a tenant names them.

-- A license that a launch gave under an auto-claim policy: append-only, one row for each time that
-- somebody was told "granted". Whether it is still held is for `assignment` (delivered directly:
-- source_kind 2, source_no the policy) or `membership` (delivered through the group) to say.
create table claim (
    tenant_id int4 not null,
    claim_no  int8 generated always as identity,
    policy_no int4 not null,
    user_no   int4 not null,
    sku_no    int2 not null,
    -- 0: the policy's primary product; 1 to 4: which backup.
    backup    int2 not null check (backup between 0 and 4),
    event     text not null collate "C" check (event in ('appLaunch', 'flowTrigger', 'flowSave',
                  'flowTurnOn', 'licenseRequested', 'goPremium', 'trialRpaUse')),
    at        timestamptz not null,
    delivered text not null collate "C" check (delivered in ('direct', 'group')),
    group_no  int4,
    primary key (tenant_id, claim_no),
    check ((delivered = 'group') = (group_no is not null))
);
create index claim_policy on claim (tenant_id, policy_no, at, claim_no);
create index claim_user on claim (tenant_id, user_no, policy_no);
call bind_to_tenant('claim');

-- What a cap counts: the claims of a policy that stand on people themselves.
create index assignment_policy on assignment (tenant_id, source_no, user_no) where source_kind = 2;

-- The first answer to each event that carried an id: the same event is never taken twice, however
-- often it is delivered (kept 30 days).
create table launch_event (
    tenant_id int4 not null,
    event_id  text not null collate "C",
    user_no   int4 not null,
    at        timestamptz not null,
    outcome   text not null collate "C" check (outcome in ('granted', 'alreadyEntitled', 'denied')),
    reason    text collate "C",
    sku_no    int2,
    policy_no int4,
    backup    int2,
    primary key (tenant_id, event_id)
);
create index launch_event_age on launch_event (tenant_id, at);
call bind_to_tenant('launch_event');
