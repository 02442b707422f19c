"""People who hold several products, to be looked at for what they have twice."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.seats import PersonSeen
from seatwright.postgres.transaction import Transaction

_USER_NO_MAX = 2**31 - 1
_SEVERAL = """
select u.user_no, u.id, u.upn, u.display_name, u.is_enabled, l.sku_nos, l.sets
  from (select tenant_id, user_no, array_agg(sku_no order by sku_no) as sku_nos,
               array_agg(enabled_set order by sku_no) as sets
          from effective_license
         where tenant_id = %s and user_no > %s and user_no <= %s
         group by tenant_id, user_no having count(*) > 1
         order by user_no limit %s) l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 order by u.user_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralHeld:
    """A person with two or more products: each with the service plans that are on."""

    person: PersonSeen
    held: tuple[tuple[SkuNo, ServicePlanBits], ...]


async def holders_of_several(
    tx: Transaction, *, after: int, until: int = _USER_NO_MAX, limit: int
) -> list[SeveralHeld]:
    """People who hold two or more products, in the order of their numbers, up to `until`."""
    cursor = await tx.connection.execute(_SEVERAL, (tx.tenant_id, after, until, limit))
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({set_id for row in rows for set_id in row[6]})
    return [
        SeveralHeld(
            person=PersonSeen(
                user_no=UserNo(row[0]),
                user_id=row[1],
                upn=row[2],
                display_name=row[3],
                is_enabled=row[4],
            ),
            held=tuple(
                (SkuNo(sku), bits[ServicePlanSetId(set_id)])
                for sku, set_id in zip(row[5], row[6], strict=True)
            ),
        )
        for row in rows
    ]
