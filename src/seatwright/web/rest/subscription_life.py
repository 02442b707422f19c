"""`/api/subscriptions/{id}/renew` and its neighbours: the life of purchases, and booked changes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import seat_changes, subscription_life
from seatwright.domain.roles import Permission
from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.subscriptions import parse_moment
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keys_of, keyset_page, page_limit
from seatwright.web.rest.subscriptions import SubscriptionShape, subscription_answer, uuid_in


class Renewal(Body, kw_only=True, frozen=True):
    """A new term: by default as many units, at the same price, for `termMonths`.

    `until` is the end of the term, in ISO 8601.
    """

    units: int | None = None
    until: str | None = None
    unit_price: Decimal | None = None


class SeatOrder(Body, kw_only=True, frozen=True):
    """Another number of units from `effectiveAt` on, by default from the next billing cycle."""

    units: int
    effective_at: str | None = None
    note: str | None = None


class SeatChangeShape(Shape, kw_only=True, frozen=True):
    """A booked change of units; `state` is scheduled, done, refused or cancelled.

    `reason` and `message` say why it was refused when its day came.
    """

    id: UUID
    subscription_id: UUID
    units: int
    units_before: int
    effective_at: datetime
    state: str
    note: str | None
    reason: str | None
    message: str | None
    created_at: datetime
    ended_at: datetime | None


def _shape(one: SeatChange) -> SeatChangeShape:
    return SeatChangeShape(
        id=one.id,
        subscription_id=one.subscription_id,
        units=one.units,
        units_before=one.units_before,
        effective_at=one.effective_at,
        state=one.state.value,
        note=one.note,
        reason=None if one.reason is None else one.reason.value,
        message=one.message,
        created_at=one.created_at,
        ended_at=one.ended_at,
    )


@post(
    "/api/subscriptions/{subscription_id:uuid}/renew",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Renew a subscription",
    status_code=200,
)
async def renew_subscription(
    call: TheCall, subscription_id: FromPath[UUID], data: JSONBody[Renewal]
) -> SubscriptionShape:
    """A new term, also for one that has expired or is suspended; what is deleted stays so.

    Fewer units than are in use are a fact: the product is over-assigned and has 90 days.
    """
    done = await subscription_life.renew(
        call,
        subscription_id,
        units=data.units,
        until=None if data.until is None else parse_moment(data.until, name="until"),
        unit_price=data.unit_price,
    )
    return await subscription_answer(call, done)


@post(
    "/api/subscriptions/{subscription_id:uuid}/cancel",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Cancel a subscription",
    status_code=200,
)
async def cancel_subscription(
    call: TheCall, subscription_id: FromPath[UUID], external: FromQuery[bool] = False
) -> SubscriptionShape:
    """At once within seven days of a term's beginning, without grace; else when the term ends."""
    done = await subscription_life.cancel(call, subscription_id, is_external=external)
    return await subscription_answer(call, done)


@post(
    "/api/subscriptions/{subscription_id:uuid}/seat-changes",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Book another number of seats",
)
async def book_seat_change(
    call: TheCall, subscription_id: FromPath[UUID], data: JSONBody[SeatOrder]
) -> SeatChangeShape:
    """Fewer take effect when a billing cycle begins; whether they fit is looked at again then."""
    at = None if data.effective_at is None else parse_moment(data.effective_at, name="effectiveAt")
    booked = await subscription_life.book_seats(
        call, subscription_id, units=data.units, at=at, note=data.note
    )
    return _shape(booked)


@get(
    "/api/seat-changes",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="List booked changes of seats",
)
async def list_seat_changes(
    call: TheCall,
    subscription: FromQuery[UUID | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[SeatChangeShape]:
    """What is booked and what became of what was, the latest day first."""
    size = page_limit(limit)
    keys = keys_of(cursor, str, str)
    after = None
    if keys is not None:
        after = (parse_moment(str(keys[0]), name="cursor"), uuid_in(str(keys[1])))
    rows = await seat_changes.page_of_seat_changes(
        call, subscription=subscription, after=after, limit=size
    )
    return keyset_page(
        rows,
        size=size,
        shape=_shape,
        place=lambda one: (one.effective_at.isoformat(), str(one.id)),
    )


@get(
    "/api/seat-changes/{change_id:uuid}",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="Read a booked change of seats",
)
async def get_seat_change(call: TheCall, change_id: FromPath[UUID]) -> SeatChangeShape:
    """What is booked, or what became of it."""
    return _shape(await seat_changes.get_seat_change(call, change_id))


@delete(
    "/api/seat-changes/{change_id:uuid}",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Cancel a booked change of seats",
)
async def cancel_seat_change(call: TheCall, change_id: FromPath[UUID]) -> None:
    """Only one whose day has not come; the row stays to be read."""
    await subscription_life.cancel_booked(call, change_id)


SUBSCRIPTION_LIFE_ROUTES = (
    renew_subscription,
    cancel_subscription,
    book_seat_change,
    list_seat_changes,
    get_seat_change,
    cancel_seat_change,
)
