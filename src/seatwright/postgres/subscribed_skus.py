"""Units and holders of every product that a tenant bought, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from seatwright.domain.catalog import PrepaidUnits
from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction

# Products that were bought, and those that somebody still has though nothing is left of a purchase.
_UNITS = """
select p.sku_no, p.consumed,
       coalesce(sum(s.units) filter (where s.status = 'Enabled'), 0)::int4,
       coalesce(sum(s.units) filter (where s.status = 'Warning'), 0)::int4,
       coalesce(sum(s.units) filter (where s.status = 'Suspended'), 0)::int4,
       coalesce(sum(s.units) filter (where s.status = 'LockedOut'), 0)::int4,
       array_agg(s.id order by s.created_at, s.id) filter (where s.id is not null)
  from sku_pool p
  left join subscription s on s.tenant_id = p.tenant_id and s.sku_no = p.sku_no
   and s.has_started
 where p.tenant_id = %s
 group by p.sku_no, p.consumed
having count(s.id) > 0 or p.consumed > 0
 order by p.sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuUnits:
    """What was bought of one product, and how many people have it."""

    sku_no: SkuNo
    consumed: int
    units: PrepaidUnits
    subscriptions: tuple[UUID, ...]


async def read_sku_units(tx: Transaction) -> tuple[SkuUnits, ...]:
    """Every product that was bought or that somebody has, in the order of their numbers."""
    cursor = await tx.connection.execute(_UNITS, (tx.tenant_id,))
    return tuple(
        SkuUnits(
            sku_no=SkuNo(row[0]),
            consumed=row[1],
            units=PrepaidUnits(enabled=row[2], warning=row[3], suspended=row[4], locked_out=row[5]),
            subscriptions=tuple(row[6] or ()),
        )
        for row in await cursor.fetchall()
    )
