"""How people came by what they hold, as far as a look at some of it tells."""

from __future__ import annotations

from seatwright.domain.assignments import Strategy
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import Transaction


async def count_strategies(tx: Transaction, *, looked_at: int) -> dict[Strategy, int]:
    """Held licenses by strategy: `looked_at` of the people added last, or all in a small tenant."""
    cursor = await tx.connection.execute(
        "select strategy, count(*) from (select strategy from effective_license"
        "   where tenant_id = %s order by user_no desc, sku_no desc limit %s) held"
        " group by strategy",
        (tx.tenant_id, looked_at),
    )
    return {STRATEGY_OF_CODE[row[0]]: row[1] for row in await cursor.fetchall()}


async def count_giving_groups(tx: Transaction, *, limit: int) -> int:
    """How many groups give licenses, counting no further than `limit`."""
    cursor = await tx.connection.execute(
        "select count(*) from (select distinct group_no from assignment"
        "   where tenant_id = %s and group_no is not null order by group_no limit %s) giving",
        (tx.tenant_id, limit),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
