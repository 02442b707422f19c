"""How many conflicts there are, as far as that is known without looking at everybody."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.conflicts.seats import short_products
from seatwright.domain.conflicts import REASON_OF_KIND, ConflictKind
from seatwright.postgres.conflicts import count_errors_up_to

COUNTED_MAX: Final = 1_000
"""Counting ends here: a list that long is worked on by other means than one by one."""


async def count_some(call: Call) -> dict[ConflictKind, int]:
    """Products that are short, and errors up to `COUNTED_MAX` of each kind.

    What people have twice is not among them: only looking at everybody would tell.
    """
    errors = await count_errors_up_to(call.tx, REASON_OF_KIND.values(), limit=COUNTED_MAX)
    counts = {ConflictKind.INSUFFICIENT_SEATS: len(await short_products(call))}
    return counts | {kind: errors.get(reason, 0) for kind, reason in REASON_OF_KIND.items()}
