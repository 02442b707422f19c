"""`/idle`: who has not signed in for long and holds a seat, to take it back from many."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app.catalog import catalog_of
from seatwright.app.history import parse_bound
from seatwright.app.idle_people import IDLE_AFTER, idle_people
from seatwright.app.seats import list_seats
from seatwright.domain.ids import UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.idle import LONGEST_AGO, IdlePlace
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import page

ROWS = 50
PRODUCTS_MAX = 1000


@get("/idle", opt=needs(Permission.READ_DIRECTORY))
async def idle_users(
    call: TheCall,
    request: AnyRequest,
    *,
    product: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Longest silent first; a page may be short and still go on."""
    catalog = await catalog_of(call)
    sku = catalog.require_sku(product) if product else None
    found = await idle_people(
        call, sku=None if sku is None else sku.sku_no, after=_place(cursor), limit=ROWS
    )
    more = None
    if found.goes_on_after is not None:
        last = found.goes_on_after
        query = {"product": product or "", "cursor": cursor_of(last.at.isoformat(), last.user_no)}
        more = "/idle?" + urlencode({name: text for name, text in query.items() if text})
    return page(
        request,
        "users_idle.html",
        people=found.people,
        product=sku,
        products=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        catalog=catalog,
        days=IDLE_AFTER.days,
        more=more,
    )


def _place(cursor: str | None) -> IdlePlace:
    keys = keys_of(cursor, str, int)
    if keys is None:
        return LONGEST_AGO
    number = max(0, min(int(keys[1]), 2**31 - 1))
    return IdlePlace(at=parse_bound("cursor", str(keys[0])), user_no=UserNo(number))


IDLE_PAGES = (idle_users,)
