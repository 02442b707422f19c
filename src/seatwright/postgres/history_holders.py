"""Who held a product at a moment: from what is held now, and from the intervals that have ended.

A person and product has one row or none for a moment: the open one when it began by then, else the
interval that had begun and not ended. First come those who still hold it unchanged, in the order
of their numbers, then the others in the order in which that ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.history import NamedSubject
from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import Transaction

_DAY_ZERO: Final = date(2000, 1, 1)
_DAY_MAX: Final = 32767

# Of those who hold it now, who began later is counted and taken off the product's own count: people
# ask about last month, and most have held what they hold for longer. The holders of that very day
# are looked up; all others are counted in the index alone.
_COUNT = """
select (select consumed from sku_pool where tenant_id = %(tenant)s and sku_no = %(sku)s)
     - (select count(*) from effective_license
         where tenant_id = %(tenant)s and sku_no = %(sku)s and since_day > %(day)s)
     - (select count(*) from effective_license
         where tenant_id = %(tenant)s and sku_no = %(sku)s and since_day = %(day)s
           and since > %(at)s)
     + (select count(*) from license_interval
         where tenant_id = %(tenant)s and sku_no = %(sku)s and valid_to > %(at)s
           and valid_from <= %(at)s)
"""
_NAMES = """
       coalesce(u.id, n.id), case when n.erased_at is null then coalesce(u.upn, n.name) end,
       case when n.erased_at is null then coalesce(u.display_name, n.display_name) end
"""
_JOINS = """
  left join app_user u on u.tenant_id = held.tenant_id and u.user_no = held.user_no
  left join history_name n
    on n.tenant_id = held.tenant_id and n.noun = 'user' and n.subject_no = held.user_no
"""
_STILL = f"""
select held.user_no, held.since, null, held.enabled_set, held.strategy, held.source_kind,
       held.source_no, {_NAMES}
  from effective_license held {_JOINS}
 where held.tenant_id = %s and held.sku_no = %s and held.user_no > %s and held.since_day <= %s
   and held.since <= %s
 order by held.user_no limit %s
"""
_ENDED = f"""
select held.user_no, held.valid_from, held.valid_to, held.enabled_set, held.strategy,
       held.source_kind, held.source_no, {_NAMES}
  from license_interval held {_JOINS}
 where held.tenant_id = %s and held.sku_no = %s and held.valid_from <= %s
   and (held.valid_to, held.valid_from, held.user_no) > (%s, %s, %s)
 order by held.valid_to, held.valid_from, held.user_no limit %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlace:
    """Where a page of past holders ended; `until` is None among those who still hold it."""

    user_no: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHolder:
    """Somebody who held a product, from when until when; `until` None: unchanged until now."""

    place: HeldPlace
    user: NamedSubject | None
    enabled: ServicePlanBits
    strategy: Strategy | None
    source: Source | None


async def count_holders_at(tx: Transaction, sku: SkuNo, *, at: datetime) -> int:
    """How many people held a product at a moment."""
    values = {"tenant": tx.tenant_id, "sku": sku, "day": _day(at), "at": at}
    cursor = await tx.connection.execute(_COUNT, values)
    row = await cursor.fetchone()
    assert row is not None, "a sum of counts has a row"
    return int(row[0])


async def read_holders_at(
    tx: Transaction, sku: SkuNo, *, at: datetime, after: HeldPlace | None, limit: int
) -> tuple[PastHolder, ...]:
    """A page of the people who held a product at a moment."""
    rows: list[TupleRow] = []
    if after is None or after.until is None:
        begin = -1 if after is None else after.user_no
        cursor = await tx.connection.execute(
            _STILL, (tx.tenant_id, sku, begin, _day(at), at, limit)
        )
        rows += await cursor.fetchall()
    if len(rows) < limit:
        # Above every interval that ends at the moment itself: it was over by then.
        keys: tuple[object, ...] = (at, "infinity", 2**31 - 1)
        if after is not None and after.until is not None:
            keys = (after.until, after.since, after.user_no)
        cursor = await tx.connection.execute(
            _ENDED, (tx.tenant_id, sku, at, *keys, limit - len(rows))
        )
        rows += await cursor.fetchall()
    return await _holders(tx, rows)


async def _holders(tx: Transaction, rows: Sequence[TupleRow]) -> tuple[PastHolder, ...]:
    bits = await tx.plan_set_bits(row[3] for row in rows)
    return tuple(
        PastHolder(
            place=HeldPlace(user_no=UserNo(row[0]), since=row[1], until=row[2]),
            user=(
                None
                if row[7] is None
                else NamedSubject(id=row[7], name=row[8], display_name=row[9])
            ),
            enabled=bits[ServicePlanSetId(row[3])],
            strategy=None if row[4] is None else STRATEGY_OF_CODE[row[4]],
            source=None if row[5] is None else Source(kind=SourceKind(row[5]), no=row[6]),
        )
        for row in rows
    )


def _day(at: datetime) -> int:
    """The UTC day as `since_day` counts it (`0013_history.sql`)."""
    return min(_DAY_MAX, max(-_DAY_MAX - 1, (at.astimezone(UTC).date() - _DAY_ZERO).days))


async def history_begins(tx: Transaction) -> datetime:
    """Since when there can be anything to know: the tenant's making, or its first row."""
    cursor = await tx.connection.execute(
        "select least(t.created_at, (select at from history_event where tenant_id = %s"
        " order by at, event_no limit 1)) from tenant t where t.tenant_id = %s",
        (tx.tenant_id, tx.tenant_id),
    )
    row = await cursor.fetchone()
    assert row is not None, "the transaction's tenant exists"
    begins: datetime = row[0]
    return begins
