"""`/users`: finding people, and one person's licenses: what they have, why, and changing it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from seatwright.app.assign.overview import licenses_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user, page_of_users
from seatwright.app.history import Question, history_page, understand
from seatwright.app.people_filter import people_filter_of
from seatwright.app.requests.queue import LineSeen, QueueOrder, queue_page
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.assignments import SourceKind
from seatwright.domain.directory import User, text_key
from seatwright.domain.roles import Permission
from seatwright.postgres.labels import group_labels
from seatwright.postgres.requests import groups_of_user
from seatwright.postgres.user_read import held_by
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.events import Event, events_of
from seatwright.web.portal.frame.pages import page

ROWS = 50
EVENTS = 15
GROUPS_SHOWN = 200
REQUESTS_SHOWN = 10
PRODUCTS_MAX = 1000


@get("/users", opt=needs(Permission.READ_DIRECTORY))
async def users(
    call: TheCall, request: AnyRequest, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """People by name; the filters are in the address, so that a list can be shared."""
    wanted = await people_filter_of(call, request.query_params)
    keys = keys_of(cursor, str, int)
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    found = await page_of_users(call, wanted.query, after=after, limit=ROWS)
    rows = found[:ROWS]
    more = None
    if len(found) > ROWS:
        last = rows[-1]
        place = cursor_of(text_key(last.display_name), last.user_no)
        more = "/users?" + urlencode({**wanted.chosen, "cursor": place})
    return page(
        request,
        "users.html",
        users=rows,
        more=more,
        chosen=wanted.chosen,
        address=wanted.address,
        holdings=await held_by(call.tx, [one.user_no for one in rows]),
        catalog=await catalog_of(call),
        products=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
    )


@get("/users/{user:str}", opt=needs(Permission.READ_DIRECTORY))
async def one_user(
    call: TheCall,
    request: AnyRequest,
    user: FromPath[str],
    done: Annotated[str | None, QueryParameter(name="done")] = None,
) -> Response[bytes]:
    """Who they are, what they have and why, and what happened."""
    person = await find_user(call, user)
    groups = await groups_of_user(call.tx, person.user_no)
    labels = await group_labels(call.tx, sorted(groups)[:GROUPS_SHOWN])
    return page(
        request,
        "user.html",
        person=person,
        licenses=await licenses_of(call, person.user_no),
        catalog=await catalog_of(call),
        direct=SourceKind.DIRECT,
        products=await _products(call),
        everything=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        groups=sorted(labels.values(), key=lambda one: text_key(one.display_name)),
        requests=await _requests(call, person),
        events=await _events(call, person),
        done=done,
    )


async def _requests(call: Call, person: User) -> list[LineSeen]:
    if not call.principal.may(Permission.READ_ANY_REQUEST):
        return []
    order = QueueOrder(person=str(person.id))
    return (await queue_page(call, order, after=None, limit=REQUESTS_SHOWN))[:REQUESTS_SHOWN]


async def _products(call: Call) -> list[SkuSeats]:
    if not call.principal.may(Permission.ASSIGN_TO_USERS):
        return []
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


async def _events(call: Call, person: User) -> tuple[Event, ...]:
    if not call.principal.may(Permission.READ_HISTORY):
        return ()
    wanted = await understand(call, Question(user=str(person.id)))
    return await events_of(call, await history_page(call, wanted, before=None, limit=EVENTS))


USER_PAGES = (users, one_user)
