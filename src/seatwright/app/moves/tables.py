"""The people of a move as CSV: one column that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.csv_text import read_table
from seatwright.domain.errors import Reason, Refusal

MOVE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "userPrincipalName": ("UPN", "User", "User Id", "Id", "Sign-in name", "User name", "Person"),
    "displayName": ("Name", "Display name"),
    "userEmail": ("Email", "Mail", "E-mail", "Email address"),
}


def read_move_table(content: bytes) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """Row numbers and the text that names each person, and the headers that are named in vain.

    Raises Refusal invalidValue as `read_table` does, and for a header that names nobody.
    """
    table = read_table(content, columns=MOVE_COLUMNS, required=(), rows_max=ROWS_MAX)
    columns = [name for name in MOVE_COLUMNS if name in table.columns]
    if not columns:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The header names no person: row 1 needs the column UserPrincipalName, UserEmail or"
            f" DisplayName. It has: {', '.join(table.ignored_columns)[:300]}.",
        )
    lines = [
        (row.row_no, next((row.values[name] for name in columns if row.values[name]), ""))
        for row in table.rows
    ]
    return lines, table.ignored_columns
