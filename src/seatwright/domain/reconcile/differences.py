"""From everybody's case to the change set: what differs from the snapshot, in a stated order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.changes import (
    Action,
    Change,
    ChangeSet,
    ErrorChange,
    SeatChange,
)
from seatwright.domain.reconcile.rounds import Settlement
from seatwright.domain.reconcile.rows import Row, RowKey, is_inherited
from seatwright.domain.reconcile.world import Pool


def change_set(settlement: Settlement, *, pools: Sequence[Pool]) -> ChangeSet:
    """Give everything that differs from the snapshot, sorted by person, SKU and source."""
    changes = tuple(change for case in settlement.cases for change in _changes(case))
    return ChangeSet(
        changes=changes,
        error_changes=tuple(e for case in settlement.cases for e in _error_changes(case)),
        seat_changes=_seat_changes(changes, pools),
        rounds=settlement.rounds,
        is_settled=settlement.is_settled,
    )


def _changes(case: Case) -> Iterator[Change]:
    before = {held.sku: held.enabled for held in case.user.held}
    after = case.decision.licenses
    if before == after:
        return
    for sku in sorted(before.keys() | after.keys()):
        if before.get(sku) != after.get(sku):
            yield _change(case, sku, before=before.get(sku), after=after.get(sku))


def _change(
    case: Case, sku: SkuNo, *, before: ServicePlanBits | None, after: ServicePlanBits | None
) -> Change:
    giver = None if after is None else _giver(case, sku)
    return Change(
        user_no=case.user.user_no,
        sku=sku,
        action=_action(before, after),
        before=before,
        after=after,
        source=None if giver is None else giver.source,
        strategy=None if giver is None else giver.wish.strategy,
    )


def _action(before: ServicePlanBits | None, after: ServicePlanBits | None) -> Action:
    if before is None:
        return Action.GRANT
    return Action.REVOKE if after is None else Action.UPDATE


def _giver(case: Case, sku: SkuNo) -> Row | None:
    """Give the earliest assignment behind a license, one without an error if there is one.

    A group that gave nothing because a sibling failed is satisfied by what another source gave
    (CON-22), but it is not the giver. None for a license without any assignment: it only stays
    because something depends on it (CON-01).
    """
    errors = case.decision.errors
    are_bundles = case.rules.semantics.siblings_fail_together
    failing = {key.source for key in errors if are_bundles and is_inherited(key.source)}
    rows = [row for row in case.rows if row.sku == sku]
    return min(
        rows,
        key=lambda row: (
            row.key in errors,
            row.source in failing,
            row.wish.assigned_at,
            row.source,
            row.bits,
        ),
        default=None,
    )


def _error_changes(case: Case) -> Iterator[ErrorChange]:
    after = case.decision.errors
    if not after and not case.user.errors:
        return
    before = {RowKey(error.sku, error.source): error for error in case.user.errors}
    for key in sorted(before.keys() | after.keys()):
        stored, reason = before.get(key), after.get(key)
        reason_before = None if stored is None else stored.reason
        if reason_before is not reason:
            yield ErrorChange(
                user_no=case.user.user_no,
                sku=key.sku,
                source=key.source,
                before=reason_before,
                after=reason,
                waiting_since=None if reason is None else _since(case, key, reason),
            )


def _since(case: Case, key: RowKey, reason: Reason) -> datetime:
    return case.waiting_since(key.sku) if reason is Reason.NO_SEAT_LEFT else case.rules.now


def _seat_changes(changes: Sequence[Change], pools: Sequence[Pool]) -> tuple[SeatChange, ...]:
    moved = Counter[SkuNo]()
    for change in changes:
        if change.action is Action.GRANT:
            moved[change.sku] += 1
        elif change.action is Action.REVOKE:
            moved[change.sku] -= 1
    consumed = {pool.sku: pool.consumed for pool in pools}
    return tuple(
        SeatChange(
            sku=sku,
            consumed_before=consumed.get(sku, 0),
            consumed_after=consumed.get(sku, 0) + moved[sku],
        )
        for sku in sorted(moved)
        if moved[sku]
    )
