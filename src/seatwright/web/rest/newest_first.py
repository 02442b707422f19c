"""Lists whose newest row comes first, by a number that rises."""

from __future__ import annotations

from typing import Final

from seatwright.web.rest.bodies import keys_of

_NUMBER_MAX: Final = 2**63 - 1


def number_before(cursor: str | None) -> int | None:
    """Before which number a page begins; None: at the newest.

    Raises Refusal invalidValue for a cursor that is not one of such a list.
    """
    keys = keys_of(cursor, int)
    return None if keys is None else max(0, min(int(keys[0]), _NUMBER_MAX))
