-- Seats over time: how a purchase lives and dies, changes of seats that are booked for a day,
-- warnings before an assignment ends, and invitations that hold seats.

-- `renews` and `term_months` say what happens at next_lifecycle_at while it is Enabled;
-- `billing_months` when a reduction takes effect. `has_started` is false until `starts_at`: its
-- units are no seats before.
alter table subscription
    add column offer_type text not null default 'business' collate "C"
        check (offer_type in ('trial', 'business', 'enterprise', 'volume', 'open')),
    add column renews boolean not null default false,
    add column term_months int2 not null default 12 check (term_months between 1 and 60),
    add column billing_months int2 not null default 1 check (billing_months between 1 and 60),
    add column term_starts_at timestamptz,
    add column cancelled_at timestamptz,
    add column has_started boolean not null default true;
-- What upkeep looks for each minute.
create index subscription_due on subscription (tenant_id, next_lifecycle_at)
    where next_lifecycle_at is not null and has_started;
create index subscription_starts on subscription (tenant_id, starts_at) where not has_started;

-- A change of a purchase's units that is booked for a moment. What became of it stays readable;
-- a deleted purchase takes its rows along.
create table seat_change (
    tenant_id       int4 not null,
    id              uuid not null,
    subscription_id uuid not null,
    units           int4 not null check (units >= 0),
    units_before    int4 not null,
    effective_at    timestamptz not null,
    state           text not null default 'scheduled' collate "C"
        check (state in ('scheduled', 'done', 'refused', 'cancelled')),
    -- Why it was not done: a code of the reasons table, and its sentence.
    reason          text collate "C",
    message         text,
    note            text,
    created_at      timestamptz not null,
    created_by      int4 not null,
    ended_at        timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, subscription_id) references subscription on delete cascade,
    check ((state = 'scheduled') = (ended_at is null)),
    check ((state = 'refused') = (reason is not null))
);
create unique index seat_change_scheduled
    on seat_change (tenant_id, subscription_id, effective_at) where state = 'scheduled';
create index seat_change_due on seat_change (tenant_id, effective_at) where state = 'scheduled';
create index seat_change_order on seat_change (tenant_id, effective_at desc, id desc);
create index seat_change_subscription on seat_change (tenant_id, subscription_id, effective_at);
call bind_to_tenant('seat_change');

-- The last warning about the end of an assignment: `days` is which one, and `expires_at` the end
-- that it spoke of, so that one that is moved is warned about anew. No foreign key: upkeep forgets
-- the rows of assignments that are gone, so that bulk deletes of assignments pay nothing.
create table expiry_warning (
    tenant_id     int4 not null references tenant on delete cascade,
    assignment_no int8 not null,
    expires_at    timestamptz not null,
    days          int2 not null,
    primary key (tenant_id, assignment_no)
);
create index expiry_warning_old on expiry_warning (tenant_id, expires_at);
call bind_to_tenant('expiry_warning');

-- Somebody from outside who was invited: seats are held for them until they accept, or for
-- fourteen days. `mail_key` is the address without regard to case.
create table invitation (
    tenant_id      int4 not null references tenant on delete cascade,
    invitation_no  int4 not null,
    id             uuid not null,
    mail           text not null,
    mail_key       text not null collate "C",
    display_name   text not null,
    usage_location text,
    message        text,
    state          text not null default 'pending' collate "C"
        check (state in ('pending', 'accepted', 'expired', 'withdrawn')),
    invited_at     timestamptz not null,
    sent_at        timestamptz not null,
    times_sent     int2 not null default 1,
    expires_at     timestamptz not null,
    created_by     int4 not null,
    ended_at       timestamptz,
    user_no        int4,
    primary key (tenant_id, invitation_no),
    unique (tenant_id, id),
    check ((state = 'pending') = (ended_at is null)),
    check ((state = 'accepted') = (user_no is not null))
);
create unique index invitation_open on invitation (tenant_id, mail_key) where state = 'pending';
create index invitation_due on invitation (tenant_id, expires_at) where state = 'pending';
create index invitation_order on invitation (tenant_id, invited_at desc, invitation_no desc);
create index invitation_state on invitation (tenant_id, state, invited_at desc, invitation_no desc);
call bind_to_tenant('invitation');

-- What an invited person gets; `seat_no` names the held seat of this product.
create table invitation_license (
    tenant_id     int4 not null,
    invitation_no int4 not null,
    sku_no        int2 not null,
    disabled_set  int4 not null,
    seat_no       int4 not null,
    primary key (tenant_id, invitation_no, sku_no),
    foreign key (tenant_id, invitation_no) references invitation on delete cascade
);
call bind_to_tenant('invitation_license');

-- A bulk row may book a license for a start date, as a single assignment may.
alter table job_row add column starts_at timestamptz;

-- The end that an inviter was warned of, so that it happens once for each.
alter table invitation add column warned_for timestamptz;

-- Whoever accepted is forgotten with the person they became.
create index invitation_guest on invitation (tenant_id, user_no) where user_no is not null;
