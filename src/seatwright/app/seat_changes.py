"""Changes of a purchase's units that wait for their day: booking, cancelling, taking effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record
from seatwright.app.subscription_words import seats_in_use
from seatwright.app.telling.tell import tell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.offers import next_cycle
from seatwright.domain.seat_changes import SeatChange, SeatChangeState
from seatwright.domain.settings import semantics_in
from seatwright.domain.subscription_states import PurchaseAction, gives_seats, require_allowed
from seatwright.domain.subscriptions import Subscription, check_subscription
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.seat_changes import (
    end_seat_change,
    find_seat_change,
    insert_seat_change,
    list_seat_changes,
    scheduled_changes,
)
from seatwright.postgres.subscriptions import PoolSeats, list_subscriptions

NOTE_LENGTH_MAX = 500


def next_billing(one: Subscription, *, after: datetime) -> datetime:
    """When the next billing cycle of a purchase begins: the day of a reduction (T-141)."""
    return next_cycle(one.starts_at, months=one.billing_months, after=after)


async def book_reduction(
    call: Call, stored: Subscription, pool: PoolSeats, *, units: int
) -> SeatChange:
    """Book fewer units for the next billing cycle; the same one twice is booked once.

    Raises Refusal seatsInUse if there would be fewer seats than are in use, belowOfferMinimum,
    and seatChangeScheduled where another number is booked for that day.
    """
    return await book(
        call, stored, pool, units=units, at=next_billing(stored, after=call.now), note=None
    )


async def book(
    call: Call,
    stored: Subscription,
    pool: PoolSeats,
    *,
    units: int,
    at: datetime,
    note: str | None,
) -> SeatChange:
    """Book a number of units for a moment; the caller holds the lock of the pool.

    Raises Refusal invalidValue for a moment that is too early or a note that is too long, and
    what `book_reduction` says.
    """
    is_less = units < stored.units
    require_allowed(stored, PurchaseAction.REDUCE if is_less else PurchaseAction.RAISE)
    check_subscription(replace(stored, units=units))
    _check_moment(call, stored, at, is_less=is_less)
    if note is not None and len(note) > NOTE_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"note has {len(note)} characters: give at most {NOTE_LENGTH_MAX}.",
        )
    if is_less:
        await _refuse_below_use(call, stored, pool, units=units)
    new = SeatChange(
        id=uuid4(),
        subscription_id=stored.subscription_id,
        units=units,
        units_before=stored.units,
        effective_at=at,
        state=SeatChangeState.SCHEDULED,
        created_at=call.now,
        created_by=call.principal.principal_no,
        note=note or None,
    )
    there = await _booked_at(call, stored, at)
    if there is not None and there.units == units:
        return there
    if there is not None or not await insert_seat_change(call.tx, new):
        booked = there.units if there is not None else "another number of"
        raise Refusal(
            Reason.SEAT_CHANGE_SCHEDULED,
            f"A change to {booked} units is booked for {at:%Y-%m-%d %H:%M} UTC already: cancel it"
            " first (DELETE /api/seat-changes/{id}), or choose another moment.",
            context={} if there is None else {"seatChangeId": str(there.id), "units": there.units},
        )
    await record(call, _line(HistoryAction.SEAT_CHANGE_SCHEDULED, stored, new))
    return new


def _check_moment(call: Call, stored: Subscription, at: datetime, *, is_less: bool) -> None:
    earliest = next_billing(stored, after=call.now)
    if is_less and at < earliest:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"effectiveAt {at:%Y-%m-%d %H:%M} is before {earliest:%Y-%m-%d %H:%M} UTC, when the"
            " next billing cycle begins: fewer seats take effect then or later.",
            context={"earliest": earliest.isoformat()},
        )
    if at <= call.now:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"effectiveAt {at:%Y-%m-%d %H:%M} is over: give a later moment, or change the"
            " subscription at once.",
        )


async def _booked_at(call: Call, stored: Subscription, at: datetime) -> SeatChange | None:
    booked = await scheduled_changes(call.tx, (stored.subscription_id,))
    return next((one for one in booked if one.effective_at == at), None)


async def _refuse_below_use(
    call: Call, stored: Subscription, pool: PoolSeats, *, units: int
) -> None:
    """Refuse what would not fit together with every reduction of the product that is booked.

    The lock of the pool makes two administrators who reduce at once come here one by one.
    """
    siblings = await list_subscriptions(call.tx, sku_nos=(stored.sku_no,))
    least = {one.subscription_id: one.units for one in siblings if _gives_seats(call, one)}
    bought = dict(least)
    for one in await scheduled_changes(call.tx, tuple(least)):
        least[one.subscription_id] = min(least[one.subscription_id], one.units)
    if stored.subscription_id not in least:
        return
    least[stored.subscription_id] = min(least[stored.subscription_id], units)
    left = pool.assignable - sum(bought.values()) + sum(least.values())
    if left < pool.in_use:
        name = (await catalog_of(call)).sku_name(stored.sku_no)
        raise seats_in_use(pool, left, product=name, is_booked=True)


def _gives_seats(call: Call, one: Subscription) -> bool:
    counts = semantics_in(call.tenant.settings).warning_units_are_assignable
    return one.has_started and gives_seats(one.status, warning_counts=counts)


async def get_seat_change(call: Call, change_id: UUID) -> SeatChange:
    """One booked change.

    Raises Refusal unknownSeatChange.
    """
    found = await find_seat_change(call.tx, change_id)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_SEAT_CHANGE,
            f"There is no change of seats {change_id}: GET /api/seat-changes lists them.",
        )
    return found


async def page_of_seat_changes(
    call: Call, *, subscription: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[SeatChange, ...]:
    """Changes of one purchase or of all, the latest day first; one more than `limit` if so."""
    return await list_seat_changes(call.tx, subscription=subscription, after=after, limit=limit + 1)


async def cancel_seat_change(call: Call, change_id: UUID, stored: Subscription) -> SeatChange:
    """Cancel a booked change; the caller holds the lock of the pool.

    Raises Refusal unknownSeatChange, and alreadyDecided for one that has ended.
    """
    one = await get_seat_change(call, change_id)
    ended = replace(one, state=SeatChangeState.CANCELLED, ended_at=call.now)
    if not await end_seat_change(call.tx, ended):
        raise Refusal(
            Reason.ALREADY_DECIDED,
            f"The change to {one.units} units is {one.state} since"
            f" {one.ended_at:%Y-%m-%d %H:%M} UTC: only one that is scheduled can be cancelled.",
            context={"state": one.state.value},
        )
    await record(call, _line(HistoryAction.SEAT_CHANGE_CANCELLED, stored, ended))
    return ended


async def effect_of(
    call: Call, stored: Subscription, pool: PoolSeats, change: SeatChange
) -> Subscription:
    """What a purchase is after a booked change whose day has come; the same if it does not fit.

    It is looked at anew: seats may have been given out, or the purchase have ended, since it was
    booked. What became of it is stored, recorded and told.
    """
    name = (await catalog_of(call)).sku_name(stored.sku_no)
    try:
        after = _checked(call, stored, pool, change, product=name)
    except Refusal as refusal:
        after, ended = (
            stored,
            replace(
                change,
                state=SeatChangeState.REFUSED,
                reason=refusal.reason,
                message=refusal.detail,
                ended_at=call.now,
            ),
        )
        await record(call, _line(HistoryAction.SEAT_CHANGE_REFUSED, stored, ended))
    else:
        ended = replace(change, state=SeatChangeState.DONE, ended_at=call.now)
    await end_seat_change(call.tx, ended)
    await tell(call, [_told(stored, ended, product=name)])
    return after


def _checked(
    call: Call, stored: Subscription, pool: PoolSeats, change: SeatChange, *, product: str
) -> Subscription:
    is_less = change.units < stored.units
    require_allowed(stored, PurchaseAction.REDUCE if is_less else PurchaseAction.RAISE)
    after = check_subscription(replace(stored, units=change.units))
    cut = stored.units - change.units
    if is_less and _gives_seats(call, stored) and pool.assignable - cut < pool.in_use:
        raise seats_in_use(pool, pool.assignable - cut, product=product, is_booked=True)
    return after


def _told(stored: Subscription, ended: SeatChange, *, product: str) -> Telling:
    return Telling(
        kind=EventKind.SEAT_CHANGE_EFFECTIVE,
        key=str(ended.id),
        user=None,
        data={
            "product": product,
            "seatsBefore": stored.units,
            "seatsAfter": ended.units if ended.state is SeatChangeState.DONE else stored.units,
            "message": ended.message or "It took effect.",
        },
    )


def _line(action: HistoryAction, stored: Subscription, change: SeatChange) -> HistoryLine:
    return HistoryLine(
        action=action,
        sku=stored.sku_no,
        reason=None if change.reason is None else change.reason.value,
        detail={
            "subscriptionId": str(stored.subscription_id),
            "seatChangeId": str(change.id),
            "units": {"before": str(stored.units), "after": str(change.units)},
            "effectiveAt": change.effective_at.isoformat(),
        },
    )
