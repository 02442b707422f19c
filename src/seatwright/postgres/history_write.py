"""Appending to the history: one statement for any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from seatwright.domain.history import HistoryLine
from seatwright.domain.ids import PrincipalNo, ServicePlanBits, ServicePlanSetId
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What every row of one call has in common."""

    at: datetime
    principal: PrincipalNo
    correlation: UUID


_APPEND = """
insert into history_event (tenant_id, at, principal_no, correlation, action, reason, strategy,
    user_no, group_no, sku_no, source_kind, source_no, before_set, after_set, detail)
select %s, %s, %s, %s, line.* from unnest(%s::int2[], %s::text[], %s::int2[], %s::int4[],
    %s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::int4[], %s::int4[], %s::jsonb[]) line
"""


async def append_history(
    tx: Transaction, lines: Sequence[HistoryLine], *, signature: Signature
) -> None:
    """Append rows, in order; their numbers rise in it."""
    if not lines:
        return
    sets = await tx.plan_set_ids(
        bits for line in lines for bits in (line.before, line.after) if bits is not None
    )
    await tx.connection.execute(
        _APPEND,
        (
            tx.tenant_id,
            signature.at,
            signature.principal,
            signature.correlation,
            [line.action.value for line in lines],
            [line.reason for line in lines],
            [None if line.strategy is None else STRATEGY_TO_CODE[line.strategy] for line in lines],
            [line.user for line in lines],
            [line.group for line in lines],
            [line.sku for line in lines],
            [None if line.source is None else int(line.source.kind) for line in lines],
            [None if line.source is None else line.source.no for line in lines],
            [_set_id(line.before, sets) for line in lines],
            [_set_id(line.after, sets) for line in lines],
            [None if line.detail is None else Jsonb(dict(line.detail)) for line in lines],
        ),
    )


def _set_id(
    bits: ServicePlanBits | None, sets: dict[ServicePlanBits, ServicePlanSetId]
) -> ServicePlanSetId | None:
    return None if bits is None else sets[bits]
