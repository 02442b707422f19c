"""Tables: a head, rows, and columns that know how to shorten themselves."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from seatwright.cli.client import Listing
from seatwright.cli.screen import is_for_people, print_json, result_screen, say, visible, warn

GAP = 2
"""Blanks between two columns."""

PROSE_WIDTH_MIN = 16
NAME_WIDTH_MIN = 8

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
    every = [[_value(column, row) for column in columns] for row in rows]
    shown = [
        at
        for at, column in enumerate(columns)
        if not column.is_optional or any(plain(values[at]) for values in every)
    ]
    grid = [[values[at] for at in shown] for values in every]
    kept = [columns[at] for at in shown]
    texts = [[plain(value) for value in values] for values in grid]
    natural = [
        max(cell_len(text) for text in (column.title, *(row[at] for row in texts)))
        for at, column in enumerate(kept)
    ]
    widths = _widths(kept, natural)
    if is_for_people(sys.stdout):
        _draw(kept, grid, widths)
    else:
        _write_lines(kept, texts, widths)


def _draw(columns: Sequence[Column], grid: Sequence[Sequence[object]], widths: list[int]) -> None:
    """Draw a table for somebody who watches, with colours where they help."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_prose,
            overflow="fold" if column.is_prose else "ellipsis",
            style="dim" if column.is_small else None,
            width=width,
        )
    for values in grid:
        table.add_row(*(Text(plain(value), style=_style(value)) for value in values))
    result_screen().print(table)


def _write_lines(
    columns: Sequence[Column], texts: Sequence[Sequence[str]], widths: list[int]
) -> None:
    """Write a table for a file or a pipe: whole, plain, and fast also for 100,000 rows."""
    for row in ([column.title for column in columns], *texts):
        cells = [
            textwrap.wrap(text, width, break_on_hyphens=False) or [""]
            if column.is_prose
            else [text]
            for column, text, width in zip(columns, row, widths, strict=True)
        ]
        for at in range(max(map(len, cells))):
            parts = [
                _padded(cell[at] if at < len(cell) else "", width, is_number=column.is_number)
                for column, cell, width in zip(columns, cells, widths, strict=True)
            ]
            sys.stdout.write((" " * GAP).join(parts).rstrip() + "\n")


def _padded(text: str, width: int, *, is_number: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if is_number else text + blanks


def _widths(columns: Sequence[Column], natural: Sequence[int]) -> list[int]:
    """How wide each column is, so that the table fits the screen if that can be.

    Prose is wrapped first, then names are cut; ids and numbers never are, and in a file or a pipe
    nothing is, because nobody could make it wider.
    """
    widths = list(natural)
    room = result_screen().width - GAP * (len(columns) - 1)
    prose = [at for at, column in enumerate(columns) if column.is_prose]
    names = [
        at
        for at, column in enumerate(columns)
        if not (column.is_prose or column.is_number or column.is_small)
    ]
    _shrink(widths, prose, floor=PROSE_WIDTH_MIN, room=room)
    if is_for_people(sys.stdout):
        _shrink(widths, names, floor=NAME_WIDTH_MIN, room=room)
    return widths


def _shrink(widths: list[int], which: Sequence[int], *, floor: int, room: int) -> None:
    while sum(widths) > room:
        wide = [at for at in which if widths[at] > floor]
        if not wide:
            return
        widths[max(wide, key=widths.__getitem__)] -= 1


def show_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Print the facts about one thing as names and values; what is not known is left out."""
    known = [(name, plain(value)) for name, value in facts if plain(value)]
    screen = result_screen()
    width = max((cell_len(name) for name, _ in known), default=0) + GAP
    for name, value in known:
        line = Text(name.ljust(width), style="dim")
        line.append(value, style="not dim")
        screen.print(line, soft_wrap=True)


def _value(column: Column, row: Row) -> object:
    return row.get(column.cell) if isinstance(column.cell, str) else column.cell(row)


_STYLE_OF = {
    "active": "green",
    "completed": "green",
    "enabled": "green",
    "succeeded": "green",
    "processing": "cyan",
    "queued": "cyan",
    "running": "cyan",
    "scheduled": "cyan",
    "activewitherror": "yellow",
    "suspended": "yellow",
    "waiting": "yellow",
    "warning": "yellow",
    "error": "red",
    "failed": "red",
    "lockedout": "red",
}
"""Colour says nothing that the word does not say: without it, no meaning is lost."""


def _style(value: object) -> str:
    word = str(value).casefold()
    is_count_of_errors = word.endswith((" error", " errors"))
    return "red" if is_count_of_errors else _STYLE_OF.get(word, "")


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
    return visible(str(value))


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
