-- Telling people: what happened, the mails and webhook calls that say so, and who wants which.

-- One thing that happened, told to one person, or to the administrators (user_no null). Written in
-- the transaction of what happened; unique, so that however often something is noticed it is told
-- once. No foreign keys here: ten thousand are written in one call that holds locks, and the
-- deletion of a tenant or a person names this table.
create table telling (
    tenant_id  int4 not null,
    telling_no int8 generated always as identity,
    id         uuid not null default gen_random_uuid(),
    kind       text not null collate "C",
    event_key  text not null collate "C" check (length(event_key) <= 200),
    user_no    int4,
    data       jsonb not null,
    at         timestamptz not null,
    -- When its mails and webhook calls were written; null: a worker has it before it.
    routed_at  timestamptz,
    -- It waits for the daily mail of somebody who wants one.
    digest_at  timestamptz,
    read_at    timestamptz,
    read_by    int4,
    primary key (tenant_id, telling_no),
    unique (tenant_id, id),
    unique nulls not distinct (tenant_id, kind, event_key, user_no),
    check ((read_at is null) = (read_by is null))
);
create index telling_inbox on telling (tenant_id, user_no, telling_no);
create index telling_unread on telling (tenant_id, user_no) where read_at is null;
create index telling_to_route on telling (tenant_id, telling_no) where routed_at is null;
create index telling_digest on telling (tenant_id, user_no, telling_no)
    where digest_at is not null;
call bind_to_tenant('telling');

-- Where events are posted to. The secret signs them, so it is kept as it is, like a private key.
create table webhook (
    tenant_id    int4 not null references tenant on delete cascade,
    webhook_no   int4 not null,
    id           uuid not null,
    url          text not null,
    -- Null: every kind, those to come included.
    kinds        text[],
    secret       text not null,
    -- After a rotation the secret before it signs as well for a while.
    secret_before text,
    secret_before_until timestamptz,
    created_at   timestamptz not null,
    created_by   int4 not null,
    -- Since when every call has failed; null after one that did not.
    failing_since timestamptz,
    disabled_at  timestamptz,
    disabled_why text,
    primary key (tenant_id, webhook_no),
    unique (tenant_id, id),
    check ((secret_before is null) = (secret_before_until is null)),
    check ((disabled_at is null) = (disabled_why is null))
);
call bind_to_tenant('webhook');

-- The outbox: one mail to one address, or one call of one webhook, as it will be sent.
create table delivery (
    tenant_id   int4 not null references tenant on delete cascade,
    delivery_no int8 generated always as identity,
    id          uuid not null,
    channel     text not null collate "C" check (channel in ('mail', 'webhook')),
    kind        text not null collate "C",
    event_key   text not null collate "C",
    user_no     int4,
    webhook_no  int4,
    address     text not null,
    subject     text,
    -- The text of a mail, or the exact body of a webhook call.
    body        text not null,
    html        text,
    -- The run of a report whose file goes with the mail, and which of its files.
    run_id      uuid,
    run_file    text check (run_file in ('csv', 'xlsx')),
    -- shown: no mail server is set, so that it can be looked at and went nowhere.
    state       text not null default 'queued' collate "C"
        check (state in ('queued', 'sent', 'shown', 'dead')),
    attempts    int4 not null default 0,
    created_at  timestamptz not null,
    -- From when it is tried again until it is given up.
    tried_since timestamptz not null,
    next_at     timestamptz not null,
    -- Whoever sends it holds it until then; a worker that was killed gives it back by that.
    leased_until timestamptz,
    lease       uuid,
    ended_at    timestamptz,
    error       text,
    primary key (tenant_id, delivery_no),
    unique (tenant_id, id),
    foreign key (tenant_id, webhook_no) references webhook on delete cascade,
    check ((channel = 'webhook') = (webhook_no is not null)),
    check ((channel = 'mail') = (subject is not null)),
    check ((run_id is null) = (run_file is null)),
    check ((leased_until is null) = (lease is null)),
    check ((state = 'queued') = (ended_at is null))
);
-- However many workers route at once, an address or a webhook gets an event once.
create unique index delivery_mail_once on delivery (tenant_id, kind, event_key, address)
    where channel = 'mail';
create unique index delivery_webhook_once on delivery (tenant_id, webhook_no, kind, event_key)
    where channel = 'webhook';
create index delivery_due on delivery (tenant_id, channel, next_at, delivery_no)
    where state = 'queued';
create index delivery_dead on delivery (tenant_id, delivery_no) where state = 'dead';
create index delivery_webhook on delivery (tenant_id, webhook_no, delivery_no)
    where webhook_no is not null;
create index delivery_user on delivery (tenant_id, user_no) where user_no is not null;
call bind_to_tenant('delivery');

-- Each try, and what the other side said.
create table delivery_attempt (
    tenant_id   int4 not null,
    delivery_no int8 not null,
    attempt_no  int4 not null,
    at          timestamptz not null,
    milliseconds int4 not null,
    status      int4,
    error       text,
    primary key (tenant_id, delivery_no, attempt_no),
    foreign key (tenant_id, delivery_no) references delivery on delete cascade
);
call bind_to_tenant('delivery_attempt');

-- What an organization changed about a kind of mail; what is null is as it came.
create table mail_template (
    tenant_id  int4 not null references tenant on delete cascade,
    kind       text not null collate "C",
    is_on      boolean not null default true,
    subject    text,
    body       text,
    changed_at timestamptz not null,
    primary key (tenant_id, kind)
);
call bind_to_tenant('mail_template');

-- What a person chose; without a row every kind is mailed at once.
create table mail_preference (
    tenant_id int4 not null references tenant on delete cascade,
    user_no   int4 not null,
    is_on     boolean not null default true,
    is_daily  boolean not null default false,
    muted     text[] not null default '{}',
    primary key (tenant_id, user_no)
);
call bind_to_tenant('mail_preference');

alter table report_schedule add column recipients text[] not null default '{}';

-- What waits and what was given up, over all tenants. SECURITY DEFINER: a scrape has no tenant,
-- and what it is told is only how many, and since when the oldest waits.
create function delivery_counts()
returns table (channel text, state text, deliveries int8, oldest timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
    select d.channel, d.state, count(*), min(d.created_at) from delivery d
     where d.state in ('queued', 'dead') group by d.channel, d.state
$$;
