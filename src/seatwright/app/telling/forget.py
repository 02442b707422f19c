"""Forgetting what was told long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from seatwright.app.call import Call
from seatwright.domain.settings import whole_number
from seatwright.postgres.delivery_lists import forget_deliveries, forget_tellings

AT_ONCE: Final = 2_000
"""Rows that one transaction forgets."""


async def forget_old_tellings(call: Call) -> bool:
    """Forget what was told long ago, and what was sent; what still waits is never as old."""
    kept = max(
        timedelta(days=whole_number(call.tenant.settings, "tellingsKeptDays")),
        timedelta(hours=whole_number(call.tenant.settings, "deliveriesTriedHours"))
        + timedelta(days=1),
    )
    before = call.now - kept
    tellings = await forget_tellings(call.tx, before, limit=AT_ONCE)
    deliveries = await forget_deliveries(call.tx, before, limit=AT_ONCE)
    return AT_ONCE in (tellings, deliveries)
