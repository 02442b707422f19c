"""Webhooks and their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.transaction import Transaction

_SELECT: Final = (
    "select webhook_no, id, url, kinds, secret, secret_before, secret_before_until, created_at,"
    " failing_since, disabled_at, disabled_why from webhook where tenant_id = %s"
)


def _webhook(row: TupleRow) -> Webhook:
    return Webhook(
        webhook_no=row[0],
        id=row[1],
        url=row[2],
        kinds=None if row[3] is None else tuple(row[3]),
        secret=row[4],
        secret_before=row[5],
        secret_before_until=row[6],
        created_at=row[7],
        failing_since=row[8],
        disabled_at=row[9],
        disabled_why=row[10],
    )


async def read_webhooks(tx: Transaction) -> tuple[Webhook, ...]:
    """Every webhook, oldest first."""
    cursor = await tx.connection.execute(f"{_SELECT} order by webhook_no", (tx.tenant_id,))
    return tuple(_webhook(row) for row in await cursor.fetchall())


async def find_webhook(tx: Transaction, id_: UUID, *, holds: bool = False) -> Webhook | None:
    """A webhook by its id, locked if it is to change."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and id = %s{' for update' if holds else ''}", (tx.tenant_id, id_)
    )
    row = await cursor.fetchone()
    return None if row is None else _webhook(row)


async def webhooks_by_number(tx: Transaction, numbers: Sequence[int]) -> dict[int, Webhook]:
    """These webhooks; who was removed meanwhile is left out."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and webhook_no = any(%s)", (tx.tenant_id, list(numbers))
    )
    return {row[0]: _webhook(row) for row in await cursor.fetchall()}


async def insert_webhook(tx: Transaction, new: Webhook, *, by: PrincipalNo) -> None:
    """Store a webhook."""
    await tx.connection.execute(
        "insert into webhook (tenant_id, webhook_no, id, url, kinds, secret, created_at,"
        " created_by) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tx.tenant_id,
            new.webhook_no,
            new.id,
            new.url,
            None if new.kinds is None else list(new.kinds),
            new.secret,
            new.created_at,
            by,
        ),
    )


async def update_webhook(tx: Transaction, new: Webhook) -> None:
    """Store a webhook as it now is."""
    await tx.connection.execute(
        "update webhook set url = %s, kinds = %s, secret = %s, secret_before = %s,"
        " secret_before_until = %s, failing_since = %s, disabled_at = %s, disabled_why = %s"
        " where tenant_id = %s and webhook_no = %s",
        (
            new.url,
            None if new.kinds is None else list(new.kinds),
            new.secret,
            new.secret_before,
            new.secret_before_until,
            new.failing_since,
            new.disabled_at,
            new.disabled_why,
            tx.tenant_id,
            new.webhook_no,
        ),
    )


async def delete_webhook(tx: Transaction, webhook_no: int) -> None:
    """Forget a webhook with its secret, and with the calls of it."""
    await tx.connection.execute(
        "delete from webhook where tenant_id = %s and webhook_no = %s", (tx.tenant_id, webhook_no)
    )


async def note_answer(tx: Transaction, webhook_no: int, *, failing_since: datetime | None) -> None:
    """Keep that a call failed, since when all have; or that one was taken (None)."""
    await tx.connection.execute(
        "update webhook set failing_since ="
        " case when %(since)s::timestamptz is null then null"
        " else coalesce(failing_since, %(since)s) end"
        " where tenant_id = %(tenant)s and webhook_no = %(webhook)s"
        "   and (failing_since is null) <> (%(since)s::timestamptz is null)",
        {"since": failing_since, "tenant": tx.tenant_id, "webhook": webhook_no},
    )
