"""Seats of a product over the months to come: what is there, what is needed, and where it breaks.

Everything that is booked or known today counts, and nothing is guessed: purchases that start, end,
pass their states and change on a day, licenses that begin and end, held seats that come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.subscription_life import next_step
from seatwright.domain.subscription_states import RIGHTS, PurchaseAction, gives_seats
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

MONTHS_MAX: Final = 36
STEPS_MAX: Final = 500
"""Steps of one purchase: monthly terms of three years, with room."""

_BECOME: Final[Mapping[SubscriptionStatus, str]] = {
    SubscriptionStatus.ENABLED: "are active",
    SubscriptionStatus.WARNING: "have expired, and are still in use",
    SubscriptionStatus.SUSPENDED: "are suspended",
    SubscriptionStatus.LOCKED_OUT: "are locked out",
    SubscriptionStatus.DELETED: "are deleted",
}


@unique
class SeatEventKind(StrEnum):
    """What changes the seats or the need for them; the values are the wire's."""

    SUBSCRIPTION_STARTS = "subscriptionStarts"
    SUBSCRIPTION_STATE = "subscriptionState"
    SEAT_CHANGE = "seatChange"
    LICENSES_START = "licensesStart"
    LICENSES_END = "licensesEnd"
    HOLDS_END = "holdsEnd"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatEvent:
    """Something that is due: `seats` and `needed` are by how much each changes."""

    at: datetime
    kind: SeatEventKind
    seats: int = 0
    needed: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPoint:
    """From `at` on there are `seats`, and `needed` of them; `events` brought it about."""

    at: datetime
    seats: int
    needed: int
    events: tuple[SeatEvent, ...]

    @property
    def free(self) -> int:
        """Seats that nobody needs; below zero where there are too few."""
        return self.seats - self.needed


def purchase_events(
    one: Subscription, booked: Sequence[SeatChange], *, until: datetime, warning_counts: bool
) -> list[SeatEvent]:
    """What time and booked changes will do to the seats of a purchase, first due first."""
    events: list[SeatEvent] = []
    changes = [change for change in booked if change.subscription_id == one.subscription_id]
    for _ in range(STEPS_MAX):
        step = next_step(one)
        change = changes[0] if changes else None
        if change is not None and (step is None or change.effective_at <= step.at):
            changes.pop(0)
            at, after = change.effective_at, _changed(one, change)
            kind = SeatEventKind.SEAT_CHANGE
            words = f"{one.units} to {change.units} units"
        elif step is not None:
            at, after = step.at, step.after
            starts = not one.has_started
            kind = SeatEventKind.SUBSCRIPTION_STARTS if starts else SeatEventKind.SUBSCRIPTION_STATE
            words = (
                f"{one.units} units start"
                if starts
                else f"{one.units} units {_BECOME[after.status]}"
            )
        else:
            break
        if at > until:
            break
        moved = _seats(after, warning_counts) - _seats(one, warning_counts)
        if moved or after.status is not one.status:
            events.append(SeatEvent(at=at, kind=kind, seats=moved, words=words))
        one = after
    return events


def _changed(one: Subscription, change: SeatChange) -> Subscription:
    """The purchase after a booked change; one whose state does not allow it stays as it is."""
    is_less = change.units < one.units
    action = PurchaseAction.REDUCE if is_less else PurchaseAction.RAISE
    return replace(one, units=change.units) if action in RIGHTS[one.status].actions else one


def _seats(one: Subscription, warning_counts: bool) -> int:
    counts = one.has_started and gives_seats(one.status, warning_counts=warning_counts)
    return one.units if counts else 0


def timeline_of(
    events: Iterable[SeatEvent], *, now: datetime, seats: int, needed: int
) -> tuple[SeatPoint, ...]:
    """The points at which something changes, today first; what is overdue counts as today."""
    by_moment: dict[datetime, list[SeatEvent]] = defaultdict(list)
    for event in events:
        by_moment[max(event.at, now)].append(event)
    by_moment.setdefault(now, [])
    points = []
    for at in sorted(by_moment):
        due = by_moment[at]
        seats += sum(event.seats for event in due)
        needed += sum(event.needed for event in due)
        points.append(SeatPoint(at=at, seats=seats, needed=needed, events=tuple(due)))
    return tuple(points)
