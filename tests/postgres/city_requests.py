"""The requests of the city: 300,000 of them, of which 60,000 are pending, half of those in line.

Person 51201 decides about a tenth, and everybody asks for one product.
"""

from __future__ import annotations

from typing import Final

REQUESTS: Final = 300_000
NOON: Final = "timestamptz '2026-11-20 12:00+00'"

REQUESTED: Final = (
    f"""
insert into license_request (tenant_id, request_no, id, principal_no, requestor_no, sku_no,
    disabled_set, justification, created_at)
overriding system value
select %(tenant)s, n, gen_random_uuid(), 1, 1 + n %% 100000, %(held)s, 0, 'Needed', {NOON}
  from generate_series(1, {REQUESTS}) n
""",
    f"""
insert into license_request_line (tenant_id, line_no, request_no, user_no, requestor_no, sku_no,
    state, created_at, due_at, hold, decider_kind, decider_no, escalates_at, decided_at, decided_by,
    decided_how)
overriding system value
select %(tenant)s, n, n, 1 + n %% 100000, 1 + n %% 100000, %(held)s,
       case when n <= 60000 then 'pending' else 'denied' end, {NOON},
       {NOON} + interval '365 days',
       case when n > 60000 then 'over' when n %% 2 = 0 then 'line'
            when n %% 3 = 0 then 'held' else 'none' end,
       1, case when n %% 10 = 0 then 51201 else 2 + n %% 5000 end,
       case when n <= 60000 then {NOON} + interval '30 days' end,
       case when n > 60000 then {NOON} end, case when n > 60000 then 1 end,
       case when n > 60000 then 'person' end
  from generate_series(1, {REQUESTS}) n
""",
    """
insert into seat_reservation (tenant_id, kind, ref, sku_no, user_no, created_at, until)
select tenant_id, 1, line_no, sku_no, user_no, created_at, due_at from license_request_line
 where tenant_id = %(tenant)s and hold = 'held'
""",
    """
update sku_pool p set reserved = held.seats, assignable = p.assignable + held.seats
  from (select sku_no, count(*) as seats from seat_reservation
         where tenant_id = %(tenant)s group by sku_no) held
 where p.tenant_id = %(tenant)s and p.sku_no = held.sku_no
""",
)
