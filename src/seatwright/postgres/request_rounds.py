"""How far upkeep has come with what is pending, where that is too much for one look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction

_EVERYTHING: Final = -1
_LAST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Lines with numbers above `after`, up to `last`; `is_rest`: none is behind them."""

    after: int = 0
    last: int = _LAST
    is_rest: bool = True


async def span_in_turn(tx: Transaction, *, limit: int) -> Span:
    """The pending lines whose turn it is: so many, and all where there are fewer."""
    cursor = await tx.connection.execute(
        "select after_line from request_round where tenant_id = %s and sku_no = %s",
        (tx.tenant_id, _EVERYTHING),
    )
    row = await cursor.fetchone()
    after = 0 if row is None else int(row[0])
    cursor = await tx.connection.execute(
        "select line_no from license_request_line where tenant_id = %s and state = 'pending'"
        " and line_no > %s order by line_no offset %s limit 1",
        (tx.tenant_id, after, limit - 1),
    )
    row = await cursor.fetchone()
    return Span(after=after) if row is None else Span(after=after, last=row[0], is_rest=False)


async def go_behind(tx: Transaction, span: Span) -> None:
    """Let the next lines have their turn, or the first again; nothing is written for a few."""
    if span.is_rest and span.after == 0:
        return
    await _store(tx, _EVERYTHING, 0 if span.is_rest else span.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRound:
    """A changed policy that what is pending is being put under, line by line."""

    sku: SkuNo
    after: int


async def begin_round(tx: Transaction, sku: SkuNo) -> None:
    """Have all that is pending put under the policy of a product, from the first line on."""
    await _store(tx, sku, 0)


async def hold_round(tx: Transaction) -> PolicyRound | None:
    """A round that nobody else is at, held."""
    cursor = await tx.connection.execute(
        "select sku_no, after_line from request_round where tenant_id = %s and sku_no >= 0"
        " order by sku_no limit 1 for update skip locked",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else PolicyRound(sku=SkuNo(row[0]), after=row[1])


async def go_on(tx: Transaction, one: PolicyRound, *, after: int) -> None:
    """Keep how far a round has come."""
    await _store(tx, one.sku, after)


async def end_round(tx: Transaction, sku: SkuNo) -> None:
    """Forget a round: all that is pending goes by the policy."""
    await tx.connection.execute(
        "delete from request_round where tenant_id = %s and sku_no = %s", (tx.tenant_id, sku)
    )


async def rounds_of(tx: Transaction, skus: Sequence[SkuNo]) -> frozenset[SkuNo]:
    """Those of these products whose policies what is pending does not go by yet."""
    cursor = await tx.connection.execute(
        "select sku_no from request_round where tenant_id = %s and sku_no = any(%s)",
        (tx.tenant_id, list(skus)),
    )
    return frozenset(SkuNo(row[0]) for row in await cursor.fetchall())


async def _store(tx: Transaction, number: int, after: int) -> None:
    await tx.connection.execute(
        "insert into request_round (tenant_id, sku_no, after_line) values (%s, %s, %s)"
        " on conflict (tenant_id, sku_no) do update set after_line = excluded.after_line",
        (tx.tenant_id, number, after),
    )
