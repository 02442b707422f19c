"""`/groups`: what groups give to whom, and one group: its rule, members, licenses and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group, page_of_groups, see_groups
from seatwright.app.directory.members import page_of_members
from seatwright.app.dynamic.trials import Trial
from seatwright.app.group_licenses import errors_of_group, products_of_group, require_group
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.directory import Group, text_key
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.language import gettext, marked
from seatwright.web.portal.frame.pages import is_told, page

ROWS = 50
ERRORS_SHOWN = 50
PRODUCTS_MAX = 1000

_DONE: Final[Mapping[str, str]] = {
    "made": marked("Done: the group is there."),
    "assigned": marked("Done: members get it now, and whoever joins later."),
    "removed": marked("Done: the group gives it no more."),
    "reprocessed": marked("Done: the licenses of every member are checked again."),
    "joined": marked("Done: who joined has what the group gives."),
    "left": marked("Done: what only the group gave is gone."),
    "ruled": marked("Done: people come and go by the rule."),
}
"""Said to whoever may not read the history, which tells more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """A rule as somebody wrote it: what is wrong with it, or what it says of people."""

    text: str
    people: str = ""
    problem: str | None = None
    trials: tuple[Trial, ...] = ()


@get("/groups", opt=needs(Permission.READ_DIRECTORY))
async def groups(
    call: TheCall,
    request: AnyRequest,
    *,
    search: FromQuery[str | None] = None,
    licensed: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The table of source 004: group, licenses, members, status."""
    keys = keys_of(cursor, str, int)
    found = await page_of_groups(
        call,
        search=search or None,
        is_licensed={"yes": True, "no": False}.get(licensed or ""),
        after=None if keys is None else (str(keys[0]), int(keys[1])),
        limit=ROWS,
    )
    rows = found[:ROWS]
    given = {"search": search, "licensed": licensed}
    chosen = {name: value for name, value in given.items() if value}
    more = None
    if len(found) > ROWS:
        last = rows[-1].group
        place = cursor_of(text_key(last.display_name), last.group_no)
        more = "/groups?" + urlencode({**chosen, "cursor": place})
    return page(request, "groups.html", groups=rows, more=more, chosen=chosen)


@get("/groups/{group:str}", opt=needs(Permission.READ_DIRECTORY))
async def one_group(
    call: TheCall,
    request: AnyRequest,
    *,
    group: FromPath[str],
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What it gives, to whom, by which rule, and who does not get it."""
    return await group_page(call, request, await find_group(call, group), cursor=cursor, done=done)


async def group_page(
    call: Call,
    request: AnyRequest,
    found: Group,
    *,
    cursor: str | None = None,
    done: str | None = None,
    rule: RuleShown | None = None,
) -> Response[bytes]:
    """The page of a group; `rule` is one that was tried or refused, to be shown in its form."""
    group = str(found.id)
    (seen,) = await see_groups(call, (found,))
    keys = keys_of(cursor, str, int)
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    members = await page_of_members(call, group, transitive=False, after=after, limit=ROWS)
    people = members.people[:ROWS]
    more = None
    if len(members.people) > ROWS:
        place = cursor_of(text_key(people[-1].display_name), people[-1].user_no)
        more = f"/groups/{found.id}?{urlencode({'cursor': place})}"
    return page(
        request,
        "group.html",
        status=200 if rule is None or rule.problem is None else 400,
        rule=rule,
        seen=seen,
        inner=members.groups,
        people=people,
        more=more,
        given=await products_of_group(call, await require_group(call, group)),
        errors=(await errors_of_group(call, group, after=(0, 0), limit=ERRORS_SHOWN))[
            :ERRORS_SHOWN
        ],
        catalog=await catalog_of(call),
        products=await _products(call),
        done=done,
        done_words="" if is_told(request) else _done_words(done),
    )


def _done_words(done: str | None) -> str:
    words = _DONE.get(done or "")
    return gettext(words) if words else ""


async def _products(call: Call) -> list[SkuSeats]:
    if not call.principal.may(Permission.ASSIGN_TO_GROUPS):
        return []
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


GROUP_PAGES = (groups, one_group)
