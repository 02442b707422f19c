"""The life of purchases: renewing and cancelling them, and what time does to them each minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seat_changes import (
    book,
    cancel_seat_change,
    effect_of,
    get_seat_change,
    next_billing,
)
from seatwright.app.subscription_words import overdue_told, seats_in_use
from seatwright.app.subscriptions import lock_subscription, recount, write_purchase
from seatwright.app.telling.tell import tell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.subscription_life import (
    LifeStep,
    can_give_back,
    cancelled,
    next_step,
    renewed,
)
from seatwright.domain.subscription_states import PurchaseAction, require_allowed
from seatwright.domain.subscriptions import (
    RESOLVE_WITHIN,
    Subscription,
    SubscriptionStatus,
    check_subscription,
)
from seatwright.postgres.seat_changes import due_subscription, scheduled_changes
from seatwright.postgres.subscriptions import read_pools

STEPS_AT_ONCE_MAX = 100
"""Steps of one purchase in one transaction; what an outage left beyond comes in the next."""


async def renew(
    call: Call,
    subscription_id: UUID,
    *,
    units: int | None = None,
    until: datetime | None = None,
    unit_price: Decimal | None = None,
) -> Subscription:
    """Begin a new term, or bring a purchase back that has expired (L-04).

    A renewal with fewer units is a new contract, a fact at once: where more are in use the product
    is over-assigned and has 90 days (L-12).

    Raises Refusal subscriptionSuspended for one that is Deleted, belowOfferMinimum, and
    invalidValue for an end that is over, or no later than that of the term that runs.
    """
    stored, pools = await lock_subscription(call, subscription_id)
    require_allowed(stored, PurchaseAction.RENEW)
    if until is not None:
        _require_longer(stored, until, now=call.now)
    after = renewed(stored, now=call.now, until=until)
    if units is not None:
        after = replace(after, units=units)
    if unit_price is not None:
        after = replace(after, unit_price=unit_price)
    await write_purchase(call, stored, check_subscription(after))
    await recount(call, pools)
    return after


def _require_longer(stored: Subscription, until: datetime, *, now: datetime) -> None:
    """What was paid for stays: a renewal ends after the term that runs."""
    if until <= now:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"until {until:%Y-%m-%d %H:%M} is over: give the end of the new term.",
        )
    end = stored.next_lifecycle_at
    if stored.status is SubscriptionStatus.ENABLED and end is not None and until <= end:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"until {until:%Y-%m-%d %H:%M} is too early: the purchase lasts until"
            f" {end:%Y-%m-%d %H:%M} as it is. Give a later end, or none for a whole term.",
        )


async def cancel(call: Call, subscription_id: UUID, *, is_external: bool) -> Subscription:
    """End a purchase: at once within seven days of a term's beginning, else at the term's end.

    Raises Refusal subscriptionSuspended for one that has ended, and seatsInUse where it would end
    at once and its seats are in use, unless that happened outside.
    """
    stored, pools = await lock_subscription(call, subscription_id)
    require_allowed(stored, PurchaseAction.CANCEL)
    after = cancelled(stored, now=call.now, end=next_billing(stored, after=call.now))
    await write_purchase(call, stored, after)
    moved = await recount(call, pools)
    for one in moved:
        if can_give_back(stored, now=call.now) and not is_external and one.seats_over > 0:
            name = (await catalog_of(call)).sku_name(stored.sku_no)
            raise seats_in_use(one.before, one.assignable, product=name)
    return after


async def book_seats(
    call: Call,
    subscription_id: UUID,
    *,
    units: int,
    at: datetime | None = None,
    note: str | None = None,
) -> SeatChange:
    """Book a number of units for a moment, by default the beginning of the next billing cycle.

    Raises Refusal unknownSubscription and noChange, and what `app.seat_changes.book` raises.
    """
    stored, pools = await lock_subscription(call, subscription_id)
    if units == stored.units:
        raise Refusal(
            Reason.NO_CHANGE, f"The subscription has {units} units already: give another number."
        )
    moment = at or next_billing(stored, after=call.now)
    return await book(call, stored, pools[stored.sku_no], units=units, at=moment, note=note)


async def cancel_booked(call: Call, change_id: UUID) -> SeatChange:
    """Cancel a booked change of units.

    Raises Refusal unknownSeatChange, and alreadyDecided for one that has ended.
    """
    one = await get_seat_change(call, change_id)
    stored, _ = await lock_subscription(call, one.subscription_id)
    return await cancel_seat_change(call, change_id, stored)


async def tell_of_overdue(call: Call) -> bool:
    """A step of upkeep: say once more that a product has had too few seats for 90 days.

    Nobody loses a license by that (L-12); what the seller does is the seller's. Where it lasts,
    they hear of it again once that telling was forgotten (`tellingsKeptDays`). Always False.
    """
    overdue = [
        (pool, pool.over_since)
        for pool in (await read_pools(call.tx)).values()
        if pool.over_since is not None
        and pool.seats_over > 0
        and pool.over_since + RESOLVE_WITHIN <= call.now
    ]
    catalog = await catalog_of(call) if overdue else None
    if catalog is not None:
        told = [
            overdue_told(pool, product=catalog.sku_name(pool.sku_no), since=since)
            for pool, since in overdue
        ]
        await tell(call, told)
    return False


async def live_on(call: Call) -> bool:
    """A step of upkeep: take one purchase through all that is due; False when nothing is.

    After an outage it passes every state and every booked change in the order of their days, each
    with its history and told.
    """
    due = await due_subscription(call.tx, now=call.now)
    if due is None:
        return False
    for _ in range(STEPS_AT_ONCE_MAX):
        try:
            stored, pools = await lock_subscription(call, due)
        except Refusal:
            # Somebody deleted it in this moment: there is nothing left to do with it.
            break
        booked = await scheduled_changes(call.tx, (due,))
        step = _first_due(next_step(stored), booked, now=call.now)
        if step is None:
            break
        if isinstance(step, LifeStep):
            after, at = step.after, step.at
        else:
            after, at = (
                await effect_of(call, stored, pools[stored.sku_no], step),
                step.effective_at,
            )
        await write_purchase(call, stored, after, at=at)
        await recount(call, pools)
    return True


def _first_due(
    step: LifeStep | None, booked: Sequence[SeatChange], *, now: datetime
) -> LifeStep | SeatChange | None:
    """What is due first; a change that is booked for the end of a term comes before that end."""
    change = next(iter(booked), None)
    is_due = change is not None and change.effective_at <= now
    if change is not None and is_due and (step is None or change.effective_at <= step.at):
        return change
    return step if step is not None and step.at <= now else None
