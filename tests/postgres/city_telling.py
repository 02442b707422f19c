"""What the city was told: each person once, the administrators often, nearly all of it mailed."""

from __future__ import annotations

from typing import Final

NOON: Final = "timestamptz '2026-11-20 12:00+00'"

TOLD: Final = (
    f"""
insert into telling (tenant_id, kind, event_key, user_no, data, at, routed_at)
select %(tenant)s, 'assignmentExpired', 'k' || n, case when n %% 5 > 0 then n end,
       jsonb_build_object('product', 'Visio', 'person', 'P', 'expiredAt', '2026-11-20T12:00:00Z'),
       {NOON}, {NOON}
  from generate_series(1, 100000) n
""",
    f"""
insert into delivery (tenant_id, id, channel, kind, event_key, user_no, address, subject, body,
    state, attempts, created_at, tried_since, next_at, ended_at)
select %(tenant)s, gen_random_uuid(), 'mail', 'assignmentExpired', 'k' || n, n,
       'user' || n || '@city.example', 'It has ended', 'Hello', s.state, 1, {NOON}, {NOON}, {NOON},
       case when s.state <> 'queued' then {NOON} end
  from generate_series(1, 100000) n
 cross join lateral (select case when n %% 5000 = 0 then 'dead' when n %% 4000 = 1 then 'queued'
                                 else 'sent' end as state) s
""",
)
