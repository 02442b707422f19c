"""The door to the engine for many: whole tenants, and groups of any size.

`app/reconcile.py` stays the door for few; both decide the same. Here nothing is locked while it is
being decided: a plan is made from one snapshot, and then written in slices. Each slice locks its
pools and its people, looks again, and writes what was planned for whom nothing has moved. The rest
goes through the door for few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.columns import (
    SOURCE_BITS,
    ColumnSnapshot,
    Flags,
    Int32s,
    PlanSets,
)
from seatwright.domain.reconcile.many import reconcile_many
from seatwright.domain.reconcile.many_changes import NONE, ManyOutcome
from seatwright.domain.reconcile.reading import PeopleRead, joined
from seatwright.domain.reconcile.supposing import Supposed, supposing
from seatwright.domain.reconcile.traces import Traces, traces_of
from seatwright.domain.reconcile.turns import Turns, turns_of
from seatwright.domain.reconcile.waves import waves
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres import jobs as rows
from seatwright.postgres.bulk_read import (
    read_everybody,
    read_listed,
    waiting_beyond,
)
from seatwright.postgres.group_wishes import mark_of_group_wishes, read_group_wishes
from seatwright.postgres.pools import read_pools

Scope = Mapping[str, Sequence[int]]
"""Whom it is about: `users`, `groups`, `skus`, or nothing named for everyone."""

SLICE_USERS: Final = 2_000
"""People in one transaction, so that nobody waits for its locks longer than some 0.1 seconds."""

WAITING_ROUNDS_MAX: Final = 12
"""Each round looks at twice as many waiting people as the last for the seats that come free."""

WAITING_AT_LEAST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What all people of a plan have in common: where it differs later, the plan is void."""

    catalog_version: int
    settings: Mapping[str, object]
    group_wishes: tuple[object, ...]
    """A mark of what groups give, and of their nesting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written, for whom, and in which order.

    `named` are the people of the scope, sorted; the others in the plan only wait for seats that
    come free. `users` are those for whom something is to be written, with what was read of them
    as `traces`. `holding` are people with licenses that the brake holds; `must_go` says of each
    license row of the outcome whether the license may not stay: its person is deleted, or is where
    the product is prohibited.
    """

    named: Int32s
    users: Int32s
    traces: Traces
    holding: Int32s
    must_go: Flags
    slices: tuple[Int32s, ...]
    outcome: ManyOutcome
    plan_sets: PlanSets
    turns: Turns
    facts: Facts


async def plan_many(
    call: Call, scope: Scope, *, retry: bool, supposed: Supposed | None = None
) -> Plan:
    """Decide about a scope's people; the call's transaction should see one snapshot.

    `retry`: people who wait under semantics without refilling are tried again (GBL-125). What is
    `supposed` of memberships is taken for written, in a plan that nobody will carry out.
    """
    named = await _named(call, scope)
    decided = await decide_many(call, named, retry=retry, supposed=supposed)
    read, snapshot, outcome = decided.read, decided.snapshot, decided.outcome
    turns = turns_of(snapshot, stored=read.turns)
    users = np.unique(
        np.concatenate([outcome.licenses.user_no, outcome.errors.user_no, turns.user_no])
    )
    direct = read.direct
    return Plan(
        named=read.people.user_no if named is None else named,
        users=users,
        traces=traces_of(users, read),
        holding=np.unique(direct.user_no[direct.source >> SOURCE_BITS == SourceKind.HOLD]),
        must_go=_must_go(snapshot, outcome),
        slices=waves(
            outcome.licenses,
            users,
            free={p.sku: p.assignable - p.consumed - p.reserved for p in snapshot.pools},
            size=SLICE_USERS,
        ),
        outcome=outcome,
        plan_sets=snapshot.plan_sets,
        turns=turns,
        facts=await facts_of(call),
    )


def _must_go(snapshot: ColumnSnapshot, outcome: ManyOutcome) -> Flags:
    licenses, people = outcome.licenses, snapshot.people
    place = np.searchsorted(people.user_no, licenses.user_no)
    must_go: Flags = people.is_deleted[place].copy()
    # The last is for people without a location of their own, whom -1 reaches.
    names = [*snapshot.locations, snapshot.default_usage_location]
    for sku in np.unique(licenses.sku_no).tolist():
        prohibited = snapshot.catalog.skus[SkuNo(sku)].prohibited_locations
        if prohibited:
            is_prohibited = np.array([name in prohibited for name in names])
            must_go |= (licenses.sku_no == sku) & is_prohibited[people.location[place]]
    return must_go


async def facts_of(call: Call) -> Facts:
    """Read what all people have in common."""
    return Facts(
        catalog_version=call.tenant.catalog_version,
        settings=call.tenant.settings,
        group_wishes=await mark_of_group_wishes(call.tx),
    )


async def _named(call: Call, scope: Scope) -> Int32s | None:
    """The people of a scope, sorted; None for everyone."""
    if not scope:
        return None
    return await rows.numbers_in_scope(call.tx, scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was read, and what it should become."""

    read: PeopleRead
    snapshot: ColumnSnapshot
    outcome: ManyOutcome


async def decide_many(
    call: Call, named: Int32s | None, *, retry: bool, supposed: Supposed | None = None
) -> Decided:
    """Read and decide; and again with waiting people, while seats come free that they wait for.

    The only edge from one person to another is a seat (`performance.md` B), so they are the only
    ones outside the scope who can be concerned.
    """
    plan_sets = PlanSets()
    if named is None:
        read = await read_everybody(call.tx, plan_sets)
    else:
        read = await read_listed(call.tx, named, plan_sets)
    if supposed is not None:
        read = supposing(read, supposed)
    seen: set[int] = set()
    for turn in range(WAITING_ROUNDS_MAX):
        snapshot = await _snapshot(call, read, plan_sets, retry=retry)
        outcome = reconcile_many(snapshot)
        lines = {} if named is None else _lines(snapshot, outcome, seen)
        more = WAITING_AT_LEAST * 2**turn
        waiting = await waiting_beyond(
            call.tx,
            {sku: seats + more for sku, seats in lines.items()},
            passed_by=snapshot.people.user_no,
        )
        if not len(waiting) or turn == WAITING_ROUNDS_MAX - 1:
            return Decided(read=read, snapshot=snapshot, outcome=outcome)
        read = joined(read, await read_listed(call.tx, waiting, plan_sets))
    raise AssertionError("the last round returns")


def _lines(snapshot: ColumnSnapshot, outcome: ManyOutcome, seen: set[int]) -> Mapping[int, int]:
    """The products whose lines to look at, with how many seats of each come free.

    Those whose seats come free, once; and again while there are still free ones.
    """
    if not snapshot.semantics.seats_refill_by_themselves:
        return {}
    freed = Counter(outcome.licenses.sku_no[outcome.licenses.after == NONE].tolist())
    after = {one.sku: one.consumed_after for one in outcome.seat_changes}
    free = {
        pool.sku: pool.assignable - pool.reserved - after.get(pool.sku, pool.consumed)
        for pool in snapshot.pools
    }
    lines = {sku: seats for sku, seats in freed.items() if sku not in seen or free[SkuNo(sku)] > 0}
    seen.update(lines)
    return lines


async def _snapshot(
    call: Call, read: PeopleRead, plan_sets: PlanSets, *, retry: bool
) -> ColumnSnapshot:
    semantics = semantics_in(call.tenant.settings)
    wishes = await read_group_wishes(call.tx, nested=semantics.nested_groups_count)
    return ColumnSnapshot(
        now=call.now,
        semantics=semantics,
        default_usage_location=usage_location_in(call.tenant.settings),
        catalog=(await catalog_of(call)).engine,
        pools=await read_pools(call.tx),
        plan_sets=plan_sets,
        locations=read.locations,
        people=read.people,
        memberships=read.memberships,
        group_wishes=wishes,
        direct=read.direct,
        held=read.held,
        errors=read.errors,
        retry_users=None if retry else np.empty(0, dtype=np.int32),
    )
