"""What every body and answer of the REST surface has in common."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

from seatwright.domain.errors import Reason, Refusal

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


def cursor_of(*keys: str | int) -> str:
    """An opaque cursor of the last row's sort keys."""
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).decode().rstrip("=")


def keys_of(cursor: str | None, *kinds: type) -> tuple[str | int, ...] | None:
    """The sort keys behind a cursor; None without one.

    Raises Refusal invalidValue for a cursor that seatwright did not make for this list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        keys = msgspec.json.decode(raw, type=list[str | int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        keys = []
    if len(keys) != len(kinds) or not all(map(isinstance, keys, kinds)):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"cursor “{cursor[:40]}” is not one of this list: take nextCursor from the page"
            " before.",
        )
    return tuple(keys)


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
