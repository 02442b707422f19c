"""Writing a plan: slice after slice, each locked, looked at again, and written as planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np

from seatwright.app.call import Call
from seatwright.app.reconcile_many import Plan, facts_of
from seatwright.domain.assignments import PRIORITY_DEFAULT
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.columns import (
    REASONS,
    ErrorChanges,
    ErrorColumns,
    Flags,
    Int32s,
    LicenseChanges,
)
from seatwright.domain.reconcile.many_changes import NONE
from seatwright.domain.reconcile.story import Story, pairs, story_of
from seatwright.domain.reconcile.tallies import tallies_of
from seatwright.domain.reconcile.traces import traces_of
from seatwright.domain.reconcile.turns import NO_SEAT_LEFT, Turns
from seatwright.postgres.bulk_read import read_listed
from seatwright.postgres.bulk_write import (
    OutcomeColumns,
    lock_people,
    store_sets,
    write_columns,
    write_turn_columns,
)
from seatwright.postgres.history_write import Signature
from seatwright.postgres.pools import lock_pools

NOBODY: Final[Int32s] = np.empty(0, dtype=np.int32)


class WorldMovedError(Exception):
    """What all people of a plan have in common is not what it was: the plan is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a slice: how many people were written, and whom it left out.

    Those left out have moved since the plan was made, or their seats were taken meanwhile.
    """

    people: int
    licenses: int
    errors: int
    left_out: Int32s
    freed: frozenset[SkuNo]


async def write_slice(call: Call, plan: Plan, users: Int32s, *, reason: ChangeReason) -> Written:
    """Write what is planned for these people.

    Raises WorldMovedError when the plan as a whole does not fit the world any more.
    """
    licenses = _of(plan.outcome.licenses, users)
    free = await lock_pools(call.tx, [SkuNo(sku) for sku in np.unique(licenses.sku_no).tolist()])
    await lock_people(call.tx, users)
    if await facts_of(call) != plan.facts:
        raise WorldMovedError
    read = await read_listed(call.tx, users, plan.plan_sets)
    expected = plan.traces[np.searchsorted(plan.users, users)]
    is_still = traces_of(users, read) == expected
    fitting = _fitting(licenses, users[is_still], free=free)
    licenses = _of(licenses, fitting)
    errors = _with_turns(_of(plan.outcome.errors, fitting), read.errors)
    await _write(call, plan, licenses, errors, reason=reason, stored=_of(read.errors, fitting))
    turns = _of(plan.turns, fitting)
    if len(turns.user_no):
        await write_turn_columns(call.tx, turns.user_no, turns.sku_no, turns.priority)
    moves = seat_moves(licenses)
    return Written(
        people=len(fitting),
        licenses=len(licenses.user_no),
        errors=len(errors.user_no),
        left_out=np.setdiff1d(users, fitting),
        freed=frozenset(SkuNo(sku) for sku, seats in moves.items() if seats < 0),
    )


async def _write(
    call: Call,
    plan: Plan,
    licenses: LicenseChanges,
    errors: ErrorChanges,
    *,
    reason: ChangeReason,
    stored: ErrorColumns,
) -> None:
    if not len(licenses.user_no) and not len(errors.user_no):
        return
    story = story_of(licenses, errors, stored=stored)
    moves = {sku: seats for sku, seats in seat_moves(licenses).items() if seats}
    sets = await store_sets(call.tx, plan.plan_sets, story.before, story.after)
    await write_columns(
        call.tx,
        OutcomeColumns(
            licenses=licenses,
            errors=errors,
            tallies=tallies_of(stored, errors),
            story=_with_reasons(story, plan.named),
            reasons=(*(one.value for one in REASONS), reason.value, ChangeReason.SEAT_FREED.value),
            seats=(np.array(list(moves), np.int16), np.array(list(moves.values()), np.int32)),
        ),
        stored=sets,
        signature=Signature(
            at=call.now, principal=call.principal.principal_no, correlation=call.correlation
        ),
    )


def _with_reasons(story: Story, named: Int32s) -> Story:
    """The reconcile's own reason for the people of its scope, a freed seat for those who waited."""
    place = np.searchsorted(named, story.user_no)
    is_named = named[np.minimum(place, len(named) - 1)] == story.user_no
    own = np.where(is_named, len(REASONS), len(REASONS) + 1)
    reason = np.where(story.reason == NONE, own, story.reason).astype(np.int16)
    return Story(
        action=story.action,
        reason=reason,
        strategy=story.strategy,
        user_no=story.user_no,
        sku_no=story.sku_no,
        source=story.source,
        before=story.before,
        after=story.after,
    )


def seat_moves(licenses: LicenseChanges) -> Mapping[int, int]:
    """What license changes do to the consumed seats of each product that they concern."""
    skus, place = np.unique(licenses.sku_no, return_inverse=True)
    moved = np.bincount(place[licenses.before == NONE], minlength=len(skus)) - np.bincount(
        place[licenses.after == NONE], minlength=len(skus)
    )
    return dict(zip(skus.tolist(), moved.tolist(), strict=True))


def _fitting(licenses: LicenseChanges, users: Int32s, *, free: Mapping[SkuNo, int]) -> Int32s:
    """The people whose seats are there; of others as many as do not fit are left out."""
    while True:
        chosen = _of(licenses, users)
        short = [
            (sku, seats - max(0, free[SkuNo(sku)]))
            for sku, seats in seat_moves(chosen).items()
            if seats > max(0, free[SkuNo(sku)])
        ]
        if not short:
            return users
        sku, missing = short[0]
        takes = chosen.user_no[(chosen.sku_no == sku) & (chosen.before == NONE)]
        users = np.setdiff1d(users, takes[len(takes) - missing :])


def _with_turns(errors: ErrorChanges, stored: ErrorColumns) -> ErrorChanges:
    """Only who waits has a place in a line; the other errors have the default there."""
    waiting = np.concatenate(
        [
            pairs(errors.user_no, errors.sku_no)[errors.after == NO_SEAT_LEFT],
            pairs(stored.user_no, stored.sku_no)[stored.reason == NO_SEAT_LEFT],
        ]
    )
    waits = np.isin(pairs(errors.user_no, errors.sku_no), waiting)
    return ErrorChanges(
        user_no=errors.user_no,
        sku_no=errors.sku_no,
        source=errors.source,
        before=errors.before,
        after=errors.after,
        waiting_since=errors.waiting_since,
        priority=np.where(waits, errors.priority, PRIORITY_DEFAULT).astype(np.int16),
    )


Rows = TypeVar("Rows", LicenseChanges, ErrorChanges, ErrorColumns, Turns)


def _of(rows: Rows, users: Int32s) -> Rows:
    """The rows of these people; `users` are sorted."""
    chosen: Flags = np.isin(rows.user_no, users)
    return type(rows)(**{one.name: getattr(rows, one.name)[chosen] for one in fields(rows)})
