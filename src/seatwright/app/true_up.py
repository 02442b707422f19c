"""The true-up statement: seats in use by product and month, beside those that were bought."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.domain.semantics import Semantics
from seatwright.domain.settings import semantics_in
from seatwright.domain.subscriptions import SubscriptionStatus
from seatwright.domain.true_up import (
    MonthOfSeats,
    month_of,
    months_between,
    parse_month,
    seat_steps,
)
from seatwright.postgres.subscriptions import list_subscriptions
from seatwright.postgres.true_up import purchase_changes, seats_by_month


async def true_up(call: Call, *, first: str | None, last: str | None) -> tuple[MonthOfSeats, ...]:
    """The statement from one month to another, both included; without them this month.

    Raises Refusal invalidValue for what is no month, has not begun, or is too long.
    """
    end = month_of(call.now) if last is None else parse_month(last, name="to")
    begin = end if first is None else parse_month(first, name="from")
    months = months_between(begin, end, now=call.now)
    semantics = semantics_in(call.tenant.settings)
    bought = seat_steps(
        await purchase_changes(call.tx),
        await list_subscriptions(call.tx),
        counts=lambda status: _counts(status, semantics),
    )
    return await seats_by_month(call.tx, months, bought=bought, now=call.now)


def _counts(status: SubscriptionStatus, semantics: Semantics) -> bool:
    """Whether a purchase's units are seats that may be in use (CON-07)."""
    if status is SubscriptionStatus.WARNING:
        return semantics.warning_units_are_assignable
    return status is SubscriptionStatus.ENABLED
