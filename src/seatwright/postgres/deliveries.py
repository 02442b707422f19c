"""The outbox: deliveries written in one statement, taken on lease, and moved one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.outgoing import Attempt, Channel, Delivery, DeliveryState, NewDelivery
from seatwright.postgres.transaction import Transaction

_COLUMNS: Final = (
    "d.delivery_no, d.id, d.channel, d.kind, d.event_key, d.address, d.subject, d.body, d.html,"
    " d.webhook_no, d.run_id, d.run_file, d.state, d.attempts, d.created_at, d.tried_since,"
    " d.next_at, d.ended_at, d.error"
)
_INSERT = """
insert into delivery (tenant_id, created_at, tried_since, next_at, id, channel, kind, event_key,
    user_no, webhook_no, address, subject, body, html, run_id, run_file)
select %s, %s, %s, %s, line.* from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[],
    %s::int4[], %s::int4[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[],
    %s::text[]) line
on conflict do nothing
"""
# Rows that another worker leases at this moment are passed by; those whose lease has run out are
# taken over. In the order in which they fell due, by the index of what is due.
_LEASE = f"""
with due as materialized (
    select delivery_no from delivery
     where tenant_id = %(tenant)s and channel = %(channel)s and state = 'queued'
       and next_at <= %(now)s and (leased_until is null or leased_until <= %(now)s)
     order by next_at, delivery_no limit %(limit)s for update skip locked)
update delivery d set lease = %(lease)s, leased_until = %(until)s
  from due where d.tenant_id = %(tenant)s and d.delivery_no = due.delivery_no
returning {_COLUMNS}
"""
# Only whoever holds the lease moves a row: one that ran out may be another's by now.
_MOVE = """
update delivery set state = %(state)s, attempts = attempts + 1, next_at = %(next_at)s,
       ended_at = %(ended_at)s, error = %(error)s, lease = null, leased_until = null
 where tenant_id = %(tenant)s and delivery_no = %(delivery)s and lease = %(lease)s
returning attempts
"""
_SHOW = """
update delivery set state = 'shown', ended_at = %(now)s, error = null, lease = null,
       leased_until = null
 where tenant_id = %(tenant)s and delivery_no in (
    select delivery_no from delivery
     where tenant_id = %(tenant)s and channel = 'mail' and state = 'queued' and next_at <= %(now)s
       and (leased_until is null or leased_until <= %(now)s)
     order by next_at, delivery_no limit %(limit)s for update skip locked)
"""


def delivery_of_row(row: TupleRow) -> Delivery:
    """A row of the columns above."""
    return Delivery(
        delivery_no=row[0],
        id=row[1],
        channel=Channel(row[2]),
        kind=row[3],
        key=row[4],
        address=row[5],
        subject=row[6],
        body=row[7],
        html=row[8],
        webhook_no=row[9],
        run_id=row[10],
        run_file=row[11],
        state=DeliveryState(row[12]),
        attempts=row[13],
        created_at=row[14],
        tried_since=row[15],
        next_at=row[16],
        ended_at=row[17],
        error=row[18],
    )


async def insert_deliveries(tx: Transaction, new: Sequence[NewDelivery], *, at: datetime) -> None:
    """Write deliveries, in one statement; what an address got already it does not get again."""
    if not new:
        return
    await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            at,
            at,
            at,
            [one.id for one in new],
            [one.channel.value for one in new],
            [one.kind for one in new],
            [one.key for one in new],
            [one.user for one in new],
            [one.webhook_no for one in new],
            [one.address for one in new],
            [one.subject for one in new],
            [one.body for one in new],
            [one.html for one in new],
            [one.run_id for one in new],
            [one.run_file for one in new],
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to send rows until a moment; `id` marks them."""

    id: UUID
    until: datetime


async def lease_deliveries(
    tx: Transaction, channel: Channel, lease: Lease, *, now: datetime, limit: int
) -> tuple[Delivery, ...]:
    """Take what is due, oldest first, and what a killed worker had; nobody else has it then."""
    cursor = await tx.connection.execute(
        _LEASE,
        {
            "tenant": tx.tenant_id,
            "channel": channel.value,
            "now": now,
            "lease": lease.id,
            "until": lease.until,
            "limit": limit,
        },
    )
    found = [delivery_of_row(row) for row in await cursor.fetchall()]
    return tuple(sorted(found, key=lambda one: (one.next_at, one.delivery_no)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a try made of a row."""

    delivery_no: int
    state: DeliveryState
    next_at: datetime
    ended_at: datetime | None
    error: str | None


async def move_delivery(tx: Transaction, lease: UUID, move: Move, attempt: Attempt) -> bool:
    """Keep what a try made of a row, with the try; False when the lease is no longer ours."""
    cursor = await tx.connection.execute(
        _MOVE,
        {
            "tenant": tx.tenant_id,
            "delivery": move.delivery_no,
            "lease": lease,
            "state": move.state.value,
            "next_at": move.next_at,
            "ended_at": move.ended_at,
            "error": move.error,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    await tx.connection.execute(
        "insert into delivery_attempt (tenant_id, delivery_no, attempt_no, at, milliseconds,"
        " status, error) values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        (
            tx.tenant_id,
            move.delivery_no,
            row[0],
            attempt.at,
            attempt.milliseconds,
            attempt.status,
            attempt.error,
        ),
    )
    return True


async def give_back(tx: Transaction, lease: UUID, *, next_at: datetime, error: str | None) -> int:
    """Give up the rest of a lease: nobody tried these. How many they were."""
    cursor = await tx.connection.execute(
        "update delivery set lease = null, leased_until = null, next_at = greatest(next_at, %s),"
        " error = coalesce(%s, error)"
        " where tenant_id = %s and state = 'queued' and lease = %s",
        (next_at, error, tx.tenant_id, lease),
    )
    return cursor.rowcount


async def end_those_tried_since(
    tx: Transaction, before: datetime, *, now: datetime, limit: int
) -> int:
    """Give up what was tried for too long and nobody is sending at this moment; how many."""
    cursor = await tx.connection.execute(
        "update delivery set state = 'dead', ended_at = %(now)s, lease = null, leased_until = null,"
        " error = coalesce(error, 'It was not tried in time.')"
        " where tenant_id = %(tenant)s and delivery_no in (select delivery_no from delivery"
        "  where tenant_id = %(tenant)s and channel = any('{mail,webhook}') and state = 'queued'"
        "    and tried_since < %(before)s and (leased_until is null or leased_until <= %(now)s)"
        "  limit %(limit)s for update skip locked)",
        {"tenant": tx.tenant_id, "before": before, "now": now, "limit": limit},
    )
    return cursor.rowcount


async def show_mails(tx: Transaction, *, now: datetime, limit: int) -> int:
    """Mark due mails as shown, where no mail server is set; how many they were."""
    cursor = await tx.connection.execute(
        _SHOW, {"tenant": tx.tenant_id, "now": now, "limit": limit}
    )
    return cursor.rowcount


async def pause_webhook(tx: Transaction, webhook_no: int, *, until: datetime, lease: UUID) -> None:
    """Leave a webhook alone until a moment: its calls that are due, and those of this lease."""
    await tx.connection.execute(
        "update delivery set next_at = greatest(next_at, %s), lease = null, leased_until = null"
        " where tenant_id = %s and webhook_no = %s and channel = 'webhook' and state = 'queued'"
        "   and (lease is null or lease = %s)",
        (until, tx.tenant_id, webhook_no, lease),
    )
