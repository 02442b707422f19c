"""Sending long lists to PostgreSQL as arrays, which is what every bulk statement does.

psycopg looks at each element of a list by itself. A bulk job sends hundreds of thousands of
elements that are all of one kind, so they are joined at once here: about ten times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import numpy as np
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.rows import TupleRow
from psycopg.types.array import ListDumper

from seatwright.postgres.number_arrays import NumberArrayDumper


class QuickListDumper(ListDumper):
    """Dumps lists whose elements are all whole numbers, texts or times, or null."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The list as PostgreSQL reads it; any other list is psycopg's own affair."""
        kinds = set(map(type, obj)) - {type(None)}
        write = _WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
        if write is None:
            return super().dump(obj)
        body = ",".join(write(obj))
        # PostgreSQL would end the array there: psycopg refuses it with a word.
        return super().dump(obj) if "\0" in body else f"{{{body}}}".encode()


def _numbers(elements: Iterable[int | None]) -> Iterable[str]:
    return ["NULL" if one is None else str(one) for one in elements]


def _texts(elements: Iterable[str | None]) -> Iterable[str]:
    return ["NULL" if one is None else f'"{_escaped(one)}"' for one in elements]


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text:
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text


def _times(elements: Iterable[datetime | None]) -> Iterable[str]:
    return ["NULL" if one is None else f'"{one}"' for one in elements]


_WRITERS: Final[dict[type, Callable[[Iterable[Any]], Iterable[str]]]] = {
    int: _numbers,
    str: _texts,
    datetime: _times,
}


async def use_quick_lists(connection: AsyncConnection[TupleRow]) -> None:
    """Have a connection send its lists this way, and numpy's columns as `number_arrays.py` does."""
    connection.adapters.register_dumper(list, QuickListDumper)
    connection.adapters.register_dumper(np.ndarray, NumberArrayDumper)
