"""When people last used what they claimed, so that what is not used can be released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

NOTED_EVERY: Final = timedelta(days=1)
"""Uses within a day of one that was noted change nothing: releases count in days."""


async def note_uses(tx: Transaction, uses: Sequence[tuple[UserNo, SkuNo]], *, at: datetime) -> None:
    """Keep that these people used these products; one statement for a whole batch of launches."""
    if not uses:
        return
    pairs = sorted(set(uses))
    await tx.connection.execute(
        "insert into auto_claim_use as u (tenant_id, user_no, sku_no, last_at)"
        " select %s, new.user_no, new.sku_no, %s"
        " from unnest(%s::int4[], %s::int2[]) as new (user_no, sku_no)"
        " on conflict (tenant_id, user_no, sku_no) do update set last_at = excluded.last_at"
        " where u.last_at <= %s",
        (
            tx.tenant_id,
            at,
            [user for user, _ in pairs],
            [sku for _, sku in pairs],
            at - NOTED_EVERY,
        ),
    )
