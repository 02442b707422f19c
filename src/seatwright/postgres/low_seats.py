"""Products of which few seats are free, and of which of them administrators were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction

# Seats that nobody has bought are not few, they are none.
_LOW = """
select sku_no, greatest(free, 0) as free,
       assignable > 0 and (free <= %(at)s or free * 100 <= assignable * %(percent)s) as is_low
  from (select sku_no, assignable, (assignable - consumed - reserved)::int8 as free from sku_pool
         where tenant_id = %(tenant)s) pool
"""
_FALLEN = f"""
with low as ({_LOW}),
     new as (insert into low_seats (tenant_id, sku_no, told_at)
             select %(tenant)s, sku_no, %(now)s from low where is_low
             on conflict do nothing returning sku_no)
select low.sku_no, low.free from low join new on new.sku_no = low.sku_no order by low.sku_no
"""
_RISEN = f"""
delete from low_seats where tenant_id = %(tenant)s
   and sku_no in (select sku_no from ({_LOW}) low where not is_low)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowSeats:
    """A product and how many of its seats are free."""

    sku: SkuNo
    free: int


async def note_low_seats(
    tx: Transaction, *, at: int, percent: int, now: datetime
) -> tuple[LowSeats, ...]:
    """Products of which few seats are free since the last look.

    Of whatever has enough by now it is forgotten that it was low, so that the next fall is new.
    """
    parameters = {"tenant": tx.tenant_id, "at": at, "percent": percent, "now": now}
    await tx.connection.execute(_RISEN, parameters)
    cursor = await tx.connection.execute(_FALLEN, parameters)
    return tuple(LowSeats(sku=SkuNo(sku), free=free) for sku, free in await cursor.fetchall())
