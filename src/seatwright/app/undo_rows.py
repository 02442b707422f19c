"""Putting wishes back as they were, row by row, with licenses, old places in line and history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.reconcile import Edit, lock_world, settle_only
from seatwright.app.record import record_all
from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.bulk import RowEffect, RowResult
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.reconcile import ChangeSet, ErrorChange
from seatwright.domain.undo import NetChange, Noun
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_read import groups_above
from seatwright.postgres.group_write import hold_nesting
from seatwright.postgres.requests import note_undone
from seatwright.postgres.undo import put_back
from seatwright.postgres.undo_places import (
    SourceError,
    errors_of,
    held_only_since,
    still_waiting,
    store_places,
    touched_by,
)
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.world_read import licensed_groups_above

UNCHANGED = "It is as it was before already."
WAITS = "Put back, but the seat has gone to another: the person waits in their old place in line."
GIVES_NOTHING = "Put back, but it gives nothing as things are now: the person's errors say why."
HELD = "Put back, but the license that goes with it is held for approval."


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """Which batch is put back, when it was made, and why and how the licenses follow.

    `takes_back`: what the batch itself gave goes without the brake.
    """

    correlation: UUID
    at: datetime
    reason: ChangeReason = ChangeReason.UNDONE
    takes_back: bool = False


@dataclass(slots=True)
class Restored:
    """What became of rows, and the products of which seats came free."""

    results: list[RowResult] = field(default_factory=list)
    freed: set[SkuNo] = field(default_factory=set)


async def hold_groups_of(call: Call, changes: Sequence[NetChange]) -> None:
    """Keep others from the groups that these rows change, before any pool is locked."""
    if any(change.noun is Noun.NESTING for change in changes):
        await hold_nesting(call.tx)
    alone = {
        change.inner if change.noun is Noun.NESTING else change.group
        for change in changes
        if change.user is None
    }
    shared = {change.group for change in changes if change.noun is Noun.MEMBERSHIP}
    await hold_groups(call.tx, sorted(_known(alone)), is_exclusive=True)
    if shared:
        await hold_groups(call.tx, sorted(_known(shared - alone)))


def _known(groups: Iterable[GroupNo | None]) -> list[GroupNo]:
    return [group for group in groups if group is not None]


async def restore_rows(call: Call, changes: Sequence[NetChange], restoring: Restoring) -> Restored:
    """Put back what nobody has changed since, and make the licenses of its people right.

    Members of groups whose own wishes are put back are the caller's to look at. The groups are
    held, and the rows were read after that. Seats that come free are not given to others here:
    the next rows may be of those who lost them.
    """
    results, able = await _sorted_out(call, changes)
    # Before the pools, as everything that holds lines of requests does.
    await note_undone(call.tx, _approvals(able), at=call.now, by=call.principal.principal_no)
    users = sorted({one.user for one in able if one.user is not None})
    skus = await _skus_of(call, able, users)
    await lock_world(call, users, skus=skus)
    await put_back(call.tx, able)
    await record_all(call, _group_lines(able, restoring))
    placed = await give_places(call, restoring, users=users, skus=sorted(skus))
    restored = Restored(results=results)
    held_before = len(call.ledger.held)
    if users:
        outcome = await settle_only(
            call,
            await lock_world(call, users, skus=skus),
            reason=restoring.reason,
            edits=_edits(able, restoring.reason),
            only_lent=await lent_by(call, restoring, users),
        )
        restored.freed |= outcome.freed
    waiting = await still_waiting(call.tx, placed)
    await record_all(call, _waiting_lines(waiting))
    held = _pairs((user, one.sku) for one in call.ledger.held[held_before:] for user in one.users)
    errors = await errors_of(call.tx, users)
    restored.results += [_done(one, errors=errors, held=held) for one in able]
    return restored


async def give_places(
    call: Call, restoring: Restoring, *, users: Sequence[UserNo], skus: Sequence[SkuNo]
) -> list[tuple[UserNo, SkuNo]]:
    """Let people wait where they stood before the batch, so that the engine serves them in order.

    The ledger is told: a preview shows nothing of places that are given and at once left again.
    """
    placed = await store_places(
        call.tx, restoring.correlation, users=users, skus=skus, since=restoring.at
    )
    lines = tuple(
        ErrorChange(
            user_no=user,
            sku=sku,
            source=DIRECT,
            before=None,
            after=Reason.NO_SEAT_LEFT,
            waiting_since=restoring.at,
        )
        for user, sku in placed
    )
    call.ledger.add(ChangeSet(error_changes=lines))
    return placed


async def lent_by(
    call: Call, restoring: Restoring, users: Sequence[UserNo]
) -> frozenset[tuple[UserNo, SkuNo]]:
    """The licenses that people did not hold before the batch, where it may take them back.

    Only these: else somebody could take a product from everybody, give it again while the brake
    holds it, and undo that.
    """
    if not restoring.takes_back:
        return frozenset()
    return frozenset(await held_only_since(call.tx, users, restoring.at))


async def _sorted_out(
    call: Call, changes: Sequence[NetChange]
) -> tuple[list[RowResult], list[NetChange]]:
    """The rows that cannot or need not be put back, with their outcome, and those that can."""
    results: list[RowResult] = []
    able: list[NetChange] = []
    touched: list[NetChange] = []
    for change in changes:
        refused = await _impossible(call, change)
        if change.is_as_before(call.now):
            same = _result(change, Outcome.SUCCEEDED, message=UNCHANGED)
            results.append(replace(same, effect=RowEffect.NOTHING))
        elif refused is not None:
            results.append(refused)
        elif change.is_as_left(call.now):
            able.append(change)
        else:
            touched.append(change)
    by_row = await touched_by(call.tx, touched)
    for change in touched:
        who = by_row.get(change.row_no)
        by = "" if who is None else f" by {who.principal} on {who.at:%Y-%m-%d %H:%M} UTC"
        message = f"Changed again since{by}: left as it is now."
        results.append(_result(change, Outcome.FAILED, reason=Reason.WORLD_MOVED, message=message))
    return results, able


async def _impossible(call: Call, change: NetChange) -> RowResult | None:
    """Why a wish cannot be put back whatever it is now; None when it can."""
    reason, message = None, ""
    if not change.has_user:
        reason, message = Reason.UNKNOWN_USER, "The person was purged and cannot come back."
    elif not change.has_groups:
        reason, message = Reason.UNKNOWN_GROUP, "The group was deleted and cannot come back."
    elif change.before is not None and _has_ended(change, call.now):
        reason, message = Reason.NO_CHANGE, "Its expiry date has passed meanwhile."
    elif (
        change.noun is Noun.NESTING and change.before is not None and await _is_circle(call, change)
    ):
        reason, message = Reason.INVALID_VALUE, "The groups would stand in a circle by now."
    if reason is None:
        return None
    return _result(change, Outcome.FAILED, reason=reason, message=message)


def _has_ended(change: NetChange, now: datetime) -> bool:
    expires = None if change.before is None else change.before.expires_at
    return expires is not None and expires <= now


async def _is_circle(call: Call, change: NetChange) -> bool:
    assert change.group is not None, "a nesting has a group around it"
    return change.inner in await groups_above(call.tx, change.group)


async def _skus_of(
    call: Call, changes: Sequence[NetChange], users: Sequence[UserNo]
) -> frozenset[SkuNo]:
    """Every product whose seats these rows could move."""
    groups = {change.group for change in changes if change.user is not None}
    skus = {change.sku for change in changes if change.user is not None and change.sku is not None}
    above = await licensed_groups_above(call.tx, sorted(_known(groups)))
    return frozenset(skus | above.keys() | set(await held_skus_of(call.tx, users)))


def _edits(changes: Sequence[NetChange], reason: ChangeReason) -> list[Edit]:
    edits = []
    for change in changes:
        if change.noun is not Noun.ASSIGNMENT or change.user is None or change.sku is None:
            continue
        side = change.before or change.after
        assert side is not None and side.strategy is not None, "a wish was or is there"  # noqa: PT018
        edits.append(
            Edit(
                user=change.user,
                sku=change.sku,
                action=_action(change, _OWN_ACTIONS),
                reason=reason,
                strategy=STRATEGY_OF_CODE[side.strategy],
                source=Source(kind=SourceKind(change.source_kind), no=change.source_no),
            )
        )
    return edits


_OWN_ACTIONS = (HistoryAction.ASSIGNED, HistoryAction.UPDATED, HistoryAction.REMOVED)
_GROUP_ACTIONS = (
    HistoryAction.GROUP_LICENSE_ASSIGNED,
    HistoryAction.GROUP_LICENSE_UPDATED,
    HistoryAction.GROUP_LICENSE_REMOVED,
)
_MEMBER_ACTIONS = (
    HistoryAction.MEMBER_ADDED,
    HistoryAction.MEMBER_ADDED,
    HistoryAction.MEMBER_REMOVED,
)
_NESTING_ACTIONS = (
    HistoryAction.GROUP_NESTED,
    HistoryAction.GROUP_NESTED,
    HistoryAction.GROUP_UNNESTED,
)
_ACTIONS_OF = {
    Noun.ASSIGNMENT: _GROUP_ACTIONS,
    Noun.MEMBERSHIP: _MEMBER_ACTIONS,
    Noun.NESTING: _NESTING_ACTIONS,
}


def _action(
    change: NetChange, actions: tuple[HistoryAction, HistoryAction, HistoryAction]
) -> HistoryAction:
    """What putting back does: makes, changes or takes."""
    made, changed, taken = actions
    if change.before is None:
        return taken
    return made if change.current is None else changed


def _group_lines(changes: Sequence[NetChange], restoring: Restoring) -> list[HistoryLine]:
    lines = []
    for change in changes:
        if change.noun is Noun.ASSIGNMENT and change.user is not None:
            continue
        lines.append(
            HistoryLine(
                action=_action(change, _ACTIONS_OF[change.noun]),
                reason=restoring.reason.value,
                user=change.user,
                group=change.group,
                sku=change.sku,
            )
        )
    return lines


def _waiting_lines(waiting: Sequence[tuple[UserNo, SkuNo]]) -> list[HistoryLine]:
    return [
        HistoryLine(
            action=HistoryAction.WAITING,
            reason=Reason.NO_SEAT_LEFT.value,
            user=user,
            sku=sku,
            source=DIRECT,
        )
        for user, sku in waiting
    ]


def _approvals(changes: Sequence[NetChange]) -> list[tuple[UserNo, int]]:
    """Whose approved requests are undone: the assignments that they made go."""
    return [
        (one.user, one.source_no)
        for one in changes
        if one.noun is Noun.ASSIGNMENT
        and one.user is not None
        and one.source_kind == SourceKind.REQUEST
        and one.before is None
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """People and products to look up; a membership is met by any product of its person."""

    pairs: frozenset[tuple[UserNo, SkuNo]]
    users: frozenset[UserNo]

    def have(self, change: NetChange) -> bool:
        if change.user is None:
            return False
        if change.sku is None:
            return change.user in self.users
        return (change.user, change.sku) in self.pairs


def _pairs(pairs: Iterable[tuple[UserNo, SkuNo]]) -> _Pairs:
    kept = frozenset(pairs)
    return _Pairs(pairs=kept, users=frozenset(user for user, _ in kept))


def _done(
    change: NetChange, *, errors: Mapping[UserNo, Sequence[SourceError]], held: _Pairs
) -> RowResult:
    """The outcome of a row that was put back; a wish may be there again and give nothing."""
    reason = None if change.before is None else _reason_against(change, errors)
    if reason is Reason.NO_SEAT_LEFT:
        return _result(change, Outcome.WAITING, reason=reason, message=WAITS)
    if reason is not None:
        return _result(change, Outcome.SUCCEEDED, reason=reason, message=GIVES_NOTHING)
    if held.have(change):
        return _result(change, Outcome.SUCCEEDED, reason=Reason.HELD_FOR_APPROVAL, message=HELD)
    return _result(change, Outcome.SUCCEEDED)


def _reason_against(
    change: NetChange, errors: Mapping[UserNo, Sequence[SourceError]]
) -> Reason | None:
    """Why a wish that was put back gives nothing: the first reason of its own source."""
    if change.user is None:
        return None
    is_member = change.noun is Noun.MEMBERSHIP
    source = (
        (SourceKind.GROUP, change.group) if is_member else (change.source_kind, change.source_no)
    )
    found = (
        one.reason
        for one in errors.get(change.user, ())
        if (one.source_kind, one.source_no) == source and (is_member or one.sku == change.sku)
    )
    return next(found, None)


def _result(
    change: NetChange, outcome: Outcome, *, reason: Reason | None = None, message: str | None = None
) -> RowResult:
    return RowResult(
        row_no=change.row_no, outcome=outcome, user=change.user, reason=reason, message=message
    )
