"""People as somebody has them at hand: a file of either kind, or lines that were pasted."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from seatwright.app.bulk.orders import BulkLine
from seatwright.app.bulk.tables import BULK_COLUMNS, BulkTable, read_bulk_table
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.csv_text import DELIMITERS, blank_between, decode_text, header_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.spreadsheets.reading import is_workbook, read_rows

_PERSON_HEADERS: Final = frozenset(
    header_key(spelling)
    for column in ("userPrincipalName", "userEmail")
    for spelling in (column, *BULK_COLUMNS[column])
)
_BETWEEN_LINES: Final = re.compile(r"\r\n|\r|\n")
_BETWEEN_PEOPLE: Final = re.compile(r"[,;\t]+")
_IN_BRACKETS: Final = re.compile(r"<([^<>\s]+)>")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text_of_file(content: bytes) -> str:
    """The text of a CSV file, or of the first sheet of a workbook as CSV.

    Raises Refusal invalidValue for a file that is neither.
    """
    if not is_workbook(content):
        return decode_text(content)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    # Row by row, blank ones too, so that a row keeps the number that the sheet shows.
    writer.writerows(read_rows(content))
    return out.getvalue()


def read_people_text(text: str) -> BulkTable:
    """The rows of a table with a header, or else a person for each line.

    Without a header people may also stand side by side, as a mail program copies them
    (`Ada <ada@contoso.example>; Bob …`): then they are counted, and not the lines.

    Raises Refusal invalidValue as `read_table` does, and for more than 200,000 people.
    """
    if _has_header(text):
        return read_bulk_table(text.encode())
    named = [
        (number, name)
        for number, line in enumerate(_BETWEEN_LINES.split(text), 1)
        for one in _BETWEEN_PEOPLE.split(line)
        if (name := _named(one))
    ]
    if len({number for number, _ in named}) < len(named):
        named = list(enumerate((name for _, name in named), 1))
    lines = [BulkLine(row_no=number, user=name) for number, name in named]
    if len(lines) > ROWS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There are {len(lines)} people and one job takes {ROWS_MAX}: split the list, and send"
            " the parts one after another.",
        )
    return BulkTable(lines=lines, blank=blank_between(0, (line.row_no for line in lines)))


def _has_header(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip(', \t;"')), "")
    cells = [cell for delimiter in DELIMITERS for cell in first.split(delimiter)]
    return any(header_key(cell.strip().strip('"')) in _PERSON_HEADERS for cell in cells) or (
        first.lower().lstrip('"').startswith("sep=")
    )


def _named(text: str) -> str:
    found = _IN_BRACKETS.search(text)
    return _CONTROL.sub("", found[1] if found else text.strip().strip('"'))
