"""How a purchase lives: Enabled, Warning, Suspended, LockedOut, Deleted, by dates and by people.

Everything here takes a purchase and gives what it is next; upkeep takes the steps one at a time
with the moments at which they were due, so that an outage skips none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from seatwright.domain.offers import CANCEL_WITHIN, LOCKED_OUT_DAYS, OFFERS, months_after
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

_NEXT: Final[Mapping[SubscriptionStatus, SubscriptionStatus]] = {
    SubscriptionStatus.ENABLED: SubscriptionStatus.WARNING,
    SubscriptionStatus.WARNING: SubscriptionStatus.SUSPENDED,
    SubscriptionStatus.SUSPENDED: SubscriptionStatus.LOCKED_OUT,
    SubscriptionStatus.LOCKED_OUT: SubscriptionStatus.DELETED,
}
"""The order without renewal (SUB-002)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeStep:
    """One thing that time does to a purchase, at the moment when it is due."""

    at: datetime
    after: Subscription


def lasts_until(one: Subscription, *, since: datetime) -> datetime | None:
    """When a purchase leaves the state it has been in since then; None: not by itself."""
    offer = OFFERS[one.offer_type]
    days = {
        SubscriptionStatus.ENABLED: offer.term_days,
        SubscriptionStatus.WARNING: offer.warning_days,
        SubscriptionStatus.SUSPENDED: offer.suspended_days,
        SubscriptionStatus.LOCKED_OUT: LOCKED_OUT_DAYS,
        SubscriptionStatus.DELETED: None,
    }[one.status]
    return None if days is None else since + timedelta(days=days)


def next_step(one: Subscription) -> LifeStep | None:
    """What time does to a purchase next, and when; None: nothing.

    It starts, begins a new term if it renews, or moves to the next state.
    """
    if not one.has_started:
        return LifeStep(at=one.starts_at, after=replace(one, has_started=True))
    at = one.next_lifecycle_at
    if at is None or one.status not in _NEXT:
        return None
    if one.status is SubscriptionStatus.ENABLED and one.renews:
        end = _end_of_term(one, start=at)
        return LifeStep(at=at, after=replace(one, term_starts_at=at, next_lifecycle_at=end))
    return LifeStep(at=at, after=in_state(one, _NEXT[one.status], since=at))


def _end_of_term(one: Subscription, *, start: datetime) -> datetime:
    """The end of a term that follows the one before it.

    Counted from where the terms before began, so that those of a 31st come back to the 31st after
    February, as billing cycles do.
    """
    for began in (one.starts_at, one.term_starts_at):
        if began is not None and began < start:
            passed = (start.year - began.year) * 12 + start.month - began.month
            if months_after(began, passed) == start:
                return months_after(began, passed + one.term_months)
    return months_after(start, one.term_months)


def in_state(one: Subscription, status: SubscriptionStatus, *, since: datetime) -> Subscription:
    """The purchase in another state, with the moment at which that ends."""
    moved = replace(one, status=status)
    return replace(moved, next_lifecycle_at=lasts_until(moved, since=since))


def renewed(one: Subscription, *, now: datetime, until: datetime | None = None) -> Subscription:
    """The purchase with a new term: reactivated, or made to last longer (L-04).

    In Enabled and Warning the new term follows the old one without a gap; later it begins now.
    """
    start = now
    if one.next_lifecycle_at is not None and one.status is SubscriptionStatus.ENABLED:
        start = one.next_lifecycle_at
    elif one.next_lifecycle_at is not None and one.status is SubscriptionStatus.WARNING:
        grace = timedelta(days=OFFERS[one.offer_type].warning_days)
        start = one.next_lifecycle_at - grace
    end = until or _end_of_term(one, start=start)
    if end <= now:
        end = months_after(now, one.term_months)
    return replace(
        one,
        status=SubscriptionStatus.ENABLED,
        # Where grace is over its window for giving it back opens with the renewal itself (L-13).
        term_starts_at=max(start, now),
        next_lifecycle_at=end,
        cancelled_at=None,
    )


def can_give_back(one: Subscription, *, now: datetime) -> bool:
    """Whether a purchase is in the window in which cancelling ends it at once (L-05, L-13)."""
    is_new = now < (one.term_starts_at or one.starts_at) + CANCEL_WITHIN
    is_running = one.status is SubscriptionStatus.ENABLED
    return is_new and is_running and not _is_renewed_early(one, now=now)


def _is_renewed_early(one: Subscription, *, now: datetime) -> bool:
    """Whether its next term is bought already, and has not begun."""
    is_running = one.has_started and one.status is SubscriptionStatus.ENABLED
    return is_running and one.term_starts_at is not None and now < one.term_starts_at


def cancelled(one: Subscription, *, now: datetime, end: datetime) -> Subscription:
    """The purchase after its buyer cancelled it.

    Within the window it skips Warning (L-05) and is LockedOut, as what its buyer cancelled is
    (L-07), for all the days of Suspended and LockedOut. A term that has not begun goes back, and
    the one before it lasts to its end: that was paid for. Later it stays as it is until its term
    ends, at `end` where it has none, and does not renew.
    """
    ended = replace(one, renews=False, cancelled_at=now)
    if _is_renewed_early(one, now=now):
        return replace(ended, next_lifecycle_at=one.term_starts_at, term_starts_at=None)
    if can_give_back(one, now=now):
        days = OFFERS[one.offer_type].disabled_days
        return replace(
            ended,
            status=SubscriptionStatus.LOCKED_OUT,
            next_lifecycle_at=now + timedelta(days=days),
        )
    return replace(ended, next_lifecycle_at=one.next_lifecycle_at or end)
