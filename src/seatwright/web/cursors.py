"""Places in lists that go on: the sort keys of the last row as one text."""

from __future__ import annotations

import base64
import binascii

import msgspec

from seatwright.domain.errors import Reason, Refusal


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
