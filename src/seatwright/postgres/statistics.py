"""What the planner knows of the tables, made anew after much was written at once."""

from __future__ import annotations

from typing import Final

from seatwright.postgres.transaction import Transaction

MUCH: Final = 5_000
"""From so many rows on; below, PostgreSQL's own look of each minute is soon enough."""


async def refresh_statistics(tx: Transaction, *, rows: int) -> None:
    """Have the tables of people and licenses analyzed, if this many rows were written to them.

    Takes about a second; what the transaction wrote itself is counted.
    """
    if rows >= MUCH:
        await tx.connection.execute("select refresh_statistics()")
