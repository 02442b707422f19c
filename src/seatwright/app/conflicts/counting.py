"""How many conflicts there are, as far as that is known without looking at everybody."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.conflicts.seats import short_products
from seatwright.domain.conflicts import REASON_OF_KIND, ConflictKind
from seatwright.postgres.tally import count_errors


async def count_some(call: Call) -> dict[ConflictKind, int]:
    """Products that are short, and errors of each kind.

    What people have twice is not among them: only looking at everybody would tell.
    """
    errors = await count_errors(call.tx, REASON_OF_KIND.values())
    counts = {ConflictKind.INSUFFICIENT_SEATS: len(await short_products(call))}
    return counts | {kind: errors.get(reason, 0) for kind, reason in REASON_OF_KIND.items()}
