"""Time zones by their names: reference data, like that of countries."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo | None:
    """The time zone that IANA's list has under a name; None when there is none.

    `zoneinfo` reads its table once, from the system or from the tzdata package.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
