"""Ten thousand pending requests decided in one call, beside a bare update of the same rows."""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

from benchmarks.report import Figure, against_floor
from benchmarks.stage import ROUNDS, SKU, Stage, staged

DECIDED: Final = 10_000

_MAKE: Final = """
with made as (
    insert into license_request (tenant_id, id, principal_no, requestor_no, sku_no, disabled_set,
        justification, created_at)
    select %(tenant)s, gen_random_uuid(), 0, p.user_no, %(sku)s, 0, 'For the new plant.', %(at)s
      from unnest(%(users)s::int4[]) as p (user_no)
    returning request_no, id, requestor_no
), lines as (
    insert into license_request_line (tenant_id, request_no, user_no, requestor_no, sku_no,
        created_at, due_at, hold, decider_kind, decider_no)
    select %(tenant)s, request_no, requestor_no, requestor_no, %(sku)s, %(at)s,
           %(at)s + interval '365 days', 'held', 1, 1 from made
    returning line_no, user_no
), held as (
    insert into seat_reservation (tenant_id, kind, ref, sku_no, user_no, created_at, until)
    select %(tenant)s, 1, line_no, %(sku)s, user_no, %(at)s, %(at)s + interval '3 days' from lines
)
select array_agg(id) from made
"""
_RESERVE: Final = """
update sku_pool set reserved = reserved + %s where tenant_id = %s and sku_no = %s
"""
_BARE: Final = """
update license_request_line l set state = r.state, decided_at = r.at, decided_by = r.by,
    decided_how = r.how, hold = 'over'
  from unnest(%s::int4[], %s::text[], %s::timestamptz[], %s::int4[], %s::text[])
    as r (line_no, state, at, by, how)
 where l.tenant_id = %s and l.line_no = r.line_no
"""
_PUT_BACK: Final = """
update license_request_line set state = 'pending', decided_at = null, decided_by = null,
    decided_how = null, hold = 'held' where tenant_id = %s and line_no = any(%s)
"""


def run() -> list[Figure]:
    """Approvals and denials, each with what it takes: seats, licenses, history, tellings."""
    with staged(2 * (ROUNDS + 1) * DECIDED, seats=2 * (ROUNDS + 1) * DECIDED + 10) as stage:
        people = list(stage.users.values())
        figures = []
        for turn, decision in enumerate(("approve", "deny")):
            of_turn = people[turn::2]
            portions = [of_turn[n * DECIDED : (n + 1) * DECIDED] for n in range(ROUNDS + 1)]
            figures.append(_figure(stage, decision, portions))
        return figures


def _figure(stage: Stage, decision: str, portions: list[list[int]]) -> Figure:
    measured, bare = [], []
    for turn, users in enumerate(portions):
        ids = _make(stage, users)
        floor = _update(stage, users)
        seconds = _decide(stage, ids, decision)
        if turn:  # The first is to warm up.
            measured.append(seconds)
            bare.append(floor)
    return against_floor(
        f"Q1 {DECIDED:,} requests {'approved' if decision == 'approve' else 'denied'} in one call",
        unit="s",
        measured=measured,
        floor=bare,
        target=25,
        note="HTTP, first byte to last; floor = bare unnest update of the same rows, committed",
    )


def _make(stage: Stage, users: list[int]) -> list[UUID]:
    with stage.database.transaction():
        see = "select set_config('seatwright.tenant', %s, true)"
        stage.database.execute(see, (str(stage.furnished.tenant_id),))
        row = stage.database.execute(
            "select sku_no, now() from sku where tenant_id = %s and part_number = %s",
            (stage.furnished.tenant_id, SKU),
        ).fetchone()
        assert row is not None
        sku, at = row
        values: dict[str, Any] = {
            "tenant": stage.furnished.tenant_id,
            "sku": sku,
            "users": users,
            "at": at,
        }
        made = stage.database.execute(_MAKE, values).fetchone()
        stage.database.execute(_RESERVE, (len(users), stage.furnished.tenant_id, sku))
        assert made is not None
        ids: Any = made[0]
    return list(ids)


def _update(stage: Stage, users: list[int]) -> float:
    """Seconds of the bare update of the rows that are decided next; they are put back after."""
    tenant, size = stage.furnished.tenant_id, len(users)
    see = "select set_config('seatwright.tenant', %s, true)"
    with stage.database.transaction():
        stage.database.execute(see, (str(tenant),))
        found = stage.database.execute(
            "select array_agg(line_no), now() from license_request_line"
            " where tenant_id = %s and user_no = any(%s) and state = 'pending'",
            (tenant, users),
        ).fetchone()
        assert found is not None
        lines: Any = found[0]
        now: Any = found[1]
    values = (lines, ["denied"] * size, [now] * size, [1] * size, ["person"] * size, tenant)
    started = time.perf_counter()
    with stage.database.transaction():
        stage.database.execute(see, (str(tenant),))
        stage.database.execute(_BARE, values)
    elapsed = time.perf_counter() - started
    with stage.database.transaction():
        stage.database.execute(see, (str(tenant),))
        stage.database.execute(_PUT_BACK, (tenant, lines))
    return elapsed


def _decide(stage: Stage, ids: list[UUID], decision: str) -> float:
    body = {"decision": decision, "requests": [str(one) for one in ids], "message": "As agreed."}
    started = time.perf_counter()
    answer = stage.api.post("/api/license-requests/decisions", json=body)
    elapsed = time.perf_counter() - started
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["done"] == len(ids), answer.text[:500]
    return elapsed
