"""Reports of money: the inventory by product, and the cost of departments and cost centers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from seatwright.app.reports.idle import Idleness
from seatwright.app.reports.scene import Scene, Source, prices_of, seat_price, whole
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.ids import SkuNo
from seatwright.domain.reports.columns import Cells, money
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.reports.prices import ProductPrice, Purchased
from seatwright.domain.reports.subjects import NONE_NAMED
from seatwright.postgres.reports.totals import (
    SkuLack,
    SkuUse,
    UnitPeople,
    UnitSeats,
    sku_lack,
    sku_use,
    unit_people,
    unit_seats,
)

_COUNTED: Final[Cells] = (None,) * 9
"""What stands in the place of seats that were counted on the row above."""

SKUS_MAX: Final = 2**15
"""No tenant has more products: their numbers are as small as that."""

_NOTHING_BOUGHT: Final = Purchased(currency=None, units=0, spend=None)


async def inventory(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Purchased, assigned, active, idle, waiting and in error, with prices (T-001)."""
    idleness = Idleness.of(scene)
    use = await sku_use(
        scene.call.tx,
        active_since=idleness.active_since,
        newcomer_since=idleness.newcomer_since,
    )
    lack = await sku_lack(scene.call.tx)
    prices = await prices_of(scene.call)
    rows = [
        row
        for seats in await list_seats(scene.call, is_all=True, after=0, limit=SKUS_MAX)
        if seats.is_of_interest or seats.sku.sku_no in lack
        for row in _product_rows(
            scene,
            seats,
            use=use.get(seats.sku.sku_no, SkuUse()),
            lack=lack.get(seats.sku.sku_no, SkuLack()),
            price=seat_price(prices, seats.sku.sku_no),
        )
    ]
    return whole(rows, after=after, limit=limit)


def _product_rows(
    scene: Scene, seats: SkuSeats, *, use: SkuUse, lack: SkuLack, price: ProductPrice
) -> Iterator[Cells]:
    counted = _seat_cells(seats, use, lack)
    suspended = seats.units.suspended + seats.units.locked_out
    per_seat = price.seat_prices
    for bought in price.purchased or (_NOTHING_BOUGHT,):
        each = None if bought.currency is None else per_seat.get(bought.currency)
        yield (
            *scene.product(seats.sku.sku_no),
            bought.units,
            bought.units if bought.currency is None else 0,
            suspended,
            *counted,
            None if bought.price is None else money(bought.price),
            None if bought.spend is None else money(bought.spend),
            None if each is None else money(each * use.idle),
            None if each is None else money(each * max(0, seats.free)),
            bought.currency,
        )
        counted, suspended = _COUNTED, 0


def _seat_cells(seats: SkuSeats, use: SkuUse, lack: SkuLack) -> Cells:
    pool = seats.pool
    share = Decimal(100 * use.assigned) / pool.assignable if pool.assignable else None
    return (
        use.assigned,
        use.active,
        use.idle,
        use.assigned - use.active - use.idle,
        pool.reserved,
        seats.free,
        lack.waiting,
        lack.in_error,
        None if share is None else share.quantize(Decimal("0.1")),
    )


async def costs_by(unit: str, scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Seats and their cost a month by `department` or `costCenter`, currency by currency."""
    people = await unit_people(scene.call.tx, unit)
    seats: dict[str | None, list[UnitSeats]] = defaultdict(list)
    for one in await unit_seats(scene.call.tx, unit):
        seats[one.key].append(one)
    prices = await prices_of(scene.call)
    ordered = sorted(people, key=lambda one: (one.key is None, one.key or ""))
    rows = [row for one in ordered for row in _unit_rows(one, seats[one.key], prices)]
    return whole(rows, after=after, limit=limit)


def _unit_rows(
    unit: UnitPeople, seats: Sequence[UnitSeats], prices: Mapping[SkuNo, ProductPrice]
) -> Iterator[Cells]:
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for one in seats:
        for currency, price in seat_price(prices, one.sku).seat_prices.items():
            costs[currency] += price * one.seats
    unpriced = sum(one.seats for one in seats if not seat_price(prices, one.sku).is_priced)
    counted: Cells = (unit.people, unit.licensed, sum(one.seats for one in seats), unpriced)
    name = unit.name if unit.key is not None else NONE_NAMED
    if not costs:
        yield (name, *counted, None, None)
    for currency, cost in sorted(costs.items()):
        yield (name, *counted, money(cost), currency)
        counted = (None, None, None, None)


departments: Final[Source] = partial(costs_by, "department")
cost_centers: Final[Source] = partial(costs_by, "costCenter")
