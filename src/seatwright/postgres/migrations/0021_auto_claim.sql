-- Auto-claim: the tenant's switch, its policies, and what was announced to people about claims.

-- No row: the feature was never turned on, and nothing has changed. The version rises with every
-- change of the switch or of a policy, so that the launch path knows in its own round trip whether
-- what it keeps is old.
create table auto_claim (
    tenant_id  int4 not null references tenant on delete cascade,
    is_on      boolean not null default false,
    version    int4 not null default 1,
    changed_at timestamptz,
    primary key (tenant_id)
);
call bind_to_tenant('auto_claim');

-- A fact of the tenant that was seen to hold for the first time: it brings the default policies
-- once, and a default that was deleted does not come back (T-067, T-107).
create table auto_claim_fact (
    tenant_id int4 not null references tenant on delete cascade,
    fact      text not null collate "C" check (fact in ('managedEnvironment', 'premiumSubscription')),
    since     timestamptz not null,
    primary key (tenant_id, fact)
);
call bind_to_tenant('auto_claim_fact');

-- A deleted policy stays as a row without force: the report of what it gave is still asked for.
create table auto_claim_policy (
    tenant_id          int4 not null references tenant on delete cascade,
    policy_no          int4 not null,
    id                 uuid not null,
    name               text not null,
    name_key           text not null collate "C",
    -- What it is for: one of Microsoft's three, or an own app by its number.
    app_kind           text not null collate "C" check (app_kind in ('powerApps',
                           'powerAutomatePerUser', 'powerAutomateRpaAttended', 'own')),
    app_no             int4 not null default 0,
    is_on              boolean not null,
    scope              text not null check (scope in ('allEnvironments', 'onlyManagedEnvironments')),
    -- Nobody has chosen the scope of this default policy yet, so a wider default may widen it.
    has_default_scope  boolean not null default false,
    -- Where claims are delivered by membership; null: to the person directly.
    group_no           int4,
    grants_requests    boolean not null default true,
    claims_max         int4 check (claims_max > 0),
    release_after_days int4 check (release_after_days > notice_days),
    notice_days        int4 not null default 7 check (notice_days > 0),
    alert_below        int4 check (alert_below > 0),
    effective_from     timestamptz not null,
    origin             text not null check (origin in ('administrator', 'system')),
    created_at         timestamptz not null,
    created_by         int4 not null,
    deleted_at         timestamptz,
    -- When unused claims were last looked for in vain; it reads every claim, so hourly is enough.
    searched_at        timestamptz,
    primary key (tenant_id, policy_no),
    unique (tenant_id, id),
    check (deleted_at is null or not is_on),
    check ((app_kind = 'own') = (app_no > 0))
);
-- One policy an app (strategies.md C-02), and names that people can tell apart.
create unique index auto_claim_policy_app on auto_claim_policy (tenant_id, app_kind, app_no)
    where deleted_at is null;
create unique index auto_claim_policy_name on auto_claim_policy (tenant_id, name_key)
    where deleted_at is null;
call bind_to_tenant('auto_claim_policy');

-- In order: place 0 is the primary product, 1 to 4 are the backups.
create table auto_claim_policy_product (
    tenant_id    int4 not null,
    policy_no    int4 not null,
    place        int2 not null check (place between 0 and 4),
    sku_no       int2 not null,
    disabled_set int4 not null,
    primary key (tenant_id, policy_no, place),
    unique (tenant_id, policy_no, sku_no),
    foreign key (tenant_id, policy_no) references auto_claim_policy on delete cascade,
    foreign key (tenant_id, sku_no) references sku on delete restrict
);
call bind_to_tenant('auto_claim_policy_product');

-- Only members of these groups claim under a policy that has any. A group that is deleted leaves
-- its row: a limit never widens by itself.
create table auto_claim_policy_group (
    tenant_id int4 not null,
    policy_no int4 not null,
    group_no  int4 not null,
    primary key (tenant_id, policy_no, group_no),
    foreign key (tenant_id, policy_no) references auto_claim_policy on delete cascade
);
call bind_to_tenant('auto_claim_policy_group');

-- What people are told: a claim that is about to be released (to its holder), and seats that run
-- out (to administrators; no user). An open notice has neither ended nor been answered.
create table auto_claim_notice (
    tenant_id int4 not null,
    notice_no int8 generated always as identity,
    id        uuid not null,
    policy_no int4 not null,
    kind      text not null check (kind in ('release', 'seats')),
    user_no   int4,
    sku_no    int2,
    at        timestamptz not null,
    -- From when on the license is taken back unless it is kept or used.
    due_at    timestamptz,
    -- How many seats were free when the alert went out.
    seats     int4,
    ended_at  timestamptz,
    outcome   text check (outcome in ('kept', 'used', 'released', 'gone', 'filled')),
    ended_by  int4,
    primary key (tenant_id, notice_no),
    unique (tenant_id, id),
    foreign key (tenant_id, policy_no) references auto_claim_policy on delete cascade,
    check ((ended_at is null) = (outcome is null)),
    check ((kind = 'release') = (user_no is not null and sku_no is not null and due_at is not null))
);
create unique index auto_claim_notice_open_release
    on auto_claim_notice (tenant_id, policy_no, user_no, sku_no)
    where ended_at is null and kind = 'release';
create unique index auto_claim_notice_open_seats on auto_claim_notice (tenant_id, policy_no)
    where ended_at is null and kind = 'seats';
create index auto_claim_notice_due on auto_claim_notice (tenant_id, due_at)
    where ended_at is null and kind = 'release';
create index auto_claim_notice_user on auto_claim_notice (tenant_id, user_no, notice_no)
    where user_no is not null;
call bind_to_tenant('auto_claim_notice');

-- When somebody last used a product that they claimed: told by launches, at most once a day, and
-- only read to release what is not used.
create table auto_claim_use (
    tenant_id int4 not null references tenant on delete cascade,
    user_no   int4 not null,
    sku_no    int2 not null,
    last_at   timestamptz not null,
    primary key (tenant_id, user_no, sku_no)
) with (fillfactor = 70);
call bind_to_tenant('auto_claim_use');
