"""Looking at the outbox, having something sent again, and forgetting what is old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.outgoing import Attempt, Channel, Delivery, DeliveryState
from seatwright.postgres.deliveries import delivery_of_row
from seatwright.postgres.transaction import Transaction

_SELECT: Final = (
    "select d.delivery_no, d.id, d.channel, d.kind, d.event_key, d.address, d.subject, d.body,"
    " d.html, d.webhook_no, d.run_id, d.run_file, d.state, d.attempts, d.created_at,"
    " d.tried_since, d.next_at, d.ended_at, d.error from delivery d where d.tenant_id = %s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries are asked for; None: whatever it is."""

    channel: Channel | None = None
    state: DeliveryState | None = None
    webhook_no: int | None = None


async def list_deliveries(
    tx: Transaction, wanted: Wanted, *, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries, newest first. Those of a state are found by channel and state."""
    channels = [wanted.channel]
    if wanted.state is not None and wanted.channel is None:
        channels = list(Channel)
    found: list[Delivery] = []
    for channel in channels:
        found += await _list(tx, replace(wanted, channel=channel), before=before, limit=limit)
    return sorted(found, key=lambda one: -one.delivery_no)[:limit]


async def _list(
    tx: Transaction, wanted: Wanted, *, before: int | None, limit: int
) -> list[Delivery]:
    conditions: dict[str, object] = {
        "d.channel = %s": wanted.channel,
        "d.state = %s": wanted.state,
        "d.webhook_no = %s": wanted.webhook_no,
        "d.delivery_no < %s": before,
    }
    asked = {text: value for text, value in conditions.items() if value is not None}
    cursor = await tx.connection.execute(
        " and ".join((_SELECT, *asked)) + " order by d.delivery_no desc limit %s",
        (tx.tenant_id, *asked.values(), limit),
    )
    return [delivery_of_row(row) for row in await cursor.fetchall()]


async def find_delivery(tx: Transaction, id_: UUID, *, holds: bool = False) -> Delivery | None:
    """A delivery by its id, locked if it is to change."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and d.id = %s{' for update' if holds else ''}", (tx.tenant_id, id_)
    )
    row = await cursor.fetchone()
    return None if row is None else delivery_of_row(row)


async def attempts_of(tx: Transaction, delivery_no: int, *, limit: int) -> list[Attempt]:
    """The tries of a delivery, newest first."""
    cursor = await tx.connection.execute(
        "select at, milliseconds, status, error from delivery_attempt"
        " where tenant_id = %s and delivery_no = %s order by attempt_no desc limit %s",
        (tx.tenant_id, delivery_no, limit),
    )
    return [
        Attempt(at=row[0], milliseconds=row[1], status=row[2], error=row[3])
        for row in await cursor.fetchall()
    ]


async def queue_again(tx: Transaction, delivery_no: int, *, at: datetime) -> None:
    """Have something sent that was given up or only shown, as if it were new."""
    await tx.connection.execute(
        "update delivery set state = 'queued', ended_at = null, tried_since = %s, next_at = %s"
        " where tenant_id = %s and delivery_no = %s",
        (at, at, tx.tenant_id, delivery_no),
    )


async def end_calls_of(tx: Transaction, webhook_no: int, *, at: datetime, why: str) -> None:
    """Give up every call of a webhook that waits, as it is called no more.

    A call that is being made at this moment is left to whoever makes it: it may have arrived.
    """
    await tx.connection.execute(
        "update delivery set state = 'dead', ended_at = %(at)s, error = %(why)s, lease = null,"
        " leased_until = null"
        " where tenant_id = %(tenant)s and webhook_no = %(webhook)s and channel = 'webhook'"
        "   and state = 'queued' and (lease is null or leased_until <= %(at)s)",
        {"at": at, "why": why, "tenant": tx.tenant_id, "webhook": webhook_no},
    )


async def lead_calls_to(tx: Transaction, webhook_no: int, *, host: str) -> None:
    """Say of the calls of a webhook that wait where they will be made now."""
    await tx.connection.execute(
        "update delivery set address = %s where tenant_id = %s and webhook_no = %s"
        "   and channel = 'webhook' and state = 'queued'",
        (host, tx.tenant_id, webhook_no),
    )


_FORGET = """
delete from {table} where tenant_id = %(tenant)s and {number} in (
    select {number} from (select {number}, {at} as at from {table} where tenant_id = %(tenant)s
                           order by {number} limit %(limit)s) oldest
     where at < %(before)s)
"""


async def forget_deliveries(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget the oldest deliveries; how many. What still waits is younger than any limit."""
    cursor = await tx.connection.execute(
        _FORGET.format(table="delivery", number="delivery_no", at="created_at"),
        {"tenant": tx.tenant_id, "before": before, "limit": limit},
    )
    return cursor.rowcount


async def forget_tellings(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget the oldest tellings; how many."""
    cursor = await tx.connection.execute(
        _FORGET.format(table="telling", number="telling_no", at="at"),
        {"tenant": tx.tenant_id, "before": before, "limit": limit},
    )
    return cursor.rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many deliveries are in a state, and since when the oldest has been there."""

    deliveries: int
    oldest: datetime


DeliveryCounts = Mapping[tuple[str, str], Waiting]
"""By channel and state; those that were sent are not counted."""


async def read_delivery_counts(connection: AsyncConnection[TupleRow]) -> DeliveryCounts:
    """Count what waits and what was given up, over all tenants."""
    cursor = await connection.execute(
        "select channel, state, deliveries, oldest from delivery_counts()"
    )
    return {
        (channel, state): Waiting(deliveries=count, oldest=oldest)
        for channel, state, count, oldest in await cursor.fetchall()
    }
