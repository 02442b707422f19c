"""Forgetting what is kept for a time only: counts of removals, and the journal of wishes."""

from __future__ import annotations

from datetime import datetime

from seatwright.domain.brake import WINDOW
from seatwright.domain.undo import UNDOABLE_FOR
from seatwright.postgres.held import forget_counts
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.undo_places import forget_batches

BATCHES_AT_ONCE_MAX = 100
"""Each minute forgets so many calls and jobs, which is more than a day of a large tenant has."""


async def forget_removals(tx: Transaction, *, now: datetime) -> None:
    """Forget removals of more than an hour ago, and how to undo what is older than 30 days."""
    await forget_counts(tx, before=now - 2 * WINDOW)
    await forget_batches(tx, before=now - UNDOABLE_FOR, limit=BATCHES_AT_ONCE_MAX)
