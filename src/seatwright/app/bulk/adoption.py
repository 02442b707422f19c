"""The rows of an import of holdings: what people hold today becomes theirs by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from seatwright.app.assign.fulfil import foresee
from seatwright.app.bulk.outcomes import ALREADY_ASSIGNED, unknown_person
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import Edit, World, lock_world, refill, write_outcome
from seatwright.domain.adoption import Holding, adopted_changes, with_holdings
from seatwright.domain.assignments import DIRECT, Strategy
from seatwright.domain.bulk import BulkRow, RowEffect, RowResult, Who
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.reconcile import ChangeSet, Snapshot, Wish
from seatwright.domain.wants import settled_states
from seatwright.postgres.assignments import UserAssignment, store_user_assignments
from seatwright.postgres.holdings import pools_over_assigned, write_since


async def adopt_rows(
    call: Call, rows: Sequence[BulkRow], users: Mapping[Who, UserNo]
) -> list[RowResult]:
    """Adopt the holdings of these rows, counted even beyond the seats, with history `imported`."""
    holdings = [_holding(row, users[row.who]) for row in rows if row.who in users]
    world = await lock_world(
        call, [holding.user for holding in holdings], skus={holding.sku for holding in holdings}
    )
    before = world.snapshot
    adopting, changes = _decide(call, world, holdings)
    edits = list(_edits(before, adopting))
    await store_user_assignments(
        call.tx,
        [_row(edit.user, wish) for edit, wish in edits],
        at=call.now,
        by=call.principal.principal_no,
    )
    outcome = await write_outcome(
        call,
        world,
        changes,
        reason=ChangeReason.IMPORTED,
        edits=[edit for edit, _ in edits],
        may_exceed=True,
    )
    await write_since(call.tx, [h for h in holdings if h.since is not None], at=call.now)
    await refill(call, outcome.freed)
    return list(_results(rows, users, before=before, changes=changes))


def foresee_adoption(
    call: Call, rows: Sequence[BulkRow], users: Mapping[Who, UserNo], world: World
) -> tuple[list[RowResult], Snapshot, ChangeSet]:
    """What `adopt_rows` would do in a world that nobody needs to have locked."""
    holdings = [_holding(row, users[row.who]) for row in rows if row.who in users]
    adopting, changes = _decide(call, world, holdings)
    results = list(_results(rows, users, before=world.snapshot, changes=changes))
    return results, adopting, changes


def _decide(call: Call, world: World, holdings: Sequence[Holding]) -> tuple[Snapshot, ChangeSet]:
    """The people with their holdings as wishes, and what that changes."""
    adopting = with_holdings(world.snapshot, holdings)
    decided = foresee(call, (), replace(world, snapshot=adopting)).changes
    return adopting, adopted_changes(decided, before=world.snapshot, adopting=adopting)


def _holding(row: BulkRow, user: UserNo) -> Holding:
    assert row.sku is not None, "a holding names its product"
    return Holding(user=user, sku=row.sku, disabled=row.disabled, since=row.since)


def _edits(before: Snapshot, adopting: Snapshot) -> Iterator[tuple[Edit, Wish]]:
    for real, wished in zip(before.users, adopting.users, strict=True):
        known = {wish.sku: wish for wish in real.wishes if wish.source == DIRECT}
        for wish in wished.wishes:
            if wish.source != DIRECT or known.get(wish.sku) == wish:
                continue
            is_new = wish.sku not in known
            edit = Edit(
                user=real.user_no,
                sku=wish.sku,
                action=HistoryAction.ASSIGNED if is_new else HistoryAction.UPDATED,
                reason=ChangeReason.IMPORTED,
                strategy=Strategy.MANUAL,
            )
            yield edit, wish


def _row(user: UserNo, wish: Wish) -> UserAssignment:
    return UserAssignment(
        user=user,
        sku=wish.sku,
        source=wish.source,
        strategy=wish.strategy,
        disabled=wish.disabled,
        priority=wish.priority,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
    )


def _results(
    rows: Sequence[BulkRow],
    users: Mapping[Who, UserNo],
    *,
    before: Snapshot,
    changes: ChangeSet,
) -> Iterator[RowResult]:
    had = {
        (user.user_no, wish.sku)
        for user in before.users
        for wish in user.wishes
        if wish.source == DIRECT
    }
    kept = {
        (user.user_no, one.sku)
        for user in settled_states(before.users, changes)
        for one in user.held
    }
    changed = {(one.user_no, one.sku) for one in changes.changes}
    for row in rows:
        user = users.get(row.who)
        if user is None or row.sku is None:
            yield unknown_person(row)
        else:
            yield _result(row, user, row.sku, had=had, kept=kept, changed=changed)
            had.add((user, row.sku))


def _result(
    row: BulkRow,
    user: UserNo,
    sku: SkuNo,
    *,
    had: Set[tuple[UserNo, SkuNo]],
    kept: Set[tuple[UserNo, SkuNo]],
    changed: Set[tuple[UserNo, SkuNo]],
) -> RowResult:
    if (user, sku) not in kept:
        # Only what is prohibited where a person is may be taken from a holder.
        return RowResult(
            row_no=row.row_no,
            outcome=Outcome.FAILED,
            user=user,
            reason=Reason.USAGE_LOCATION_PROHIBITED,
            message=f"{row.sku_text} may not be used in the usage location of {row.user_text}:"
            " the assignment is stored and takes effect once the location allows it.",
        )
    effect = RowEffect.GIVEN
    if (user, sku) in had:
        effect = RowEffect.CHANGED if (user, sku) in changed else RowEffect.HAD
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.SUCCEEDED,
        user=user,
        message=None if effect is RowEffect.GIVEN else ALREADY_ASSIGNED,
        effect=effect,
    )


async def over_assigned(call: Call, job_no: int) -> list[dict[str, object]]:
    """The products of an import of which people hold more than was bought."""
    catalog = await catalog_of(call)
    return [
        {
            "skuId": str(catalog.skus[sku].sku_id),
            "skuPartNumber": catalog.skus[sku].part_number,
            "seats": seats,
            "holders": holders,
        }
        for sku, seats, holders in await pools_over_assigned(call.tx, job_no)
    ]
