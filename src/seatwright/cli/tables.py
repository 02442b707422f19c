"""Tables: a head, rows, and columns that know how to shorten themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from seatwright.cli.client import Listing
from seatwright.cli.screen import is_for_people, print_json, result_screen, say, warn

Row: TypeAlias = dict[str, Any]
"""One JSON object as the API answered it: the wire's edge, so its values have any type."""

Cell: TypeAlias = Callable[[Row], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `cell` is a field's name or a function of the row.

    A column of prose wraps; any other stays on one line, so that a line is a row. An optional one
    is left out where no row has anything in it.
    """

    title: str
    cell: str | Cell
    is_number: bool = False
    is_prose: bool = False
    is_small: bool = False
    is_optional: bool = False


def show_list(
    found: Listing | Sequence[Row], columns: Sequence[Column], *, empty: str, as_json: bool
) -> None:
    """Print a list: as JSON with all its pages, as a table, or as a sentence why it is empty."""
    listing = found if isinstance(found, Listing) else Listing(rows=list(found), next_cursor=None)
    if as_json:
        print_json({"value": listing.rows, "nextCursor": listing.next_cursor})
        return
    if not listing.rows:
        say(empty)
        return
    show_table(listing.rows, columns)
    if listing.next_cursor is not None:
        warn(f"These are the first {len(listing.rows):,}; --all shows every one.")


def show_table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Print rows as a table."""
    cells = [[_text(column, row) for column in columns] for row in rows]
    shown = [
        at
        for at, column in enumerate(columns)
        if not column.is_optional or any(row[at].plain for row in cells)
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for at in shown:
        column = columns[at]
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_prose,
            # A file or a pipe loses nothing, however long a name is.
            min_width=None if column.is_prose or is_for_people(sys.stdout) else _widest(cells, at),
            overflow="fold" if column.is_prose else "ellipsis",
            style="dim" if column.is_small else None,
        )
    for row in cells:
        table.add_row(*(row[at] for at in shown))
    _print(table)


def _widest(cells: Sequence[Sequence[Text]], at: int) -> int:
    return max(row[at].cell_len for row in cells)


def show_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Print the facts about one thing as names and values; what is not known is left out."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        shown = plain(value)
        if shown:
            table.add_row(name, Text(shown))
    _print(table)


def _print(table: Table) -> None:
    screen = result_screen()
    if is_for_people(sys.stdout):
        screen.print(table)
        return
    # As wide as its longest line needs, without the blanks that rich puts behind it.
    needed = Measurement.get(screen, screen.options.update(width=10_000), table).minimum
    screen.width = max(screen.width, needed)
    with screen.capture() as captured:
        screen.print(table, soft_wrap=False)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def _text(column: Column, row: Row) -> Text:
    value = row.get(column.cell) if isinstance(column.cell, str) else column.cell(row)
    return Text(plain(value), style=_STYLE_OF.get(str(value), ""))


_STYLE_OF = {
    "Active": "green",
    "completed": "green",
    "succeeded": "green",
    "Processing": "cyan",
    "running": "cyan",
    "queued": "cyan",
    "waiting": "yellow",
    "failed": "red",
    "Error": "red",
}


def plain(value: object) -> str:
    """A JSON value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(one) for one in value)
    return str(value)


def moment(field: str) -> Cell:
    """A cell of a time: to the minute, in UTC, because a history is read across places."""
    return lambda row: minute(row.get(field))


def minute(value: object) -> str:
    """`2026-11-21T09:00:00+00:00` as `2026-11-21 09:00`; what is no time stays as it is."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (at.astimezone(UTC) if at.tzinfo else at).strftime("%Y-%m-%d %H:%M")


def count_of(number: int, one: str, many: str) -> str:
    """`1 person`, `37 people`, `4,234 people`."""
    return f"{number:,} {one if number == 1 else many}"
