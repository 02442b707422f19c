"""Removals of what people do not need: looked at again under the locks, before they are made.

Between an order and the worker a group may cease to give what made an assignment needless, or
somebody else may have removed the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from seatwright.app.assign.fulfil import foresee
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import World, lock_world
from seatwright.domain.assignments import SourceKind
from seatwright.domain.bulk import BulkOrder, BulkRow, Mending, RowEffect, RowResult, Who, wants_of
from seatwright.domain.conflicts import coverage_of, removable_skus
from seatwright.domain.errors import Reason
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.reconcile import Action, Change, ChangeSet

GONE_ALREADY: Final = "The direct assignment is gone already: nothing was left to do."


async def needed_still(
    call: Call, rows: Sequence[BulkRow], users: Mapping[Who, UserNo], order: BulkOrder
) -> dict[int, RowResult]:
    """The outcomes, by row number, of rows that are left out, and of those that are done already.

    Left out is who would lose something; of a person all rows are left out or none: one product may
    be kept for another. The locks stay until the transaction ends, so that what is found is what
    the removal meets.
    """
    wants = list(wants_of(rows, users, order))
    world = await lock_world(
        call, [want.user for want in wants], skus=frozenset(want.sku for want in wants)
    )
    done = _done_already(rows, users, world)
    rows = [row for row in rows if row.row_no not in done]
    return done | await _left_out_of(call, rows, users, world=world, order=order)


def _done_already(
    rows: Sequence[BulkRow], users: Mapping[Who, UserNo], world: World
) -> dict[int, RowResult]:
    """Rows of people who have the product through groups alone by now: another mended them."""
    by_group: set[tuple[UserNo, SkuNo | None]] = set()
    for user in world.snapshot.users:
        kinds: dict[SkuNo, set[SourceKind]] = defaultdict(set)
        for wish in user.wishes:
            kinds[wish.sku].add(wish.source.kind)
        by_group |= {(user.user_no, sku) for sku, of in kinds.items() if of == {SourceKind.GROUP}}
    found = ((row, users.get(row.who)) for row in rows)
    return {
        row.row_no: RowResult(
            row_no=row.row_no,
            outcome=Outcome.SUCCEEDED,
            user=user,
            message=GONE_ALREADY,
            effect=RowEffect.NOTHING,
        )
        for row, user in found
        if user is not None and (user, row.sku) in by_group
    }


async def _left_out_of(
    call: Call,
    rows: Sequence[BulkRow],
    users: Mapping[Who, UserNo],
    *,
    world: World,
    order: BulkOrder,
) -> dict[int, RowResult]:
    losses = _losses(foresee(call, list(wants_of(rows, users, order)), world).changes)
    if not losses:
        return {}
    # What goes without these rows too is not their doing.
    anyway = _losses(foresee(call, (), world).changes)
    held = {
        user.user_no: {one.sku: one.enabled for one in user.held} for user in world.snapshot.users
    }
    catalog = await catalog_of(call)
    coverage = coverage_of(catalog)
    of_user: dict[UserNo | None, list[BulkRow]] = defaultdict(list)
    for row in rows:
        of_user[users.get(row.who)].append(row)
    needed: dict[int, RowResult] = {}
    for user, lost in losses.items():
        own = of_user[user]
        covered = removable_skus(held[user], coverage)
        missed = [
            sku
            for sku, change in lost.items()
            if change != anyway.get(user, {}).get(sku)
            and not _is_borne(change, [row for row in own if row.sku == sku], order, covered)
        ]
        names = " and ".join(map(catalog.sku_name, missed))
        needed |= {row.row_no: _left_out(row, user, names) for row in own if missed}
    return needed


def _losses(changes: ChangeSet) -> dict[UserNo, dict[SkuNo, Change]]:
    """The changes that end a license or switch service plans off."""
    losses: dict[UserNo, dict[SkuNo, Change]] = defaultdict(dict)
    for change in changes.changes:
        if change.action is Action.REVOKE or _plans_lost(change):
            losses[change.user_no][change.sku] = change
    return losses


def _plans_lost(change: Change) -> ServicePlanBits:
    before = change.before or NO_SERVICE_PLANS
    return ServicePlanBits(before & ~(change.after or NO_SERVICE_PLANS))


def _is_borne(
    change: Change, rows: Sequence[BulkRow], order: BulkOrder, covered: Collection[SkuNo]
) -> bool:
    """Whether a loss is one that these rows, of the product that is lost, were ordered for.

    A product goes for another that covers it only where that was what was mended.
    """
    mending = order.mending or Mending()
    if change.action is Action.REVOKE:
        may_go = any(mending.may_be_covered(row.row_no) for row in rows)
        return may_go and change.sku in covered
    lost = _plans_lost(change)
    return any(not lost & ~mending.may_lose.get(row.row_no, NO_SERVICE_PLANS) for row in rows)


def _left_out(row: BulkRow, user: UserNo, names: str) -> RowResult:
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.FAILED,
        user=user,
        reason=Reason.WORLD_MOVED,
        message=f"Left out: without the direct assignment they would now lose {names}, or service"
        " plans of it. Nothing else gives it to them any more.",
    )
