"""Who held a product at a moment of the past, as pages or whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.history import parse_bound
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import NamedSubject
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.history_holders import (
    HeldPlace,
    PastHolder,
    count_holders_at,
    history_begins,
    read_holders_at,
)
from seatwright.postgres.history_read import name_groups
from seatwright.postgres.subscriptions import read_pools

EXPORT_PAGE_ROWS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A product and the moment of which its holders are asked."""

    sku: CatalogSku
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHoldersPage:
    """Holders at a moment, one more than asked for if there are more, and what gave it."""

    holders: tuple[PastHolder, ...]
    groups: dict[int, NamedSubject]


async def moment_of(call: Call, sku: str, at: str | None) -> Moment:
    """The product and the moment that a caller means; no moment means now.

    Raises Refusal unknownSku, and invalidValue for a text that is no time, for what is still to
    come, and for what was before the tenant.
    """
    found = (await catalog_of(call)).require_sku(sku)
    if at is None:
        return Moment(sku=found, at=call.now)
    moment = parse_bound("at", at)
    await refuse_unknowable(call, moment, name="at")
    return Moment(sku=found, at=moment)


async def refuse_unknowable(call: Call, moment: datetime, *, name: str) -> None:
    """Refuse a moment that is still to come, or before anything was recorded."""
    if moment > call.now:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is {_text(moment)}, which is still to come: it is {_text(call.now)}. Give a"
            " moment up to now.",
        )
    begins = await history_begins(call.tx)
    if moment < begins:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is {_text(moment)}, and nothing is known of that time: the history of"
            f" {call.tenant.name} begins on {_text(begins)}.",
            context={"begins": begins.astimezone(UTC).isoformat()},
        )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


async def count_at(call: Call, moment: Moment) -> int:
    """How many people held the product then; of now the product's own count is known."""
    if moment.at >= call.now:
        pools = await read_pools(call.tx, [moment.sku.sku_no])
        return pools[moment.sku.sku_no].consumed
    return await count_holders_at(call.tx, moment.sku.sku_no, at=moment.at)


async def holders_at(
    call: Call, moment: Moment, *, after: HeldPlace | None, limit: int
) -> PastHoldersPage:
    """Who held a product then, one more than `limit` if there are more."""
    holders = await read_holders_at(
        call.tx, moment.sku.sku_no, at=moment.at, after=after, limit=limit + 1
    )
    groups = await name_groups(call.tx, (holder.source for holder in holders))
    return PastHoldersPage(holders=holders, groups=groups)


async def all_holders_at(call: Call, moment: Moment) -> AsyncIterator[PastHoldersPage]:
    """Everybody who held a product then, a page at a time."""
    after: HeldPlace | None = None
    while True:
        page = await holders_at(call, moment, after=after, limit=EXPORT_PAGE_ROWS)
        kept = page.holders[:EXPORT_PAGE_ROWS]
        yield PastHoldersPage(holders=kept, groups=page.groups)
        if len(page.holders) <= EXPORT_PAGE_ROWS:
            return
        after = kept[-1].place
