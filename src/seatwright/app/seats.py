"""Seats of every product: bought, in use, free, waited for; who holds one and who waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import Strategy
from seatwright.domain.catalog import CapabilityStatus, PrepaidUnits, capability_status, seats_free
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.subscriptions import RESOLVE_WITHIN, prepaid_units
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.seats import (
    GroupSeen,
    Holder,
    Waiting,
    read_holders,
    read_source_groups,
    read_waiting,
)
from seatwright.postgres.subscriptions import PoolSeats, read_pools, subscriptions_by_sku
from seatwright.postgres.tally import count_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuSeats:
    """The seats of one product, and what to do when there are too few."""

    sku: CatalogSku
    units: PrepaidUnits
    pool: PoolSeats
    waiting: int
    subscription_ids: tuple[str, ...]

    @property
    def status(self) -> CapabilityStatus:
        """The state of all its units together."""
        return capability_status(self.units)

    @property
    def free(self) -> int:
        """Seats that nobody has; below zero when the product is over-assigned."""
        pool = self.pool
        return seats_free(
            assignable=pool.assignable, consumed=pool.consumed, reserved=pool.reserved
        )

    @property
    def seats_to_buy(self) -> int:
        """How many more seats would give everybody one who waits (T-182, T-208)."""
        return max(0, self.waiting - self.free)

    @property
    def resolve_by(self) -> datetime | None:
        """Until when an over-assigned product is tolerated by its seller (SKU-014)."""
        since = self.pool.over_since
        is_over = self.pool.seats_over > 0 and since is not None
        return since + RESOLVE_WITHIN if is_over and since is not None else None

    @property
    def hint(self) -> str | None:
        """What to do about too few seats; null when there are enough."""
        if self.seats_to_buy == 0:
            return None
        name, seats = self.sku.display_name, self.seats_to_buy
        missing = "1 more seat" if seats == 1 else f"{seats} more seats"
        parts = []
        if self.waiting:
            who = "1 person waits" if self.waiting == 1 else f"{self.waiting} people wait"
            parts.append(f"{who} for a seat")
        if self.free < 0:
            one = "1 seat more is in use than was bought"
            many = f"{-self.free} seats more are in use than were bought"
            parts.append(one if self.free == -1 else many)
        return f"{name}: {' and '.join(parts)}. Buy {missing}, or take licenses back."

    @property
    def is_of_interest(self) -> bool:
        """Whether anybody bought it, has it, or waits for it."""
        return bool(self.subscription_ids or self.pool.in_use or self.waiting)


async def list_seats(
    call: Call, *, is_all: bool, after: int, limit: int, search: str | None = None
) -> list[SkuSeats]:
    """Products in order, one more than `limit` if there are more.

    Without `is_all` only those that somebody bought, has or waits for. A tenant has few products,
    so they are read whole and the page is cut out here.
    """
    found = [
        one
        for one in await _seats(call)
        if (is_all or one.is_of_interest) and (search is None or is_found(one.sku, search))
    ]
    return [one for one in found if one.sku.sku_no > after][: limit + 1]


def is_found(sku: CatalogSku, search: str) -> bool:
    """Whether every word searched for is somewhere in a product's names, whatever the case."""
    text = " ".join((sku.display_name, sku.part_number, *sku.aliases)).casefold()
    return all(word in text for word in search.casefold().split())


async def get_seats(call: Call, text: str) -> SkuSeats:
    """The seats of one product, by its id or part number.

    Raises Refusal unknownSku.
    """
    sku = (await catalog_of(call)).require_sku(text)
    (seats,) = await _seats(call, sku)
    return seats


async def _seats(call: Call, only: CatalogSku | None = None) -> list[SkuSeats]:
    skus = [only] if only else list((await catalog_of(call)).skus.values())
    numbers: list[SkuNo] | None = [only.sku_no] if only else None
    pools = await read_pools(call.tx, numbers)
    purchases = await subscriptions_by_sku(call.tx, numbers)
    waiting = await count_waiting(call.tx, numbers)
    return [
        SkuSeats(
            sku=sku,
            units=prepaid_units(purchases.get(sku.sku_no, ())),
            pool=pools[sku.sku_no],
            waiting=waiting.get(sku.sku_no, 0),
            subscription_ids=tuple(
                str(one.subscription_id) for one in purchases.get(sku.sku_no, ())
            ),
        )
        for sku in skus
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Seats of a product that are to be bought so that everybody has one who should.

    `lacking` counts those who do not wait for one: somebody has to give it to them again.
    """

    sku: CatalogSku
    lacking: int
    waiting: int
    seats_to_buy: int


async def shortages_of(call: Call, lacking: Mapping[SkuNo, int]) -> tuple[Shortage, ...]:
    """The seats that are missing of these products, where any are; those who wait come first."""
    catalog = await catalog_of(call)
    found = []
    for sku, count in lacking.items():
        seats = await get_seats(call, str(catalog.skus[sku].sku_id))
        short = max(0, count + seats.waiting - seats.free)
        if short:
            found.append(
                Shortage(sku=seats.sku, lacking=count, waiting=seats.waiting, seats_to_buy=short)
            )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldersPage:
    """Holders of a product, and the groups that give it to some of them."""

    sku: CatalogSku
    holders: tuple[Holder, ...]
    groups: dict[int, GroupSeen]


async def list_holders(
    call: Call, text: str, *, strategy: str | None = None, after: int, limit: int
) -> HoldersPage:
    """Who holds a product, by one strategy where it is named; one more than `limit` if there are.

    Raises Refusal unknownSku, invalidValue for a strategy there is none of.
    """
    sku = (await catalog_of(call)).require_sku(text)
    wanted = None if strategy is None else _strategy(strategy)
    holders = await read_holders(call.tx, sku.sku_no, strategy=wanted, after=after, limit=limit + 1)
    groups = await read_source_groups(call.tx, (holder.source for holder in holders))
    return HoldersPage(sku=sku, holders=holders, groups=groups)


def _strategy(text: str) -> Strategy:
    try:
        return Strategy(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text[:40]}” is no strategy: give one of {', '.join(Strategy)}.",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """People who wait for a product, and the groups that ask it for some of them."""

    sku: CatalogSku
    waiting: tuple[Waiting, ...]
    groups: dict[int, GroupSeen]


async def list_waiting(
    call: Call, text: str, *, after: tuple[int, datetime, int] | None, limit: int
) -> WaitingPage:
    """The waiting list of a product in its order, one more than `limit` if there are more.

    Raises Refusal unknownSku.
    """
    sku = (await catalog_of(call)).require_sku(text)
    waiting = await read_waiting(call.tx, sku.sku_no, after=after, limit=limit + 1)
    sources = (source for one in waiting for source in one.sources)
    return WaitingPage(sku=sku, waiting=waiting, groups=await read_source_groups(call.tx, sources))
