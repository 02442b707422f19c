"""A workbook that somebody sends, as the table of its first sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

import python_calamine

from seatwright.domain.errors import Reason, Refusal

UNPACKED_BYTES_MAX: Final = 256 * 1024 * 1024
"""What the parts of a workbook may come to: 200,000 rows of eight columns take about 80 MiB."""

_PIECE_BYTES: Final = 1 << 20
_ZIP: Final = b"PK\x03\x04"

_Value = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(content: bytes) -> bool:
    """Whether the bytes are an XLSX file, or at least packed as one."""
    return content.startswith(_ZIP)


def read_rows(content: bytes) -> Iterator[list[str]]:
    """The first sheet, row by row, each cell as the text that its CSV would have.

    Raises Refusal invalidValue for a file that is no workbook, is locked by a password, or unpacks
    to more than 256 MiB.
    """
    _refuse_bombs(content)
    try:
        workbook = python_calamine.load_workbook(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
    except (python_calamine.CalamineError, OSError, IndexError) as error:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file cannot be read as a workbook: {str(error)[:200]}. Save it as XLSX without a"
            " password, or as “CSV UTF-8”.",
        ) from None
    return ([_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False))


def _refuse_bombs(content: bytes) -> None:
    """Unpack every part and forget it again: what a file says of its own size is not trusted."""
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                with packed.open(name) as part:
                    while piece := part.read(_PIECE_BYTES):
                        size += len(piece)
                        if size > UNPACKED_BYTES_MAX:
                            raise Refusal(
                                Reason.INVALID_VALUE,
                                "The workbook unpacks to more than 256 MiB: save the sheet with the"
                                " people as a file of its own.",
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file begins like a workbook and cannot be unpacked: {str(error)[:200]}. Save it"
            " again as XLSX, or as “CSV UTF-8”.",
        ) from None


def _text(cell: _Value) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
