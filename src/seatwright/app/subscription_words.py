"""What is said of purchases: in the history, in refusals, and to whoever wants to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.subscription_life import next_step
from seatwright.domain.subscriptions import RESOLVE_WITHIN, Subscription
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.subscriptions import PoolSeats


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsMoved:
    """The seats of one SKU before and after its purchases changed."""

    before: PoolSeats
    assignable: int

    @property
    def seats_over(self) -> int:
        """How many more seats are in use than are covered now."""
        return max(0, self.before.in_use - self.assignable)


def seats_in_use(
    pool: PoolSeats, assignable: int, *, product: str, is_booked: bool = False
) -> Refusal:
    """The refusal of a cut below what is in use, with the counts (T-139).

    What is booked was decided here: that it came from outside is no way out.
    """
    over = pool.in_use - assignable
    outside = "" if is_booked else ", or say that the change came from outside with “external”"
    return Refusal(
        Reason.SEATS_IN_USE,
        f"{product} would have {assignable} seats, but {pool.in_use} are in use"
        f" ({pool.consumed} held, {pool.reserved} reserved): take"
        f" {over} licenses back first{outside}.",
        context={
            "assignable": assignable,
            "consumed": pool.consumed,
            "reserved": pool.reserved,
            "seatsOver": over,
        },
    )


def state_told(before: Subscription, after: Subscription, *, product: str, at: datetime) -> Telling:
    """What administrators are told when a purchase comes into another state."""
    step = next_step(after)
    return Telling(
        kind=EventKind.SUBSCRIPTION_CHANGED,
        key=f"{after.subscription_id}:{after.status}:{at.isoformat()}",
        user=None,
        data={
            "product": product,
            "subscriptionId": str(after.subscription_id),
            "before": before.status.value,
            "state": after.status.value,
            "seats": after.units,
            "nextState": None if step is None else step.after.status.value,
            "nextAt": None if step is None else step.at.isoformat(),
        },
    )


def over_assigned_told(one: SeatsMoved, *, product: str, at: datetime) -> Telling:
    """What administrators are told when a product has fewer seats than are in use (SKU-014)."""
    return _over(one, product=product, since=at, key=f"{one.before.sku_no}:{at.isoformat()}")


def overdue_told(pool: PoolSeats, *, product: str, since: datetime) -> Telling:
    """What they are told once more when the 90 days are over and there are still too few."""
    now = SeatsMoved(before=pool, assignable=pool.assignable)
    key = f"{pool.sku_no}:{since.isoformat()}:overdue"
    return _over(now, product=product, since=since, key=key)


def _over(one: SeatsMoved, *, product: str, since: datetime, key: str) -> Telling:
    return Telling(
        kind=EventKind.OVER_ASSIGNED,
        key=key,
        user=None,
        data={
            "product": product,
            "seats": one.assignable,
            "holders": one.before.consumed,
            "seatsOver": one.seats_over,
            "until": (since + RESOLVE_WITHIN).isoformat(),
        },
    )


def purchase_line(
    action: HistoryAction, *, before: Subscription | None, after: Subscription | None
) -> HistoryLine:
    """The history row of a purchase that was made, changed or deleted."""
    subject = after or before
    assert subject is not None, "one side of a change exists"
    return HistoryLine(
        action=action,
        sku=subject.sku_no,
        detail={
            "subscriptionId": str(subject.subscription_id),
            "changed": changed_fields(before, after),
        },
    )


_RECORDED = {
    "units": "units",
    "status": "status",
    "startsAt": "starts_at",
    "nextLifecycleAt": "next_lifecycle_at",
    "unitPrice": "unit_price",
    "currency": "currency",
    "offerMinimum": "offer_minimum",
    "includedUnits": "included_units",
    "isTrial": "is_trial",
    "offerType": "offer_type",
    "renews": "renews",
    "termMonths": "term_months",
    "billingMonths": "billing_months",
    "termStartsAt": "term_starts_at",
    "cancelledAt": "cancelled_at",
    "hasStarted": "has_started",
    "externalId": "external_id",
}
"""Fields of a purchase by their name on the wire."""


def changed_fields(
    before: Subscription | None, after: Subscription | None
) -> dict[str, dict[str, str | None]]:
    """What differs between two states of a purchase, as text, by the names of the wire."""
    changed = {}
    for name, attribute in _RECORDED.items():
        old = None if before is None else getattr(before, attribute)
        new = None if after is None else getattr(after, attribute)
        if old != new:
            changed[name] = {"before": _text(old), "after": _text(new)}
    return changed


def _text(value: object) -> str | None:
    return None if value is None else str(value)
