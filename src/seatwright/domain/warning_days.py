"""How many days before the end of a license its person is warned."""

from __future__ import annotations

from typing import Final

WARNINGS_MAX: Final = 5
DAYS_MAX: Final = 365


def warning_days_in(text: str) -> tuple[int, ...]:
    """The numbers of days in a setting's text, the farthest first; of an empty text none."""
    return tuple(sorted({int(part) for part in text.split(",") if part.strip()}, reverse=True))


def are_warning_days(value: object) -> bool:
    """Whether a value is a few numbers of days with commas in between, or empty."""
    if not isinstance(value, str) or not value.isascii():
        return False
    parts = [part.strip() for part in value.split(",")] if value.strip() else []
    fits = all(part.isdigit() and len(part) <= 3 and 1 <= int(part) <= DAYS_MAX for part in parts)
    return fits and len(parts) <= WARNINGS_MAX
