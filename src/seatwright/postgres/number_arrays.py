"""Sending numpy's columns to PostgreSQL as arrays, in binary form and without a Python object each.

Beside `arrays.py`, which does it for lists. What is null is a number of its own in a column (-1,
say), and the statement turns it into null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg.abc import PyFormat
from psycopg.adapt import Dumper
from psycopg.pq import Format

EPOCH: Final = np.datetime64("2000-01-01T00:00:00", "us")
"""PostgreSQL counts its moments from here, in microseconds."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How a kind of number is called: an array of it, one of it, and its binary form."""

    array_oid: int
    oid: int
    binary: str


_KINDS: Final[Mapping[str, _Kind]] = {
    "i2": _Kind(array_oid=1005, oid=21, binary=">i2"),
    "i4": _Kind(array_oid=1007, oid=23, binary=">i4"),
    "i8": _Kind(array_oid=1016, oid=20, binary=">i8"),
    "M8": _Kind(array_oid=1185, oid=1184, binary=">i8"),
}
"""Whole numbers, and moments in UTC (`datetime64[us]`)."""


class NumberArrayDumper(Dumper):
    """Dumps one-dimensional arrays of int16, int32, int64 and datetime64[us]."""

    format = Format.BINARY

    def __init__(self, cls: type, context: Any = None, kind: _Kind = _KINDS["i4"]) -> None:
        super().__init__(cls, context)
        self._kind = kind
        self.oid = kind.array_oid

    def get_key(self, obj: Array, format: PyFormat) -> tuple[type, ...]:  # noqa: A002  psycopg's.
        """One dumper for each kind of number."""
        del format
        return (self.cls, obj.dtype.type)

    def upgrade(self, obj: Array, format: PyFormat) -> NumberArrayDumper:  # noqa: A002  psycopg's.
        """The dumper for this array's kind of number."""
        del format
        return NumberArrayDumper(self.cls, None, _KINDS[obj.dtype.str[1:3]])

    def dump(self, obj: Array) -> bytes:
        """The array as PostgreSQL receives it: its shape, then each number behind its length."""
        shape = np.array([int(obj.size > 0), 0, self._kind.oid], dtype=">i4").tobytes()
        if not obj.size:
            return shape
        numbers = (obj - EPOCH).astype(np.int64) if obj.dtype.kind == "M" else obj
        rows = np.empty(obj.size, dtype=[("length", ">i4"), ("number", self._kind.binary)])
        rows["length"] = numbers.dtype.itemsize
        rows["number"] = numbers
        return shape + np.array([obj.size, 1], dtype=">i4").tobytes() + rows.tobytes()
