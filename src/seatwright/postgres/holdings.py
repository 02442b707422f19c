"""Holdings in files: what people held before seatwright knew them, and what they hold now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.adoption import Holding
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# Only what this import gave carries its time; what was known before keeps its own.
_SINCE_LICENSE = """
update effective_license l set since = h.since
  from unnest(%s::int4[], %s::int2[], %s::timestamptz[]) as h (user_no, sku_no, since)
 where l.tenant_id = %s and l.user_no = h.user_no and l.sku_no = h.sku_no and l.since = %s
"""
_SINCE_ASSIGNMENT = """
update assignment a set created_at = h.since
  from unnest(%s::int4[], %s::int2[], %s::timestamptz[]) as h (user_no, sku_no, since)
 where a.tenant_id = %s and a.user_no = h.user_no and a.sku_no = h.sku_no and a.created_at = %s
   and a.source_kind = 0
"""
_OVER = """
select sku_no, assignable, consumed from sku_pool
 where tenant_id = %s and consumed > assignable and sku_no in (
    select sku_no from job_row where tenant_id = %s and job_no = %s)
 order by sku_no
"""


async def write_since(tx: Transaction, holdings: Sequence[Holding], *, at: datetime) -> None:
    """Date licenses and assignments that were written at `at` back to when they began."""
    if not holdings:
        return
    values = (
        [holding.user for holding in holdings],
        [holding.sku for holding in holdings],
        [holding.since for holding in holdings],
        tx.tenant_id,
        at,
    )
    await tx.connection.execute(_SINCE_LICENSE, values)
    await tx.connection.execute(_SINCE_ASSIGNMENT, values)


async def pools_over_assigned(tx: Transaction, job_no: int) -> list[tuple[SkuNo, int, int]]:
    """The SKUs of a job with more holders than seats, as (SKU, seats, holders)."""
    cursor = await tx.connection.execute(_OVER, (tx.tenant_id, tx.tenant_id, job_no))
    return [(SkuNo(sku), seats, holders) for sku, seats, holders in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHolding:
    """What one person holds, as an export names it."""

    user: UserNo
    user_principal_name: str
    sku: SkuNo
    enabled: ServicePlanBits
    since: datetime


_PAGE = """
select l.user_no, u.upn, l.sku_no, l.enabled_set, l.since
  from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 where l.tenant_id = %s and (l.user_no, l.sku_no) > (%s, %s)
 order by l.user_no, l.sku_no limit %s
"""


async def all_holdings(tx: Transaction, *, page: int) -> AsyncIterator[StoredHolding]:
    """Everything that anyone holds, from whatever source, person by person."""
    after = (-1, -1)
    while True:
        cursor = await tx.connection.execute(_PAGE, (tx.tenant_id, *after, page))
        rows = await cursor.fetchall()
        bits = await tx.plan_set_bits({row[3] for row in rows})
        for user, upn, sku, enabled, since in rows:
            yield StoredHolding(
                user=user,
                user_principal_name=upn,
                sku=sku,
                enabled=bits[enabled],
                since=since,
            )
        if len(rows) < page:
            return
        after = (rows[-1][0], rows[-1][2])
