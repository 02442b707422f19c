"""Tables that people send and receive as CSV: any dialect is read, one safe one is written.

Every import reads through `read_table` and every export writes through `write_table`, so that what
one of them writes the other reads back unchanged.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason, Refusal

DELIMITERS: Final = (",", ";", "\t")
CHUNK_CHARACTERS: Final = 65_536
"""About how much `write_table` gathers before it hands a piece on."""

COLUMNS_MAX: Final = 200
"""More columns than any export has: past this the file is no table of people or licenses."""

# A cell that starts with one of these is run as a formula by spreadsheets, so it is written behind
# an apostrophe; apostrophes that stand before one already get one more, so that taking one away
# again always gives the first value back.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEPARATOR_LINE = re.compile(r"\"?sep=([,;\t])\"?\s*", re.IGNORECASE)
_NOT_NAME = re.compile(r"[\W_]+")
# Postgres stores no NUL, and other control characters are never part of a name or an address.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row; `row_no` counts as a spreadsheet does (the header is row 1, blank rows count).

    `values` has every column that the header names, by its canonical name; an empty cell is "".
    """

    row_no: int
    values: Mapping[str, str]


BLANK_NAMED_MAX: Final = 20
"""So many empty rows are named; a file may have millions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankRows:
    """How many rows of a file are empty, and the numbers of the first of them."""

    count: int
    first: tuple[int, ...]


NO_BLANK_ROWS: Final = BlankRows(count=0, first=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that was read: its rows, the columns its header names, and those it names in vain.

    `blank` are the empty ones below the header that stand above the last row.
    """

    rows: tuple[TableRow, ...]
    columns: frozenset[str]
    ignored_columns: tuple[str, ...]
    blank: BlankRows = NO_BLANK_ROWS


def read_table(
    content: bytes,
    *,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    rows_max: int,
) -> Table:
    """Read CSV text: UTF-8 with or without BOM, UTF-16 or ASCII; `,` `;` or tab between cells.

    `columns` gives for each canonical column the other spellings that a header may have; case,
    blanks, `_` and `-` in a header never matter. Cells lose the blanks around them.

    Raises Refusal invalidValue, naming the row and the value, for text in another encoding, a
    header without a required column or with the same column twice, a row with more cells than the
    header, a quote that is never closed, a control character, or more rows than `rows_max`.
    """
    lines = _LINE.findall(decode_text(content))
    separator = _SEPARATOR_LINE.fullmatch(lines[0].strip(" \r\n")) if lines else None
    if separator is not None:
        del lines[0]
    known = _spellings(columns)
    delimiter = separator.group(1) if separator else _delimiter(lines, known)
    records = _records(lines, delimiter)
    header_no, header = _header(records)
    places, ignored = _places(header, known)
    _require(required, columns=columns, places=places, header=header)
    rows = tuple(_rows(records, places=places, width=len(header), rows_max=rows_max))
    return Table(
        rows=rows,
        columns=frozenset(places),
        ignored_columns=ignored,
        blank=blank_between(header_no, (row.row_no for row in rows)),
    )


def blank_between(before: int, numbers: Iterable[int]) -> BlankRows:
    """The rows that are left out between `before` and the last of these, whose numbers rise."""
    count, first = 0, list[int]()
    for number in numbers:
        left_out = range(before + 1, number)
        count += len(left_out)
        first += left_out[: BLANK_NAMED_MAX - len(first)]
        before = number
    return BlankRows(count=count, first=tuple(first))


def decode_text(content: bytes) -> str:
    """The text of a file that says its encoding by a BOM, or is UTF-8, ASCII or plainly UTF-16.

    Raises Refusal invalidValue for anything else, with the line of the first byte that misfits.
    """
    encoding = _encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Line {line} of the file holds a byte that is no {encoding.upper()} text. Save the"
            " file as “CSV UTF-8” and send it again.",
        ) from None


def _encoding(content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a BOM: a header is ASCII, so in UTF-16 one of its first two bytes is zero.
    if len(content) >= 2 and content[1] == 0:
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" else "utf-8"


def header_key(text: str) -> str:
    """The form in which headers are compared: `User Principal Name` is `userPrincipalName`."""
    return _NOT_NAME.sub("", text).casefold()


def _spellings(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        header_key(spelling): canonical
        for canonical, spellings in columns.items()
        for spelling in (canonical, *spellings)
    }


def _delimiter(lines: Sequence[str], known: Mapping[str, str]) -> str:
    """The delimiter under which the first line names the most columns; `,` when all are equal."""
    first = next((line for line in lines if line.strip()), "")

    def columns_known(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"') for cell in first.split(delimiter)]
        return sum(header_key(cell) in known for cell in cells), len(cells)

    return max(DELIMITERS, key=columns_known)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every record that is not blank."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    row_no = 0
    try:
        for row_no, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield row_no, cells
    except csv.Error as error:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file cannot be read after row {row_no}: {error}. Look for a quotation mark that"
            " is not closed, or one in the middle of a cell.",
        ) from None


def _header(records: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    """Number and cells of the first row."""
    first = next(records, None)
    if first is None:
        raise Refusal(
            Reason.INVALID_VALUE, "The file is empty: send a header row and the rows below it."
        )
    header = [cell.strip() for cell in first[1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > COLUMNS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The header has {len(header)} columns: a file may have {COLUMNS_MAX}.",
        )
    return first[0], header


def _places(
    header: Sequence[str], known: Mapping[str, str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column is, and the headers that name none."""
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, text in enumerate(header):
        canonical = known.get(header_key(text))
        if canonical is None:
            ignored.append(text)
        elif canonical in places:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The header names the column {canonical} twice, as “{header[places[canonical]]}”"
                f" and “{text}”: take one of them out.",
            )
        else:
            places[canonical] = place
    return places, tuple(ignored)


def _require(
    required: Sequence[str],
    *,
    columns: Mapping[str, Sequence[str]],
    places: Mapping[str, int],
    header: Sequence[str],
) -> None:
    missing = [column for column in required if column not in places]
    if not missing:
        return
    wanted = "; ".join(
        f"{column} (or {', '.join(columns[column])})" if columns.get(column) else column
        for column in missing
    )
    raise Refusal(
        Reason.INVALID_VALUE,
        f"The header lacks the column {wanted}. Row 1 of the file has: {', '.join(header)[:300]}.",
    )


def _rows(
    records: Iterator[tuple[int, list[str]]],
    *,
    places: Mapping[str, int],
    width: int,
    rows_max: int,
) -> Iterator[TableRow]:
    pairs = tuple(places.items())
    for count, (row_no, cells) in enumerate(records, start=1):
        if count > rows_max:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The file has more than {rows_max} rows: split it and send the parts one after"
                " another.",
            )
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise Refusal(
                Reason.INVALID_VALUE,
                f"Row {row_no} has {len(cells)} cells and the header {width}: put a cell that"
                f" holds the delimiter between quotation marks (it starts “{cells[0][:60]}”).",
            )
        cells.extend([""] * (width - len(cells)))
        yield TableRow(row_no, {column: _read_cell(cells[at], row_no) for column, at in pairs})


def _read_cell(text: str, row_no: int) -> str:
    text = text.strip()
    if text.startswith("'") and _FORMULA.match(text):
        text = text[1:]
    if _CONTROL.search(text):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Row {row_no} holds a control character in {text[:60]!r}: take it out.",
        )
    return text


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula; `read_table` takes the apostrophe away."""
    return f"'{value}" if value and _FORMULA.match(value) else value


class _Gather:
    """What a csv writer writes to: it hands each line back to whoever wrote it."""

    __slots__ = ()

    def write(self, line: str) -> str:
        return line


def write_table(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[bytes]:
    """CSV text in UTF-8 in pieces of about 64 KiB, header first, safe to open in a spreadsheet."""
    line_of = row_writer()
    pieces = [line_of(header)]
    size = 0
    for row in rows:
        line = line_of(row)
        pieces.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    if pieces:
        yield "".join(pieces).encode()


def row_writer(*, numbers: frozenset[int] = frozenset()) -> Callable[[Sequence[str | None]], str]:
    """A function from cells to one safe CSV line, for exports that read their rows page by page.

    `numbers` are the places of cells that hold a number of ours: -3 stays one.
    """
    writer = csv.writer(_Gather(), lineterminator="\r\n")

    def line_of(row: Sequence[str | None]) -> str:
        cells = [
            (cell or "") if place in numbers else safe_cell(cell or "")
            for place, cell in enumerate(row)
        ]
        line: str = writer.writerow(cells)
        return line

    return line_of
