"""What an overview counts: bounded, however large the tenant is."""

from __future__ import annotations

from datetime import datetime

from seatwright.postgres.transaction import Transaction


async def count_idle_holders(tx: Transaction, *, before: datetime, looked_at: int) -> int:
    """How many hold something of those `looked_at` people whose last sign-in is longest ago."""
    cursor = await tx.connection.execute(
        "select count(*) from (select user_no from app_user where tenant_id = %s"
        "   and deleted_at is null and last_sign_in_at < %s"
        "   order by last_sign_in_at, user_no limit %s) silent"
        " where exists (select from effective_license l"
        "   where l.tenant_id = %s and l.user_no = silent.user_no)",
        (tx.tenant_id, before, looked_at, tx.tenant_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
