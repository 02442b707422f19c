"""Rows of a report as they are stored: JSON of the cells, compressed, some thousands together."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from seatwright.domain.reports.columns import Cell, Cells, ColumnKind, ReportColumn


def pack(rows: Sequence[Cells]) -> bytes:
    """Rows as bytes; amounts and times become texts, which `unpack` makes typed again."""
    return zlib.compress(
        json.dumps(rows, default=str, ensure_ascii=False, separators=(",", ":")).encode()
    )


def unpack(content: bytes, columns: Sequence[ReportColumn]) -> list[Cells]:
    """The rows that were packed, with the types of their columns."""
    typed = {at: one.kind for at, one in enumerate(columns) if one.kind in _TYPED}
    rows: list[list[Cell]] = json.loads(zlib.decompress(content))
    for row in rows:
        for at, kind in typed.items():
            cell = row[at]
            if isinstance(cell, str):
                row[at] = Decimal(cell) if kind in _AMOUNTS else datetime.fromisoformat(cell)
    return [tuple(row) for row in rows]


_AMOUNTS = frozenset({ColumnKind.MONEY, ColumnKind.PERCENT})
_TYPED = _AMOUNTS | {ColumnKind.MOMENT}
