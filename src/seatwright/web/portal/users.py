"""`/users`: finding people, and one person's licenses: what they have, why, and changing it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from seatwright.app.assign import AssignOrder, assign, unassign
from seatwright.app.assign.overview import licenses_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user, page_of_users
from seatwright.app.history import Question, history_page, understand
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.assignments import SourceKind
from seatwright.domain.directory import User, UserQuery, text_key
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.events import Event, events_of
from seatwright.web.portal.pages import page, see

ROWS = 50
EVENTS = 15
PRODUCTS_MAX = 1000


@get("/users", opt=needs(Permission.READ_DIRECTORY))
async def users(
    call: TheCall,
    request: AnyRequest,
    *,
    search: FromQuery[str | None] = None,
    department: FromQuery[str | None] = None,
    enabled: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """People by name; the filters are in the address, so that a list can be shared."""
    query = UserQuery(
        search=search or None,
        department=department or None,
        is_enabled={"yes": True, "no": False}.get(enabled or ""),
    )
    keys = keys_of(cursor, str, int)
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    found = await page_of_users(call, query, after=after, limit=ROWS)
    rows = found[:ROWS]
    kept = {"search": search, "department": department, "enabled": enabled}
    chosen = {name: value for name, value in kept.items() if value}
    more = None
    if len(found) > ROWS:
        last = rows[-1]
        place = cursor_of(text_key(last.display_name), last.user_no)
        more = "/users?" + urlencode({**chosen, "cursor": place})
    return page(
        request, "users.html", users=rows, more=more, chosen=chosen, is_first=cursor is None
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
    return page(
        request,
        "user.html",
        person=person,
        licenses=await licenses_of(call, person.user_no),
        catalog=await catalog_of(call),
        direct=SourceKind.DIRECT,
        products=await _products(call),
        events=await _events(call, person),
        done=done,
    )


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


@post("/users/{user:str}/licenses", opt=needs(Permission.ASSIGN_TO_USERS), status_code=303)
async def assign_to_user(call: TheCall, request: AnyRequest, user: FromPath[str]) -> Response[None]:
    """Give the product of the form."""
    form = form_of(request)
    person = await find_user(call, user)
    order = AssignOrder(sku=form.text("sku") or "", usage_location=form.text("usageLocation"))
    await assign(call, str(person.id), order)
    return see(f"/users/{person.id}?done=assigned")


@post(
    "/users/{user:str}/licenses/{sku:str}/unassign",
    opt=needs(Permission.ASSIGN_TO_USERS),
    status_code=303,
)
async def unassign_from_user(
    call: TheCall, user: FromPath[str], sku: FromPath[str]
) -> Response[None]:
    """Take the person's own assignment; what groups give stays."""
    person = await find_user(call, user)
    await unassign(call, str(person.id), sku)
    return see(f"/users/{person.id}?done=removed")


USER_PAGES = (users, one_user, assign_to_user, unassign_from_user)
