"""`/api/identity/licenses/{sku}/seat-timeline`, and whom to ask where too many have a product."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery

from seatwright.app.seat_timeline import seat_timeline, whom_to_ask
from seatwright.domain.roles import Permission
from seatwright.domain.seat_timeline import SeatPoint
from seatwright.domain.subscriptions import parse_moment
from seatwright.postgres.seat_timeline import NamedPerson, PersonToAsk
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape, cursor_of, keys_of, page_limit

MONTHS_DEFAULT = 12


class SeatEventShape(Shape, kw_only=True, frozen=True):
    """Something that is due: by how much the seats and the need for them change.

    `kind` is subscriptionStarts, subscriptionState, seatChange, licensesStart, licensesEnd or
    holdsEnd.
    """

    kind: str
    seats: int
    needed: int
    words: str


class SeatPointShape(Shape, kw_only=True, frozen=True):
    """From `at` on: the seats that are there, those that are needed, and what is left."""

    at: datetime
    seats: int
    needed: int
    free: int
    events: list[SeatEventShape]


class SeatTimelineShape(Shape, kw_only=True, frozen=True):
    """A product from now until a day; `shortFrom` is the first moment without enough seats."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    until: datetime
    short_from: datetime | None
    points: list[SeatPointShape]


class AskedPerson(Shape, kw_only=True, frozen=True):
    """A person's names."""

    id: UUID
    user_principal_name: str
    display_name: str


class PersonToAskShape(Shape, kw_only=True, frozen=True):
    """A holder, when they last signed in, and who leads them."""

    user: AskedPerson
    last_sign_in_at: datetime | None
    manager: AskedPerson | None


class ToAskShape(Shape, kw_only=True, frozen=True):
    """Whom to ask: `seatsOver` seats too many are in use, to be resolved by `resolveBy`."""

    sku_part_number: str
    display_name: str
    seats_over: int
    resolve_by: datetime | None
    value: list[PersonToAskShape]
    next_cursor: str | None


def _point(one: SeatPoint) -> SeatPointShape:
    return SeatPointShape(
        at=one.at,
        seats=one.seats,
        needed=one.needed,
        free=one.free,
        events=[
            SeatEventShape(
                kind=event.kind.value, seats=event.seats, needed=event.needed, words=event.words
            )
            for event in one.events
        ],
    )


def _named(one: NamedPerson) -> AskedPerson:
    return AskedPerson(id=one.id, user_principal_name=one.upn, display_name=one.display_name)


def _asked(one: PersonToAsk) -> PersonToAskShape:
    return PersonToAskShape(
        user=_named(one.person),
        last_sign_in_at=one.last_sign_in_at,
        manager=None if one.manager is None else _named(one.manager),
    )


@get(
    "/api/identity/licenses/{sku:str}/seat-timeline",
    opt=needs(Permission.READ_LICENSES),
    summary="Seats of a product over the months to come",
)
async def get_seat_timeline(
    call: TheCall, sku: FromPath[str], months: FromQuery[int] = MONTHS_DEFAULT
) -> SeatTimelineShape:
    """Seats promised, expiring and needed, at every moment at which something changes."""
    found = await seat_timeline(call, sku, months=months)
    return SeatTimelineShape(
        sku_id=found.seats.sku.sku_id,
        sku_part_number=found.seats.sku.part_number,
        display_name=found.seats.sku.display_name,
        until=found.until,
        short_from=next((point.at for point in found.points if point.free < 0), None),
        points=[_point(point) for point in found.points],
    )


@get(
    "/api/identity/licenses/{sku:str}/to-ask",
    opt=needs(Permission.READ_LICENSES),
    summary="Whom to ask where too many have a product",
)
async def list_people_to_ask(
    call: TheCall,
    sku: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> ToAskShape:
    """Those who signed in longest ago, or never, first, with their managers; nobody is asked yet.

    The list is empty unless more seats are in use than were bought.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after: tuple[datetime | None, int] = (None, -1)
    if keys is not None:
        moment = str(keys[0])
        after = (parse_moment(moment, name="cursor") if moment else None, int(keys[1]))
    seats, rows = await whom_to_ask(call, sku, after=after, limit=size)
    last = rows[size - 1] if len(rows) > size else None
    seen = None if last is None or last.last_sign_in_at is None else last.last_sign_in_at
    return ToAskShape(
        sku_part_number=seats.sku.part_number,
        display_name=seats.sku.display_name,
        seats_over=seats.pool.seats_over,
        resolve_by=seats.resolve_by,
        value=[_asked(row) for row in rows[:size]],
        next_cursor=(
            None if last is None else cursor_of("" if seen is None else seen.isoformat(), last.user)
        ),
    )


SEAT_TIMELINE_ROUTES = (get_seat_timeline, list_people_to_ask)
