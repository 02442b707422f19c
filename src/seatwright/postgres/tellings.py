"""Tellings as they are stored: written once, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from seatwright.domain.telling import Telling
from seatwright.postgres.transaction import Transaction

_INSERT = """
insert into telling (tenant_id, at, kind, event_key, user_no, data)
select %s, %s, line.* from unnest(%s::text[], %s::text[], %s::int4[], %s::jsonb[]) line
on conflict do nothing
"""


async def insert_tellings(tx: Transaction, tellings: Sequence[Telling], *, at: datetime) -> int:
    """Write all that were not told before, in one statement; how many those are.

    In one order, so that two transactions that tell the same do not wait for each other crosswise.
    """
    rows = sorted(tellings, key=lambda one: (one.kind, one.key, one.user or 0))
    cursor = await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            at,
            [row.kind.value for row in rows],
            [row.key for row in rows],
            [row.user for row in rows],
            [Jsonb(dict(row.data)) for row in rows],
        ),
    )
    return cursor.rowcount
