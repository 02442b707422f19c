"""`/licenses`: products with their seats, who holds one and who waits."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from seatwright.app.seats import get_seats, list_holders, list_seats, list_waiting
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.access import AnyRequest, TheCall, needs
from seatwright.web.portal.pages import page

PRODUCTS_MAX = 1000
ROWS = 50
WAITING_SHOWN = 20


@get("/licenses", opt=needs(Permission.READ_LICENSES))
async def licenses(
    call: TheCall, request: AnyRequest, search: FromQuery[str | None] = None
) -> Response[bytes]:
    """Products that somebody bought, has or waits for."""
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX, search=search or None)
    return page(request, "licenses.html", seats=seats, search=search or "")


@get("/licenses/{sku:str}", opt=needs(Permission.READ_LICENSES))
async def one_license(
    call: TheCall, request: AnyRequest, sku: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """One product: its seats, its waiting list with places, and its holders page by page."""
    seats = await get_seats(call, sku)
    keys = keys_of(cursor, int)
    holders = await list_holders(call, sku, after=int(keys[0]) if keys else 0, limit=ROWS)
    rows = holders.holders[:ROWS]
    more = None
    if len(holders.holders) > ROWS:
        more = f"/licenses/{seats.sku.part_number}?cursor={cursor_of(rows[-1].person.user_no)}"
    waiting = await list_waiting(call, sku, after=None, limit=WAITING_SHOWN)
    return page(
        request,
        "license.html",
        one=seats,
        holders=rows,
        groups=holders.groups,
        more=more,
        waiting=waiting.waiting[:WAITING_SHOWN],
    )


LICENSE_PAGES = (licenses, one_license)
