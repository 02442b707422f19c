"""The monthly partitions of the history, made ahead of time.

A month that has no partition of its own loses nothing: its rows go to the default one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

MONTHS_AHEAD: Final = 2
"""Whoever is not run for two months writes on as before, only into the default partition."""

_MAKE: Final = "select make_history_partition(%s)"


def make_partitions_as_owner(owner: psycopg.Connection[tuple[object, ...]], today: date) -> None:
    """Make the partitions of this month and of those ahead, one transaction each.

    What a long transaction is in the way of, the worker makes later.
    """
    for month in _months(today, first=0):
        try:
            with owner.transaction():
                owner.execute(_MAKE, (month,))
        except psycopg.errors.LockNotAvailable:
            return


async def make_partitions_ahead(connection: AsyncConnection[TupleRow], today: date) -> bool:
    """Make the partitions of the next months; False when a long transaction is in the way.

    Not of this month: if it has none by now, its rows are in the default partition.
    """
    try:
        for month in _months(today, first=1):
            async with connection.transaction():
                await connection.execute(_MAKE, (month,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _months(today: date, *, first: int) -> Iterator[date]:
    months = today.year * 12 + today.month - 1
    for month in range(months + first, months + MONTHS_AHEAD + 1):
        yield date(month // 12, month % 12 + 1, 1)
