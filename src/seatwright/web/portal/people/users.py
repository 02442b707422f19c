"""`/users`: finding people, and one person's licenses: what they have, why, and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from seatwright.app.assign.overview import PersonLicense, licenses_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user, page_of_users
from seatwright.app.history import Question, history_page, understand
from seatwright.app.people_filter import people_filter_of
from seatwright.app.platform.reach import Reach, apps_of_person
from seatwright.app.requests.queue import LineSeen, QueueOrder, queue_page
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.app.why import explain
from seatwright.domain.assignments import SourceKind
from seatwright.domain.directory import User, text_key
from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.why import Outcome
from seatwright.postgres.labels import group_labels
from seatwright.postgres.platform_things import ThingPlace
from seatwright.postgres.requests import groups_of_user
from seatwright.postgres.user_read import held_by
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.events import Event, events_of
from seatwright.web.portal.frame.pages import page
from seatwright.web.portal.people.fixes import FixOffer, offer_of

ROWS = 50
EVENTS = 15
GROUPS_SHOWN = 200
REQUESTS_SHOWN = 10
APPS_SHOWN = 8
FIXES_SHOWN = 2
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
    """Who they are, what they have and why, what they can open, and what happened."""
    person = await find_user(call, user)
    groups = await groups_of_user(call.tx, person.user_no)
    labels = await group_labels(call.tx, sorted(groups)[:GROUPS_SHOWN])
    licenses = await licenses_of(call, person.user_no)
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return page(
        request,
        "user.html",
        person=person,
        licenses=licenses,
        fixes=await _fixes(call, person, licenses),
        catalog=await catalog_of(call),
        direct=SourceKind.DIRECT,
        products=_assignable(call, seats, licenses),
        everything=seats,
        groups=sorted(labels.values(), key=lambda one: text_key(one.display_name)),
        groups_in_all=len(groups),
        reach=await _reach(call, person),
        requests=await _requests(call, person),
        events=await _events(call, person),
        done=done,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignable:
    """What somebody may be given: what is new to them before what they have already."""

    new: tuple[SkuSeats, ...]
    had: tuple[SkuSeats, ...]


def _assignable(
    call: Call, seats: Sequence[SkuSeats], licenses: Sequence[PersonLicense]
) -> Assignable | None:
    if not call.principal.may(Permission.ASSIGN_TO_USERS):
        return None
    had = {one.sku.sku_no for one in licenses}
    able = [one for one in seats if one.sku.is_assignable_to_users]
    return Assignable(
        new=tuple(one for one in able if one.sku.sku_no not in had),
        had=tuple(one for one in able if one.sku.sku_no in had),
    )


async def _fixes(
    call: Call, person: User, licenses: Sequence[PersonLicense]
) -> dict[SkuNo, list[FixOffer]]:
    """What would mend the first errors; the page of each product says more."""
    broken = [one for one in licenses if one.state in {"Error", "Waiting", "ActiveWithError"}]
    found: dict[SkuNo, list[FixOffer]] = {}
    for one in broken[:FIXES_SHOWN]:
        answer = await explain(call, str(person.id), one.sku.part_number)
        if answer.account.outcome is not Outcome.HELD:
            found[one.sku.sku_no] = [offer_of(call, fix) for fix in answer.fixes]
    return found


async def _reach(call: Call, person: User) -> Reach | None:
    if not call.principal.may(Permission.READ_PLATFORM):
        return None
    return await apps_of_person(call, person, after=ThingPlace(), limit=APPS_SHOWN)


async def _requests(call: Call, person: User) -> list[LineSeen] | None:
    """Their newest requests; None for who may not see those of others."""
    if not call.principal.may(Permission.READ_ANY_REQUEST):
        return None
    order = QueueOrder(person=str(person.id))
    return (await queue_page(call, order, after=None, limit=REQUESTS_SHOWN))[:REQUESTS_SHOWN]


async def _events(call: Call, person: User) -> tuple[Event, ...]:
    if not call.principal.may(Permission.READ_HISTORY):
        return ()
    wanted = await understand(call, Question(user=str(person.id)))
    return await events_of(call, await history_page(call, wanted, before=None, limit=EVENTS))


USER_PAGES = (users, one_user)
