"""Reports as files: CSV streams, JSON streams, and workbooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from seatwright.app.call import Call
from seatwright.app.reports.reading import Question, all_rows
from seatwright.domain.csv_text import row_writer
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.reports.catalog import Report
from seatwright.domain.reports.columns import Cells, ColumnKind, ReportColumn, text_of
from seatwright.domain.reports.parameters import Given
from seatwright.spreadsheets.workbook import Heading, workbook_bytes

INLINE_ROWS_MAX: Final = 10_000
"""A longer workbook takes seconds to make, so it is made by a run, as a job."""

_NUMBERS: Final = frozenset({ColumnKind.COUNT, ColumnKind.MONEY, ColumnKind.PERCENT})


async def csv_of(
    columns: Sequence[ReportColumn], slices: AsyncIterator[Sequence[Cells]]
) -> AsyncIterator[bytes]:
    """Rows as CSV with the names of their columns, safe to open in a spreadsheet."""
    line_of = row_writer(
        numbers=frozenset(at for at, one in enumerate(columns) if one.kind in _NUMBERS)
    )
    yield line_of([one.name for one in columns]).encode()
    async for rows in slices:
        yield "".join(line_of([text_of(cell) for cell in row]) for row in rows).encode()


async def json_of(
    columns: Sequence[ReportColumn], slices: AsyncIterator[Sequence[Cells]]
) -> AsyncIterator[bytes]:
    """Rows as one JSON object with a list, written as they come."""
    names = [one.name for one in columns]
    yield b'{"value":['
    comma = ""
    async for rows in slices:
        texts = (json.dumps(json_row(names, row), ensure_ascii=False) for row in rows)
        yield (comma + ",".join(texts)).encode()
        comma = ","
    yield b"]}"


def json_row(names: Sequence[str], row: Cells) -> Mapping[str, object]:
    """A row as JSON has it: amounts as text, so that no digit is lost, and times in ISO 8601."""
    return {
        name: cell if cell is None or isinstance(cell, (bool, int)) else text_of(cell)
        for name, cell in zip(names, row, strict=True)
    }


def heading_of(
    report: Report,
    columns: Sequence[ReportColumn],
    *,
    asked: Mapping[str, Given],
    tenant: str,
    at: datetime,
) -> Heading:
    """What a workbook of a report says of itself."""
    facts = [
        ("Report", report.title),
        ("What it is", report.meaning),
        ("Tenant", tenant),
        ("Made at", f"{at:%Y-%m-%d %H:%M} UTC"),
    ]
    facts += [(name, str(value)) for name, value in asked.items() if value is not None]
    facts += [(one.title, one.meaning) for one in columns if one.meaning]
    return Heading(title=report.title, columns=tuple(columns), facts=tuple(facts), made_at=at)


async def workbook_now(call: Call, question: Question) -> bytes:
    """A report as a workbook, made at once.

    Raises Refusal invalidValue for more than 10,000 rows, which are for a run.
    """
    heading = heading_of(
        question.report,
        question.columns,
        asked=question.asked,
        tenant=call.tenant.name,
        at=call.now,
    )
    return await make_workbook(heading, await all_rows(call, question))


async def make_workbook(heading: Heading, slices: AsyncIterator[Sequence[Cells]]) -> bytes:
    """A short workbook of rows as they come.

    Raises Refusal invalidValue for more than 10,000 rows.
    """
    gathered: list[Cells] = []
    async for rows in slices:
        gathered += rows
        if len(gathered) > INLINE_ROWS_MAX:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"{heading.title} has more than {INLINE_ROWS_MAX:,} rows, and such a workbook is"
                " made by a run: POST /api/reports/ID/runs with “workbook”: true, then download its"
                " file. format=csv has every row at once.",
            )
    # Beside the event loop: ten thousand rows take a second, in which others want their answers.
    return await asyncio.to_thread(workbook_bytes, heading, gathered)
