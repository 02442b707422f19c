"""What a person held, and what stands in their way now, for their time line."""

from __future__ import annotations

from typing import Final

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.history_timeline import OpenError, Span, SpanKind
from seatwright.domain.ids import ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import Transaction

SPANS_MAX: Final = 5000
"""More than ten changes a week for ten years; of more, the newest are shown."""

_HELD = """
(select sku_no, since, null as until, enabled_set, strategy, source_kind, source_no
   from effective_license where tenant_id = %s and user_no = %s)
union all
(select sku_no, valid_from, valid_to, enabled_set, strategy, source_kind, source_no
   from license_interval where tenant_id = %s and user_no = %s
  order by valid_from desc limit %s)
"""


async def read_held_spans(tx: Transaction, user: UserNo) -> tuple[Span, ...]:
    """Every stretch of time in which a person held a product with the same service plans."""
    key = (tx.tenant_id, user)
    cursor = await tx.connection.execute(_HELD, (*key, *key, SPANS_MAX))
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits(row[3] for row in rows)
    return tuple(
        Span(
            sku=SkuNo(row[0]),
            kind=SpanKind.HELD,
            since=row[1],
            until=row[2],
            enabled=bits[ServicePlanSetId(row[3])],
            strategy=None if row[4] is None else STRATEGY_OF_CODE[row[4]],
            source=None if row[5] is None else Source(kind=SourceKind(row[5]), no=row[6]),
        )
        for row in rows
    )


async def read_open_errors(tx: Transaction, user: UserNo) -> tuple[OpenError, ...]:
    """What stands in the way of a person's products now, oldest first."""
    cursor = await tx.connection.execute(
        "select sku_no, source_kind, source_no, reason, waiting_since from license_error"
        " where tenant_id = %s and user_no = %s order by waiting_since, sku_no, source_kind,"
        " source_no",
        (tx.tenant_id, user),
    )
    return tuple(
        OpenError(
            sku=SkuNo(row[0]),
            source=Source(kind=SourceKind(row[1]), no=row[2]),
            reason=row[3],
            since=row[4],
        )
        for row in await cursor.fetchall()
    )
