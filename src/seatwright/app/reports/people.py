"""Reports with a row for each person: what they hold and lack, and who holds nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from seatwright.app.reports.scene import (
    PersonRows,
    Scene,
    prices_of,
    rows_of_people,
    seat_price,
)
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reports.columns import Cells, money
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.reports.prices import ProductPrice
from seatwright.postgres.reports.people import (
    HeldSeat,
    MissingSeat,
    people_by_number,
    seats_held,
    seats_missing,
)

Seat = TypeVar("Seat", HeldSeat, MissingSeat)

NO_PRODUCT: Cells = (None, None, None, "none", None, None, None, None)


def number_of(first: Place | None) -> int:
    """The person from whom a block goes on; 0, whom nobody is, for the first block."""
    return 0 if first is None else int(first[0])


def by_person(seats: Iterable[Seat]) -> Mapping[UserNo, list[Seat]]:
    """Seats by whose they are; an empty list for everybody else."""
    found: dict[UserNo, list[Seat]] = defaultdict(list)
    for one in seats:
        found[one.user_no].append(one)
    return found


def price_cells(price: ProductPrice) -> Cells:
    """What a seat costs and in which currency: no amount where it is paid in several."""
    amount = price.one_price
    return (None if amount is None else money(amount), price.currencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Products:
    """Makes the rows of a person's products; `only` is the one that is asked for."""

    scene: Scene
    prices: Mapping[SkuNo, ProductPrice]
    only: SkuNo | None

    def rows(self, held: Sequence[HeldSeat], missing: Sequence[MissingSeat]) -> list[Cells]:
        """What is held, then what is missing; one empty row for neither."""
        has = {one.sku for one in held}
        lacks = [one for one in missing if one.sku not in has]
        if not has and not lacks and self.only is None:
            return [NO_PRODUCT]
        rows = [self._held(one) for one in held if self.only in {None, one.sku}]
        return rows + [self._missing(one) for one in lacks if self.only in {None, one.sku}]

    def _held(self, one: HeldSeat) -> Cells:
        price = price_cells(seat_price(self.prices, one.sku))
        return (*self.scene.product(one.sku), "held", None, one.since, *price)

    def _missing(self, one: MissingSeat) -> Cells:
        return (*self.scene.product(one.sku), "missing", one.reason, one.since, None, None)


async def per_person(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Every person with what they hold, what they lack and why (T-002)."""
    tx = scene.call.tx
    products = _Products(scene=scene, prices=await prices_of(scene.call), only=scene.sku)

    async def read(first: Place | None, size: int) -> Sequence[PersonRows]:
        people = await people_by_number(tx, first=number_of(first), limit=size)
        numbers = [one.user_no for one in people]
        held = by_person(await seats_held(tx, numbers))
        missing = by_person(await seats_missing(tx, numbers))
        return [
            PersonRows(
                key=(one.user_no,),
                rows=[
                    (*one.cells, *cells)
                    for cells in products.rows(held[one.user_no], missing[one.user_no])
                ],
            )
            for one in people
        ]

    return await rows_of_people(read, after=after, limit=limit)


async def unlicensed(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Enabled people who hold nothing (T-129, T-143)."""
    tx = scene.call.tx

    async def read(first: Place | None, size: int) -> Sequence[PersonRows]:
        people = await people_by_number(tx, first=number_of(first), limit=size)
        held = by_person(await seats_held(tx, [one.user_no for one in people if one.is_enabled]))
        return [
            PersonRows(
                key=(one.user_no,),
                rows=[]
                if not one.is_enabled or held[one.user_no]
                else [(*one.cells, one.usage_location, one.created_at)],
            )
            for one in people
        ]

    return await rows_of_people(read, after=after, limit=limit)
