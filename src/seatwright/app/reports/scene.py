"""What every source of rows is given: the call, what was asked, and lookups read once a slice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.reports.columns import Cell, Cells
from seatwright.domain.reports.parameters import Given
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.reports.prices import NO_PRICE, ProductPrice, price_of
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.postgres.subscriptions import subscriptions_by_sku

SCANS_MAX = 10
BLOCK_PEOPLE = 2_000
"""People looked at for one slice are these two multiplied: a report in which few people have a
row is not read whole in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A report at work: `asked` has a value for each of its parameters."""

    call: Call
    asked: Mapping[str, Given]
    catalog: TenantCatalog

    def number(self, name: str) -> int:
        """The value of a parameter that is a number."""
        value = self.asked[name]
        assert isinstance(value, int), "its kind is a number and it has a default"
        return value

    @property
    def sku(self) -> SkuNo | None:
        """The only product that is asked for. Raises Refusal unknownSku."""
        text = self.asked.get("sku")
        return None if text is None else self.catalog.require_sku(str(text)).sku_no

    def product(self, sku_no: SkuNo | None) -> Cells:
        """The cells that name a product."""
        sku = None if sku_no is None else self.catalog.skus.get(sku_no)
        if sku is None:
            return (None, None, None)
        return (sku.display_name, sku.part_number, str(sku.sku_id))


Source = Callable[[Scene, Place | None, int], Awaitable[ReportSlice]]
"""Gives rows of a report after a place, at most so many."""


async def scene_of(call: Call, asked: Mapping[str, Given]) -> Scene:
    """Set the scene for one slice of a report."""
    return Scene(call=call, asked=asked, catalog=await catalog_of(call))


async def prices_of(call: Call) -> Mapping[SkuNo, ProductPrice]:
    """What the products cost that were bought; a tenant has few purchases."""
    found = await subscriptions_by_sku(call.tx)
    return {sku: price_of(purchases) for sku, purchases in found.items()}


def seat_price(prices: Mapping[SkuNo, ProductPrice], sku: SkuNo) -> ProductPrice:
    """The price of a product, which may never have been bought."""
    return prices.get(sku, NO_PRICE)


async def labels_of(call: Call, sources: Iterable[tuple[int, int]]) -> Mapping[GroupNo, GroupLabel]:
    """What the groups among some sources (kind and number) are called."""
    numbers = {GroupNo(no) for kind, no in sources if kind == SourceKind.GROUP}
    return await group_labels(call.tx, sorted(numbers))


def source_cells(kind: int, no: int, labels: Mapping[GroupNo, GroupLabel]) -> Cells:
    """The cells that name a source: its kind, and the group where it is one."""
    label = labels.get(GroupNo(no)) if kind == SourceKind.GROUP else None
    named: tuple[Cell, Cell] = (None, None)
    if label is not None:
        named = (label.display_name, str(label.id))
    return (SourceKind(kind).name.lower(), *named)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRows:
    """The rows of one person; `key` is the person's place in the order of the list."""

    key: Place
    rows: Sequence[Cells]


ReadBlock = Callable[[Place | None, int], Awaitable[Sequence[PersonRows]]]
"""Gives so many people, with their rows, from a person on: that person is the first of them."""


async def rows_of_people(read: ReadBlock, *, after: Place | None, limit: int) -> ReportSlice:
    """Rows of people block by block, until there are enough, or enough people were looked at.

    The place is the person whose rows were cut, and how many of them were given.
    """
    person, given = (None, 0) if after is None else (after[:-1], int(after[-1]))
    rows: list[Cells] = []
    size = min(limit + 1, BLOCK_PEOPLE)
    for _ in range(SCANS_MAX):
        block = await read(person, size)
        for one in block:
            fresh = one.rows[given:] if one.key == person else one.rows
            skipped = len(one.rows) - len(fresh)
            room = limit - len(rows)
            rows += fresh[:room]
            if len(fresh) > room:
                return ReportSlice(rows=tuple(rows), place=(*one.key, skipped + room))
            person, given = one.key, len(one.rows)
        if len(block) < size or person is None:
            return ReportSlice(rows=tuple(rows), place=None)
        size = BLOCK_PEOPLE
    return ReportSlice(rows=tuple(rows), place=(*person, given) if person else None)


def whole(rows: Sequence[Cells], *, after: Place | None, limit: int) -> ReportSlice:
    """A slice of a short report that is made whole; the place is a row's number."""
    start = 0 if after is None else int(after[0])
    end = start + limit
    return ReportSlice(rows=tuple(rows[start:end]), place=(end,) if len(rows) > end else None)
