"""The ledger of a call: every change set that it wrote, and what they come to together.

A call may reconcile more than once (a seat is freed and somebody else takes it), and a preview
must show what stays in the end, so the change sets are joined: first before, last after.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile.changes import (
    Action,
    Change,
    ChangeSet,
    ErrorChange,
    SeatChange,
)

Line = TypeVar("Line", Change, ErrorChange, SeatChange)
Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Revocations of one product that the brake keeps back, with the sentence that says why.

    `held_change` is the id under which somebody decides; none where it is only foreseen.
    """

    sku: SkuNo
    users: tuple[UserNo, ...]
    sentence: str
    held_change: UUID | None = None


@dataclass(slots=True)
class Ledger:
    """What one call has done to licenses, errors and seats, in the order in which it did it.

    `reasons` tells of each person and product why their license changed last; `held` is what the
    brake keeps back, which is no change and so is in no change set. `concerned` are products whose
    seats a preview shows although they may not move. `beside` says what else the call changed, in
    texts that the next run of the same call gives again, so that two edits which move no license
    have two digests: those of a policy, say.
    """

    change_sets: list[ChangeSet] = field(default_factory=list)
    reasons: dict[tuple[UserNo, SkuNo], ChangeReason] = field(default_factory=dict)
    held: list[HeldBack] = field(default_factory=list)
    concerned: set[SkuNo] = field(default_factory=set)
    beside: list[str] = field(default_factory=list)

    def add(
        self,
        changes: ChangeSet,
        *,
        reason: ChangeReason | None = None,
        reasons: Mapping[tuple[UserNo, SkuNo], ChangeReason] | None = None,
    ) -> None:
        """Take down a change set; `reasons` are those of single lines where they differ."""
        if changes.is_empty:
            return
        self.change_sets.append(changes)
        if reason is None:
            return
        for change in changes.changes:
            pair = (change.user_no, change.sku)
            self.reasons[pair] = (reasons or {}).get(pair, reason)

    def net(self) -> ChangeSet:
        """All change sets as one: what ends as it began is left out, and the rest is sorted.

        The order is that of the engine (`differences.py`), so that a call that reconciles in two
        steps has the digest of one that does it in one.
        """
        sets = self.change_sets
        return ChangeSet(
            changes=_join(
                (one for each in sets for one in each.changes),
                key=lambda one: (one.user_no, one.sku),
                joined=_joined_change,
            ),
            error_changes=_join(
                (one for each in sets for one in each.error_changes),
                key=lambda one: (one.user_no, one.sku, one.source),
                joined=_joined_error,
            ),
            seat_changes=_join(
                (one for each in sets for one in each.seat_changes),
                key=lambda one: (one.sku,),
                joined=_joined_seats,
            ),
            rounds=max((each.rounds for each in sets), default=1),
            is_settled=all(each.is_settled for each in sets),
        )


def _join(
    lines: Iterable[Line],
    *,
    key: Callable[[Line], Key],
    joined: Callable[[Line, Line], Line | None],
) -> tuple[Line, ...]:
    """One line of each key, from its first and its last; sorted by the key."""
    ends: dict[Key, tuple[Line, Line]] = {}
    for line in lines:
        first, _ = ends.get(key(line), (line, line))
        ends[key(line)] = (first, line)
    # Every key is a tuple of numbers and sources, which have an order among themselves.
    pairs = (ends[one] for one in sorted(ends))
    return tuple(net for first, last in pairs if (net := joined(first, last)) is not None)


def _joined_change(first: Change, last: Change) -> Change | None:
    if first is last:
        return first
    if first.before == last.after:
        return None
    return Change(
        user_no=first.user_no,
        sku=first.sku,
        action=_action(first, last),
        before=first.before,
        after=last.after,
        source=last.source,
        strategy=last.strategy,
        reason=last.reason,
    )


def _action(first: Change, last: Change) -> Action:
    if first.before is None:
        return Action.GRANT
    return Action.REVOKE if last.after is None else Action.UPDATE


def _joined_error(first: ErrorChange, last: ErrorChange) -> ErrorChange | None:
    if first.before is last.after:
        return None
    return ErrorChange(
        user_no=first.user_no,
        sku=first.sku,
        source=first.source,
        before=first.before,
        after=last.after,
        waiting_since=last.waiting_since,
    )


def _joined_seats(first: SeatChange, last: SeatChange) -> SeatChange | None:
    if first.consumed_before == last.consumed_after:
        return None
    return SeatChange(
        sku=first.sku,
        consumed_before=first.consumed_before,
        consumed_after=last.consumed_after,
    )
