"""`/find`: the search box of every page, which finds people, products and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app.call import Call
from seatwright.app.directory.groups import page_of_groups
from seatwright.app.directory.suggestions import suggest
from seatwright.app.directory.users import page_of_users
from seatwright.app.seats import list_seats
from seatwright.domain.directory import UserQuery
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import page, see

SHOWN_MAX: Final = 8
"""Of each kind; the list of the kind shows all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that the words fit: its name, its page, and what tells it from its like."""

    name: str
    path: str
    beside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKind:
    """What was found of one kind; `all_path` is the list of all of them, where there are more."""

    kind: str
    things: tuple[Found, ...]
    all_path: str | None


@get("/find", opt=needs(Permission.READ_DIRECTORY))
async def find(
    call: TheCall, request: AnyRequest, *, search: FromQuery[str | None] = None
) -> Response[bytes] | Response[None]:
    """What somebody looks for; the only thing that there is is shown at once."""
    words = (search or "").strip()
    kinds = [await _people(call, words), await _products(call, words), await _groups(call, words)]
    found = [one for one in kinds if words and one.things]
    match [thing for one in found for thing in one.things]:
        case [only]:
            return see(only.path)
    return page(request, "find.html", search=words, kinds=found)


async def _people(call: Call, words: str) -> FoundKind:
    people = await page_of_users(call, UserQuery(search=words), after=None, limit=SHOWN_MAX)
    things = [
        Found(
            name=one.display_name,
            path=f"/users/{one.id}",
            beside=" · ".join(filter(None, (one.user_principal_name, one.department))),
        )
        for one in people
    ]
    return _kind("people", things, "/users", words)


async def _products(call: Call, words: str) -> FoundKind:
    if not call.principal.may(Permission.READ_LICENSES):
        return FoundKind(kind="products", things=(), all_path=None)
    seats = await list_seats(call, is_all=False, after=0, limit=SHOWN_MAX, search=words or None)
    things = [
        Found(
            name=one.sku.display_name,
            path=f"/licenses/{one.sku.part_number}",
            beside=one.sku.part_number,
        )
        for one in seats
    ]
    return _kind("products", things, "/licenses", words)


async def _groups(call: Call, words: str) -> FoundKind:
    groups = await page_of_groups(call, search=words, is_licensed=None, after=None, limit=SHOWN_MAX)
    things = [
        Found(name=one.group.display_name, path=f"/groups/{one.group.id}", beside="")
        for one in groups
    ]
    return _kind("groups", things, "/groups", words)


def _kind(kind: str, things: list[Found], path: str, words: str) -> FoundKind:
    has_more = len(things) > SHOWN_MAX
    return FoundKind(
        kind=kind,
        things=tuple(things[:SHOWN_MAX]),
        all_path=f"{path}?{urlencode({'search': words})}" if has_more else None,
    )


@get("/find/suggestions", opt=needs(Permission.READ_DIRECTORY))
async def suggestions(
    call: TheCall,
    request: AnyRequest,
    *,
    search: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
) -> Response[bytes]:
    """A part of a page: the first of each kind, for the list below the search box.

    `kind=people` is for a field that a person belongs into: nothing but people.
    """
    found = await suggest(call, search or "", is_people_only=kind == "people")
    return page(request, "find_suggestions.html", found=found)


FIND_PAGES = (find, suggestions)
