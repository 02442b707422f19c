"""What every body and answer of the REST surface has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

from seatwright.domain.errors import Reason, Refusal
from seatwright.web.cursors import cursor_of, keys_of

__all__ = [
    "PAGE_ROWS_DEFAULT",
    "PAGE_ROWS_MAX",
    "Body",
    "Page",
    "Shape",
    "cursor_of",
    "keys_of",
    "keyset_page",
    "page_limit",
    "page_of",
]

Row = TypeVar("Row")
Read = TypeVar("Read")

FilterText: TypeAlias = Annotated[str | None, QueryParameter(name="filter")]
"""An OData filter, in the language of the Graph surface (`domain/filters`)."""

PAGE_ROWS_DEFAULT = 100
PAGE_ROWS_MAX = 1000


class Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True, frozen=True):
    """A body that a caller sends: a field that does not exist is an error, never ignored."""


class Shape(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """Something that an answer shows."""


class Page(Shape, Generic[Row], kw_only=True, frozen=True):
    """One page of a list; `nextCursor` is null on the last one."""

    value: list[Row]
    next_cursor: str | None = None


def page_limit(limit: int | None) -> int:
    """How many rows a page has.

    Raises Refusal invalidValue outside 1 to 1000.
    """
    if limit is None:
        return PAGE_ROWS_DEFAULT
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE, f"limit is {limit}: give a number from 1 to {PAGE_ROWS_MAX}."
        )
    return limit


def keyset_page(
    rows: Sequence[Read],
    *,
    size: int,
    shape: Callable[[Read], Row],
    place: Callable[[Read], tuple[str | int, ...]],
) -> Page[Row]:
    """One page of rows of which one more than `size` was read: it says that there are more.

    `place` gives the sort keys of a row, from which the next page goes on.
    """
    more = len(rows) > size
    return Page(
        value=[shape(row) for row in rows[:size]],
        next_cursor=cursor_of(*place(rows[size - 1])) if more else None,
    )


def page_of(rows: Sequence[Row], *, cursor: str | None, limit: int | None) -> Page[Row]:
    """One page of a short list that is read whole: the cursor is a place in it."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    start = max(0, int(keys[0])) if keys else 0
    more = len(rows) > start + size
    return Page(
        value=list(rows[start : start + size]),
        next_cursor=cursor_of(start + size) if more else None,
    )
