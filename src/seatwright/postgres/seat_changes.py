"""Changes of units that are booked for a day, and purchases that time has something to do with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.errors import Reason
from seatwright.domain.ids import PrincipalNo
from seatwright.domain.seat_changes import SeatChange, SeatChangeState
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "id, subscription_id, units, units_before, effective_at, state, reason, message, note,"
    " created_at, created_by, ended_at"
)

# What time has something to do with: a purchase that starts or changes its state, and a booked
# change. The first few are enough: whoever does one asks again.
_DUE = """
select id from subscription
 where tenant_id = %(tenant)s and has_started and next_lifecycle_at <= %(now)s
   and status <> 'Deleted'
union
select id from subscription
 where tenant_id = %(tenant)s and not has_started and starts_at <= %(now)s
union
select subscription_id from seat_change
 where tenant_id = %(tenant)s and state = 'scheduled' and effective_at <= %(now)s
 order by id limit 1
"""


def _change(row: TupleRow) -> SeatChange:
    return SeatChange(
        id=row[0],
        subscription_id=row[1],
        units=row[2],
        units_before=row[3],
        effective_at=row[4],
        state=SeatChangeState(row[5]),
        reason=None if row[6] is None else Reason(row[6]),
        message=row[7],
        note=row[8],
        created_at=row[9],
        created_by=PrincipalNo(row[10]),
        ended_at=row[11],
    )


async def due_subscription(tx: Transaction, *, now: datetime) -> UUID | None:
    """One purchase with which time has something to do; None: there is nothing."""
    cursor = await tx.connection.execute(_DUE, {"tenant": tx.tenant_id, "now": now})
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def insert_seat_change(tx: Transaction, one: SeatChange) -> bool:
    """Book a change; False when one is booked for that purchase and moment already."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                f"insert into seat_change (tenant_id, {_COLUMNS})"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    tx.tenant_id,
                    one.id,
                    one.subscription_id,
                    one.units,
                    one.units_before,
                    one.effective_at,
                    one.state.value,
                    one.reason,
                    one.message,
                    one.note,
                    one.created_at,
                    one.created_by,
                    one.ended_at,
                ),
            )
    except UniqueViolation:
        return False
    return True


async def find_seat_change(tx: Transaction, change_id: UUID) -> SeatChange | None:
    """One booked change by its id."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from seat_change where tenant_id = %s and id = %s",
        (tx.tenant_id, change_id),
    )
    row = await cursor.fetchone()
    return None if row is None else _change(row)


async def scheduled_changes(
    tx: Transaction, subscriptions: Sequence[UUID] | None = None
) -> tuple[SeatChange, ...]:
    """What is booked, first due first, of these purchases or of all; a tenant has few."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from seat_change where tenant_id = %s and state = 'scheduled'"
        " and (%s::uuid[] is null or subscription_id = any(%s)) order by effective_at, id",
        (
            tx.tenant_id,
            None if subscriptions is None else list(subscriptions),
            [] if subscriptions is None else list(subscriptions),
        ),
    )
    return tuple(map(_change, await cursor.fetchall()))


async def list_seat_changes(
    tx: Transaction,
    *,
    subscription: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> tuple[SeatChange, ...]:
    """Changes of one purchase or of all, the latest day first."""
    of_one = "" if subscription is None else " and subscription_id = %(subscription)s"
    further = "" if after is None else " and (effective_at, id) < (%(at)s, %(id)s)"
    at, id_ = after or (None, None)
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from seat_change where tenant_id = %(tenant)s{of_one}{further}"
        " order by effective_at desc, id desc limit %(limit)s",
        {
            "tenant": tx.tenant_id,
            "subscription": subscription,
            "at": at,
            "id": id_,
            "limit": limit,
        },
    )
    return tuple(map(_change, await cursor.fetchall()))


async def end_seat_change(tx: Transaction, one: SeatChange) -> bool:
    """Store what became of a booked change; False when it has ended already."""
    cursor = await tx.connection.execute(
        "update seat_change set state = %s, reason = %s, message = %s, ended_at = %s"
        " where tenant_id = %s and id = %s and state = 'scheduled'",
        (one.state.value, one.reason, one.message, one.ended_at, tx.tenant_id, one.id),
    )
    return cursor.rowcount == 1
