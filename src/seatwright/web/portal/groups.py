"""`/groups`: what groups give to whom, and one group: its rule, members, licenses and errors."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group, page_of_groups, see_groups
from seatwright.app.directory.members import page_of_members
from seatwright.app.group_licenses import (
    GroupOrder,
    errors_of_group,
    license_group,
    products_of_group,
    reprocess_group,
    require_group,
    unlicense_group,
)
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.directory import text_key
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.pages import page, see

ROWS = 50
ERRORS_SHOWN = 50
PRODUCTS_MAX = 1000


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
    found = await find_group(call, group)
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
    )


async def _products(call: Call) -> list[SkuSeats]:
    if not call.principal.may(Permission.ASSIGN_TO_GROUPS):
        return []
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


@post("/groups/{group:str}/licenses", opt=needs(Permission.ASSIGN_TO_GROUPS), status_code=303)
async def assign_to_group(
    call: TheCall, request: AnyRequest, group: FromPath[str]
) -> Response[None]:
    """Give the product of the form to everybody in the group, now and as they join."""
    found = await find_group(call, group)
    await license_group(call, str(found.id), GroupOrder(sku=form_of(request).text("sku") or ""))
    return see(f"/groups/{found.id}?done=assigned")


@post(
    "/groups/{group:str}/licenses/{sku:str}/unassign",
    opt=needs(Permission.ASSIGN_TO_GROUPS),
    status_code=303,
)
async def unassign_from_group(
    call: TheCall, group: FromPath[str], sku: FromPath[str]
) -> Response[None]:
    """The group gives the product no more; what its members have from elsewhere stays."""
    found = await find_group(call, group)
    await unlicense_group(call, str(found.id), sku)
    return see(f"/groups/{found.id}?done=removed")


@post("/groups/{group:str}/reprocess", opt=needs(Permission.REPROCESS), status_code=303)
async def look_again(call: TheCall, group: FromPath[str]) -> Response[None]:
    """Look at every member again."""
    found = await find_group(call, group)
    await reprocess_group(call, str(found.id))
    return see(f"/groups/{found.id}?done=reprocessed")


GROUP_PAGES = (groups, one_group, assign_to_group, unassign_from_group, look_again)
