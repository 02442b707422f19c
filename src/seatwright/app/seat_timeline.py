"""The seats of a product over the months to come, and whom to ask where too many have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.seats import SkuSeats, get_seats
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.offers import months_after
from seatwright.domain.seat_timeline import (
    MONTHS_MAX,
    SeatEvent,
    SeatEventKind,
    SeatPoint,
    purchase_events,
    timeline_of,
)
from seatwright.domain.settings import semantics_in
from seatwright.postgres.seat_changes import scheduled_changes
from seatwright.postgres.seat_timeline import DueCount, PersonToAsk, due_seats, people_to_ask
from seatwright.postgres.subscriptions import list_subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTimeline:
    """The seats of a product from now until a moment, at every point where something changes."""

    seats: SkuSeats
    until: datetime
    points: tuple[SeatPoint, ...]


async def seat_timeline(call: Call, text: str, *, months: int) -> SeatTimeline:
    """What is there and what is needed, as far as it is booked or known today.

    Needed are the seats in use, the held ones and those that people wait for.

    Raises Refusal unknownSku, and invalidValue for a number of months that is too large.
    """
    if not 1 <= months <= MONTHS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE, f"months is {months}: give a number from 1 to {MONTHS_MAX}."
        )
    seats = await get_seats(call, text)
    sku, until = seats.sku.sku_no, months_after(call.now, months)
    warning_counts = semantics_in(call.tenant.settings).warning_units_are_assignable
    purchases = await list_subscriptions(call.tx, sku_nos=(sku,))
    booked = await scheduled_changes(call.tx, [one.subscription_id for one in purchases])
    events = [
        event
        for one in purchases
        for event in purchase_events(one, booked, until=until, warning_counts=warning_counts)
    ]
    due = await due_seats(call.tx, sku, now=call.now, until=until)
    events += [_event(one, SeatEventKind.LICENSES_START, 1) for one in due.starts]
    events += [_event(one, SeatEventKind.LICENSES_END, -1) for one in due.ends]
    events += [_event(one, SeatEventKind.HOLDS_END, -1) for one in due.holds]
    points = timeline_of(
        events,
        now=call.now,
        seats=seats.pool.assignable,
        needed=seats.pool.in_use + seats.waiting,
    )
    return SeatTimeline(seats=seats, until=until, points=points)


def _event(one: DueCount, kind: SeatEventKind, sign: int) -> SeatEvent:
    noun = "license" if kind is not SeatEventKind.HOLDS_END else "held seat"
    what = noun if one.count == 1 else f"{noun}s"
    if kind is SeatEventKind.LICENSES_START:
        verb = "begins" if one.count == 1 else "begin"
    else:
        verb = "ends" if one.count == 1 else "end"
    return SeatEvent(
        at=one.at, kind=kind, needed=sign * one.count, words=f"{one.count} {what} {verb}"
    )


async def whom_to_ask(
    call: Call, text: str, *, after: tuple[datetime | None, int], limit: int
) -> tuple[SkuSeats, tuple[PersonToAsk, ...]]:
    """An over-assigned product, and its holders by when they were last active; nobody otherwise.

    One more than `limit` if there are more. Raises Refusal unknownSku.
    """
    seats = await get_seats(call, text)
    if seats.pool.seats_over == 0:
        return seats, ()
    return seats, await people_to_ask(call.tx, seats.sku.sku_no, after=after, limit=limit + 1)
