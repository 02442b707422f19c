"""The journal of wishes: under which call or job a transaction writes, and what one did.

Triggers (`0010_brake.sql`) keep every change of assignments, memberships, groups inside groups
and places in waiting lists. They ask the session for the correlation id; without one they keep
nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from seatwright.domain.ids import PrincipalNo
from seatwright.postgres.transaction import Transaction


async def sign(tx: Transaction, correlation: UUID, *, principal: PrincipalNo, at: datetime) -> None:
    """Have the journal written under this correlation id until the transaction ends."""
    await tx.connection.execute(
        "select set_config('seatwright.correlation', %s, true),"
        " set_config('seatwright.principal', %s, true), set_config('seatwright.at', %s, true)",
        (str(correlation), str(principal), at.isoformat()),
    )
