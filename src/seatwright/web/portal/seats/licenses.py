"""`/licenses`: products with their seats; one whole: who holds it, who waits, what was bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seat_timeline import SeatTimeline, seat_timeline, whom_to_ask
from seatwright.app.seats import get_seats, list_holders, list_seats, list_waiting
from seatwright.app.subscriptions import booked_for
from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.subscription_states import RIGHTS
from seatwright.domain.subscriptions import Subscription
from seatwright.postgres.seats import groups_giving
from seatwright.postgres.subscriptions import list_subscriptions
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import own_path, page
from seatwright.web.portal.seats.chart import SeatChart, chart_of
from seatwright.web.portal.seats.units import units_to_buy

PRODUCTS_MAX = 1000
ROWS = 50
WAITING_SHOWN = 50
ASKED_SHOWN = 10
MONTHS_AHEAD = 12


@get("/licenses", opt=needs(Permission.READ_LICENSES))
async def licenses(
    call: TheCall,
    request: AnyRequest,
    *,
    search: FromQuery[str | None] = None,
    every: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Products that somebody bought, has or waits for, or every one of the catalogue."""
    seats = await list_seats(
        call, is_all=every == "yes", after=0, limit=PRODUCTS_MAX, search=search or None
    )
    return page(request, "licenses.html", seats=seats, search=search or "", every=every == "yes")


@get("/licenses/{sku:str}", opt=needs(Permission.READ_LICENSES))
async def one_license(
    call: TheCall,
    request: AnyRequest,
    *,
    sku: FromPath[str],
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
    buy: FromQuery[str | None] = None,
) -> Response[bytes]:
    """One product: its seats, its waiting list with places, and its holders page by page.

    With `buy` the form that notes a purchase is open, with so many seats filled in, and `then` in
    the address is where to go on after it.
    """
    wanted, then = units_to_buy(buy), request.query_params.get("then")
    seats = await get_seats(call, sku)
    number = seats.sku.sku_no
    keys = keys_of(cursor, int)
    holders = await list_holders(call, sku, after=int(keys[0]) if keys else 0, limit=ROWS)
    rows = holders.holders[:ROWS]
    more = None
    if len(holders.holders) > ROWS:
        place = urlencode({"cursor": cursor_of(rows[-1].person.user_no)})
        more = f"/licenses/{seats.sku.part_number}?{place}"
    waiting = (await list_waiting(call, sku, after=None, limit=WAITING_SHOWN)).waiting
    _, asked = await whom_to_ask(call, sku, after=(None, 0), limit=ASKED_SHOWN)
    bought, booked, timeline = await _purchases(call, number)
    return page(
        request,
        "license.html",
        one=seats,
        plans=(await catalog_of(call)).plans_of(seats.sku.service_plans),
        holders=rows,
        groups=holders.groups,
        giving=await groups_giving(call.tx, number),
        more=more,
        waiting=waiting[:WAITING_SHOWN],
        has_more_waiting=len(waiting) > WAITING_SHOWN,
        asked=asked[:ASKED_SHOWN],
        bought=bought,
        rights=RIGHTS,
        booked=booked,
        timeline=timeline,
        chart=None if timeline is None else _chart(call, timeline),
        done=done,
        counts_from=_counts_from(bought),
        buy=wanted,
        then=own_path(then) if then else "",
        price=_last_price(bought),
    )


def _counts_from(bought: Sequence[Subscription]) -> datetime | None:
    """When the seats bought last are there; None where they are already, or none were bought."""
    last = max(bought, key=lambda one: one.created_at, default=None)
    return None if last is None or last.has_started else last.starts_at


def _last_price(bought: Sequence[Subscription]) -> tuple[str, str] | None:
    """What a seat cost when one was bought last, as a form has it: the number and the currency."""
    priced = [one for one in bought if one.unit_price is not None and one.currency is not None]
    if not priced:
        return None
    last = max(priced, key=lambda one: one.created_at)
    price = last.unit_price or Decimal(0)
    text = f"{price:.2f}"
    return text if Decimal(text) == price else f"{price:f}", last.currency or ""


async def _purchases(
    call: Call, sku: SkuNo
) -> tuple[list[Subscription], tuple[SeatChange, ...], SeatTimeline | None]:
    """What was bought, what is booked, and what comes of it; nothing for who may not see it."""
    if not call.principal.may(Permission.READ_SUBSCRIPTIONS):
        return [], (), None
    bought = await list_subscriptions(call.tx, sku_nos=(sku,))
    booked = await booked_for(call, bought)
    catalog = await catalog_of(call)
    ahead = await seat_timeline(call, str(catalog.skus[sku].sku_id), months=MONTHS_AHEAD)
    return bought, booked, ahead if bought else None


def _chart(call: Call, timeline: SeatTimeline) -> SeatChart | None:
    return chart_of(timeline.points, now=call.now, until=timeline.until)


LICENSE_PAGES = (licenses, one_license)
