"""One table as an XLSX workbook: typed cells, a frozen header, columns as wide as their words.

Every text is written as a text: nothing that a person typed becomes a formula or a link. Rows go
to a file of their own as they come (`constant_memory`), so a million of them take little memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]  # It ships no types.

from seatwright.domain.reports.columns import Cell, Cells, ColumnKind, ReportColumn

ROWS_IN_SHEET_MAX: Final = 1_000_000
"""A sheet takes 1,048,576 rows; what is longer goes on in the next one."""

TEXT_LENGTH_MAX: Final = 32_767
"""What one cell takes."""

WIDTH_MIN: Final = 8
WIDTH_MAX: Final = 60
_SHEET_NAME_MAX: Final = 31
_FIRST_YEAR: Final = 1900

_FORMATS: Final = {
    ColumnKind.COUNT: "#,##0",
    ColumnKind.MONEY: "#,##0.00",
    ColumnKind.PERCENT: "0.0%",
    ColumnKind.MOMENT: "yyyy-mm-dd hh:mm",
}
_MOMENT_WIDTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a workbook is about: its title, its columns, and facts for a sheet of their own."""

    title: str
    columns: tuple[ReportColumn, ...]
    facts: tuple[tuple[str, str], ...]
    made_at: datetime


class Workbook:
    """A workbook in the making; used in a `with`, at whose end its files are gone."""

    def __init__(self, heading: Heading) -> None:
        """Begin a workbook in a temporary directory."""
        self._heading = heading
        self._directory = tempfile.TemporaryDirectory(prefix="seatwright-workbook-")
        self._path = Path(self._directory.name) / "workbook.xlsx"
        self._book: Any = xlsxwriter.Workbook(
            self._path,
            {
                "constant_memory": True,
                "tmpdir": self._directory.name,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        made = heading.made_at.astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": heading.title, "created": made})
        self._header: Any = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._formats: dict[ColumnKind, Any] = {
            kind: self._book.add_format({"num_format": words}) for kind, words in _FORMATS.items()
        }
        self._sheets = 0
        self._sheet: Any = None
        self._row = 0
        self._widths: list[int] = []
        self._begin_sheet()

    def __enter__(self) -> Workbook:
        """Give the workbook."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove every file of it."""
        self._directory.cleanup()

    def add(self, rows: Iterable[Cells]) -> None:
        """Write rows below those that are there."""
        for row in rows:
            if self._row > ROWS_IN_SHEET_MAX:
                self._end_sheet()
                self._begin_sheet()
            for place, (column, cell) in enumerate(zip(self._heading.columns, row, strict=True)):
                if cell is not None:
                    self._write(place, column, cell)
            self._row += 1

    def finish(self) -> None:
        """Write the sheet of facts and close the file."""
        self._end_sheet()
        about = self._book.add_worksheet("About")
        about.set_column(0, 0, 20)
        about.set_column(1, 1, WIDTH_MAX)
        for at, (name, text) in enumerate(self._heading.facts):
            about.write_string(at, 0, name, self._header)
            about.write_string(at, 1, text[:TEXT_LENGTH_MAX])
        self._book.close()

    def pieces(self, size: int) -> Iterator[bytes]:
        """The finished file in pieces."""
        with self._path.open("rb") as file:
            while piece := file.read(size):
                yield piece

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = self._heading.title[: _SHEET_NAME_MAX - 6]
        self._sheet = self._book.add_worksheet(
            name if self._sheets == 1 else f"{name} ({self._sheets})"
        )
        self._sheet.freeze_panes(1, 0)
        self._widths = [
            max(WIDTH_MIN, min(len(one.title) + 2, WIDTH_MAX)) for one in self._heading.columns
        ]
        for place, column in enumerate(self._heading.columns):
            self._sheet.write_string(0, place, column.title, self._header)
        self._row = 1

    def _end_sheet(self) -> None:
        for place, width in enumerate(self._widths):
            self._sheet.set_column(place, place, width)
        if self._row > 1:
            self._sheet.autofilter(0, 0, self._row - 1, len(self._widths) - 1)

    def _write(self, place: int, column: ReportColumn, cell: Cell) -> None:
        sheet, row = self._sheet, self._row
        match cell:
            case bool():
                sheet.write_boolean(row, place, cell)
            case datetime() if cell.year >= _FIRST_YEAR:
                naive = cell.astimezone(UTC).replace(tzinfo=None)
                sheet.write_datetime(row, place, naive, self._formats[ColumnKind.MOMENT])
                self._widen(place, _MOMENT_WIDTH)
            case int() | Decimal():
                number = cell / 100 if column.kind is ColumnKind.PERCENT else cell
                sheet.write_number(row, place, number, self._formats.get(column.kind))
                self._widen(place, len(f"{number:,}") + 1)
            case _:
                text = str(cell)[:TEXT_LENGTH_MAX]
                sheet.write_string(row, place, text)
                self._widen(place, len(text))

    def _widen(self, place: int, width: int) -> None:
        if width > self._widths[place]:
            self._widths[place] = min(width + 1, WIDTH_MAX)


def workbook_bytes(heading: Heading, rows: Sequence[Cells]) -> bytes:
    """A short table as a whole workbook."""
    with Workbook(heading) as book:
        book.add(rows)
        book.finish()
        return b"".join(book.pieces(1 << 20))
