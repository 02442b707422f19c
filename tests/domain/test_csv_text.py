"""Reading CSV in every dialect that people have, and writing one that spreadsheets cannot run."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.domain.csv_text import Table, read_table, write_table
from seatwright.domain.errors import Refusal

COLUMNS = {"userPrincipalName": ("UPN", "UserEmail"), "displayName": ("Name",), "note": ()}


def read(content: bytes | str, rows_max: int = 1000) -> Table:
    raw = content.encode() if isinstance(content, str) else content
    return read_table(raw, columns=COLUMNS, required=("userPrincipalName",), rows_max=rows_max)


def refusal(content: bytes | str, rows_max: int = 1000) -> str:
    with pytest.raises(Refusal) as caught:
        read(content, rows_max)
    return caught.value.detail


@pytest.mark.parametrize(
    "content",
    [
        "userPrincipalName,displayName\na@b.example,Åse\n".encode(),
        codecs.BOM_UTF8 + "userPrincipalName,displayName\r\na@b.example,Åse".encode(),
        "UPN;Name\ra@b.example;Åse\r".encode("utf-16"),
        "user principal name\tdisplay_name\na@b.example\tÅse\n".encode("utf-16-le"),
        '"DISPLAYNAME";"USEREMAIL"\n"Åse";" a@b.example "\n'.encode("utf-16-be"),
        "sep=;\nUPN;Name;Shoe size\na@b.example;Åse;39\n".encode(),
        "\n\nUPN,Name,,\n\na@b.example,Åse,,\n".encode(),
    ],
)
def test_the_same_table_is_read_from_every_dialect(content: bytes) -> None:
    (row,) = read(content).rows
    assert dict(row.values) == {"userPrincipalName": "a@b.example", "displayName": "Åse"}


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    table = read('UPN,Name\na@b.example,"two\nlines"\n\nc@d.example\n')
    assert [row.row_no for row in table.rows] == [2, 4]
    assert table.rows[0].values["displayName"] == "two\nlines"
    assert table.rows[1].values["displayName"] == ""


def test_columns_that_mean_nothing_are_named() -> None:
    table = read("UPN,Shoe size,Name\na@b.example,39,A\n")
    assert table.ignored_columns == ("Shoe size",)
    assert table.columns == {"userPrincipalName", "displayName"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        ("UPN\nÅse@b.example\n".encode("latin-1"), "Line 2"),
        ("Name\nA\n", "userPrincipalName (or UPN, UserEmail)"),
        ("UPN,UserEmail\na,b\n", "twice"),
        ("UPN,Name\na@b.example,A,B\n", "Row 2 has 3 cells"),
        ('UPN,Name\na@b.example,"A\n', "after row 1"),
        ("UPN,Name\na@b.example,A\x00B\n", "control character"),
        ("UPN\na\nb\nc\n", "more than 2 rows"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_row(content: bytes | str, words: str) -> None:
    assert words in refusal(content, rows_max=2)


def test_no_cell_is_a_formula() -> None:
    risky = ["=1+1", "+47", "-5", "@me", "'=x", "''@"]
    text = b"".join(write_table(["userPrincipalName"], [[cell] for cell in risky])).decode()
    assert text.split("\r\n")[1:-1] == ["'=1+1", "'+47", "'-5", "'@me", "''=x", "'''@"]
    assert [row.values["userPrincipalName"] for row in read(text).rows] == risky


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20
).map(str.strip)


@given(st.lists(st.tuples(CELLS.filter(bool), CELLS), max_size=20))
def test_what_is_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    content = b"".join(write_table(["userPrincipalName", "displayName"], rows))
    table = read(content)
    assert [tuple(row.values.values()) for row in table.rows] == rows
