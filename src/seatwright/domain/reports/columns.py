"""The columns of reports, and the cells below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | bool | Decimal | datetime | None
"""One value of a report; what is unknown or does not apply is None, never a word for it."""

Cells: TypeAlias = tuple[Cell, ...]
"""One row, a cell for each column."""

MONEY_PLACES: Final = Decimal("0.01")


class ColumnKind(StrEnum):
    """What the cells of a column are; the values are what the catalogue of reports says."""

    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    MOMENT = "moment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """One column: `name` on the wire, `title` above a table.

    A detail of a person is everything but the id and the display name: whoever may read reports
    and not people is never shown it (`interfaces.md`, "Roles").
    """

    name: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    meaning: str = ""
    is_detail: bool = False


def visible_columns(
    columns: Sequence[ReportColumn], *, with_details: bool
) -> tuple[ReportColumn, ...]:
    """The columns that a reader is shown."""
    return tuple(one for one in columns if with_details or not one.is_detail)


def text_of(cell: Cell) -> str:
    """A cell as a CSV file has it: times in UTC to the second, flags as true and false."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(cell)


def money(amount: Decimal) -> Decimal:
    """An amount as reports show it, rounded to the hundredth (half up, as invoices do)."""
    return amount.quantize(MONEY_PLACES, rounding="ROUND_HALF_UP")
