"""The bytes of a list's file: made at once, or piece by piece from what a job has kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from seatwright.app.exports.lists import Asked, ListFile
from seatwright.app.reports.files import csv_of
from seatwright.domain.exports import FileKind
from seatwright.domain.ids import TenantId
from seatwright.domain.reports.columns import Cells, ReportColumn
from seatwright.postgres.pool import Database
from seatwright.postgres.reports.runs import StoredRun, read_chunk, workbook_piece
from seatwright.spreadsheets.workbook import Heading, workbook_bytes

MEDIA_TYPES: Final = {
    FileKind.CSV: "text/csv; charset=utf-8; header=present",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


_ABOUT: Final = ("sku", "product", "user")
"""The filters that say what a list is about."""

_ABOUT_MAX: Final = 60
_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9@._]+")
"""What a name of a file has a hyphen for: no system keeps anything else from it."""


class FileGoneError(Exception):
    """The file was deleted, or its time was over, while it was being sent."""


def file_name(file: ListFile, asked: Asked, at: datetime, kind: FileKind) -> str:
    """`users-2026-11-22.csv`, say, or `past-holders-VISIOCLIENT-on-2026-10-01.csv`.

    The product or person that the list is about is in it, and the day that was asked about in
    place of the day it was made on.
    """
    about = (_IN_NAMES.sub("-", asked[one])[:_ABOUT_MAX] for one in _ABOUT if one in asked)
    day = f"on-{asked['day']}" if "day" in asked else f"{at:%Y-%m-%d}"
    return f"{'-'.join((file.name.value, *about, day))}.{kind.value}"


def heading_of(file: ListFile, asked: Asked, *, tenant: str, at: datetime) -> Heading:
    """What a workbook of a list says of itself."""
    title = file.name.value.replace("-", " ").capitalize()
    facts = (
        ("List", title),
        ("Tenant", tenant),
        ("Made at", f"{at:%Y-%m-%d %H:%M} UTC"),
        *asked.items(),
    )
    return Heading(title=title, columns=file.columns, facts=facts, made_at=at)


def heading_of_run(run: StoredRun, file: ListFile, *, tenant: str) -> Heading:
    """What the workbook of a run says of itself."""
    asked = {name: str(value) for name, value in run.parameters.items()}
    return heading_of(file, asked, tenant=tenant, at=run.created_at)


def columns_of_run(run: StoredRun, file: ListFile) -> tuple[ReportColumn, ...]:
    """The columns that the rows of a run have; a later version may have others."""
    known = {one.name: one for one in file.columns}
    names = run.columns or ()
    return tuple(known.get(name) or ReportColumn(name=name, title=name) for name in names)


async def csv_bytes(file: ListFile, rows: Sequence[Cells]) -> bytes:
    """A short list as CSV."""

    async def slices() -> AsyncIterator[Sequence[Cells]]:
        yield rows

    return b"".join([piece async for piece in csv_of(file.columns, slices())])


async def xlsx_bytes(heading: Heading, rows: Sequence[Cells]) -> bytes:
    """A short list as a workbook."""
    # Ten thousand rows take a second, in which others want their pages.
    return await asyncio.to_thread(workbook_bytes, heading, rows)


async def csv_pieces(
    database: Database, *, tenant_id: TenantId, run: StoredRun, file: ListFile
) -> AsyncIterator[bytes]:
    """The rows of a run as CSV; no connection is held while a piece is on its way.

    Raises FileGoneError when the run is deleted meanwhile.
    """
    columns = columns_of_run(run, file)

    async def slices() -> AsyncIterator[Sequence[Cells]]:
        for number in range(run.chunks):
            async with database.transaction(tenant_id) as tx:
                rows = await read_chunk(tx, run, number, columns)
            if not rows:
                raise FileGoneError
            yield rows

    async for piece in csv_of(columns, slices()):
        yield piece


async def workbook_pieces(
    database: Database, *, tenant_id: TenantId, run: StoredRun, count: int
) -> AsyncIterator[bytes]:
    """The workbook of a run as it is stored. Raises FileGoneError as `csv_pieces` does."""
    for number in range(count):
        async with database.transaction(tenant_id) as tx:
            piece = await workbook_piece(tx, run.run_no, number)
        if piece is None:
            raise FileGoneError
        yield piece
