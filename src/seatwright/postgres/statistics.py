"""What the planner knows of the tables, made anew after much was written at once."""

from __future__ import annotations

from typing import Final

from seatwright.postgres.transaction import Transaction

MUCH: Final = 5_000
"""From so many rows on; below, PostgreSQL's own look of each minute is soon enough."""


async def refresh_statistics(tx: Transaction, *, rows: int) -> None:
    """Have the tables of people and licenses analyzed, if this many rows were written to them.

    Takes about a second; what the transaction wrote itself is counted. Its locks stand in the way
    of other looks, of vacuum and of changes of tables, not of reads and writes, and they stay until
    the transaction ends, so ask for it last. A table that somebody else has so is passed by.
    """
    if rows >= MUCH:
        await tx.connection.execute("select refresh_statistics()")
