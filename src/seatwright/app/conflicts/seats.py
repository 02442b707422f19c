"""Products with too few seats: how many to buy, who waits, and who could give one back (T-181)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from seatwright.app.call import Call
from seatwright.app.conflicts.rows import Conflict, GiverBack, Named, Page, Shortage, Wanted
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.app.why.fixes import add_seats, remove_own
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.ids import SkuNo
from seatwright.domain.subscriptions import Subscription
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.conflicts import (
    FirstWaiting,
    IdleHolder,
    first_waiting,
    idle_holders,
    waits_for,
)
from seatwright.postgres.labels import UserLabel
from seatwright.postgres.subscriptions import subscriptions_by_sku

PEOPLE_NAMED = 10
GIVERS_NAMED = 3
IDLE_DAYS = 90
"""Who has not signed in for a quarter of a year could give a seat back; nobody is made to."""

SKUS_MAX = 100_000
"""More than any catalogue has: the seats of all products are read together anyway."""


async def short_products(call: Call) -> list[SkuSeats]:
    """Products with fewer seats than people who hold one or wait for one."""
    every = await list_seats(call, is_all=False, after=-1, limit=SKUS_MAX)
    return [one for one in every if one.seats_to_buy]


async def seats_page(call: Call, wanted: Wanted) -> Page:
    """Products with too few seats, in their order; if a person is named, those they wait for."""
    short = await short_products(call)
    if wanted.user is not None:
        mine = await waits_for(call.tx, wanted.user)
        short = [one for one in short if one.sku.sku_no in mine]
    if wanted.sku is not None:
        short = [one for one in short if one.sku.sku_no == wanted.sku]
    short = [one for one in short if one.sku.sku_no > wanted.after[0]]
    shown = short[: wanted.limit]
    skus = [one.sku.sku_no for one in shown]
    first: dict[SkuNo, list[FirstWaiting]] = defaultdict(list)
    for waiting in await first_waiting(call.tx, skus, limit_each=PEOPLE_NAMED):
        first[waiting.sku].append(waiting)
    idle: dict[SkuNo, list[IdleHolder]] = defaultdict(list)
    since = call.now - timedelta(days=IDLE_DAYS)
    for one in await idle_holders(call.tx, skus, idle_since=since, limit_each=GIVERS_NAMED):
        idle[one.sku].append(one)
    purchases = await subscriptions_by_sku(call.tx, skus) if skus else {}
    rows = tuple(
        _row(
            one,
            first=first[one.sku.sku_no],
            idle=idle[one.sku.sku_no],
            purchases=purchases.get(one.sku.sku_no, ()),
        )
        for one in shown
    )
    return Page(found=rows, after=rows[-1].key if len(short) > len(shown) else None)


def _row(
    one: SkuSeats,
    *,
    first: Sequence[FirstWaiting],
    idle: Sequence[IdleHolder],
    purchases: Sequence[Subscription],
) -> Conflict:
    return Conflict(
        kind=ConflictKind.INSUFFICIENT_SEATS,
        key=(one.sku.sku_no, 0),
        sku=one.sku.sku_no,
        sentence=one.hint or "",
        fixes=(add_seats(one.sku, one.seats_to_buy, purchases),),
        shortage=Shortage(
            waiting=one.waiting,
            seats_to_buy=one.seats_to_buy,
            first=tuple(
                Named(id=who.id, upn=who.upn, display_name=who.display_name) for who in first
            ),
            could_give_back=tuple(_giver(holder, one.sku) for holder in idle),
        ),
    )


def _giver(holder: IdleHolder, sku: CatalogSku) -> GiverBack:
    person = holder.person
    label = UserLabel(
        user_no=person.user_no,
        id=person.user_id,
        upn=person.upn,
        display_name=person.display_name,
    )
    return GiverBack(
        person=Named(id=person.user_id, upn=person.upn, display_name=person.display_name),
        is_enabled=person.is_enabled,
        last_sign_in_at=holder.last_sign_in_at,
        fix=remove_own(label, sku),
    )
