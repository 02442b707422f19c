"""Workbooks that somebody sends: what is in them, and what is refused before it is unpacked."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # It ships no types.

from seatwright.app.bulk.people_text import read_people_text, text_of_file
from seatwright.domain.errors import Reason, Refusal
from seatwright.spreadsheets import reading


def _workbook(*rows: tuple[object, ...]) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(at, place, cell, day)
                else:
                    sheet.write(at, place, cell)
    return packed.getvalue()


def test_rows_keep_their_numbers_and_cells_their_kinds() -> None:
    end = datetime(2027, 5, 1)  # noqa: DTZ001  # A cell of a sheet knows no time zone.
    sent = _workbook((), ("User name", "Sku", "Expires"), (), ("ada@contoso.example", "E3", end))
    table = read_people_text(text_of_file(sent))
    (line,) = table.lines
    assert (line.row_no, line.user, line.sku, line.expires_at) == (
        4,
        "ada@contoso.example",
        "E3",
        "2027-05-01",
    )
    assert (table.ignored_columns, table.blank.first) == ((), (3,))


def test_what_unpacks_to_too_much_or_is_no_workbook_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = _workbook(("User name",), ("ada@contoso.example",))
    monkeypatch.setattr(reading, "UNPACKED_BYTES_MAX", 1_000)
    with pytest.raises(Refusal, match="unpacks to more than") as refused:
        text_of_file(sent)
    assert refused.value.reason is Reason.INVALID_VALUE
    monkeypatch.undo()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as other:
        other.writestr("letter.txt", "Dear Ada")
    for junk in (packed.getvalue(), sent[:200]):
        with pytest.raises(Refusal, match="XLSX"):
            text_of_file(junk)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("ada@x\nben@x\n", [(1, "ada@x"), (2, "ben@x")]),
        ("ada@x\n\nben@x", [(1, "ada@x"), (3, "ben@x")]),
        ("ada@x\n\nben@x; cid@x", [(1, "ada@x"), (2, "ben@x"), (3, "cid@x")]),
        ("Ada <ada@x>; Ben O. <ben@x>,", [(1, "ada@x"), (2, "ben@x")]),
        ("\n\nUser;Sku\nada@x;E3", [(4, "ada@x")]),
        ("User name\nada@x", [(2, "ada@x")]),
    ],
)
def test_people_are_read_from_lines_from_a_mail_and_from_a_table(
    text: str, people: list[tuple[int, str]]
) -> None:
    table = read_people_text(text)
    assert [(line.row_no, line.user) for line in table.lines] == people


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("ada@x\n\n\nben@x\n\n", (2, 3)),
        ("User;Sku\n;\nada@x;E3\n;;\nben@x;E3\n;\n", (2, 4)),
        ("ada@x; ben@x\n\ncid@x", ()),
    ],
)
def test_empty_rows_are_known_by_number_as_far_as_others_follow(
    text: str, blank: tuple[int, ...]
) -> None:
    read = read_people_text(text).blank
    assert (read.count, read.first) == (len(blank), blank)


def test_of_millions_of_empty_rows_the_first_are_named_and_all_are_counted() -> None:
    blank = read_people_text("UserPrincipalName\n" + "\n" * 100_000 + "ada@x\n").blank
    assert (blank.count, blank.first) == (100_000, tuple(range(2, 22)))
