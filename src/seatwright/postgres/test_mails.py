"""Test mails: how many were asked for lately, and where somebody reads theirs."""

from __future__ import annotations

from datetime import datetime

from seatwright.domain.ids import UserNo
from seatwright.postgres.transaction import Transaction


async def count_test_mails(tx: Transaction, *, since: datetime) -> int:
    """How many were asked for since a moment; whoever asks meanwhile waits for this answer."""
    await tx.connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('seatwright test mail', %s))",
        (tx.tenant_id,),
    )
    cursor = await tx.connection.execute(
        "select count(*) from delivery"
        " where tenant_id = %s and kind = 'mailTest' and created_at > %s",
        (tx.tenant_id, since),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def mail_address(tx: Transaction, user: UserNo) -> str | None:
    """Where a living person is mailed."""
    cursor = await tx.connection.execute(
        "select coalesce(nullif(mail, ''), upn) from app_user"
        " where tenant_id = %s and user_no = %s and deleted_at is null",
        (tx.tenant_id, user),
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])
