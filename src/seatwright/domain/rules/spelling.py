"""Finding the name that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

EDITS_MAX = 3
"""More letters than this apart, and it is another name."""


def nearest(wrong: str, names: Iterable[str]) -> str | None:
    """The name that is the fewest letters away; None when none is close."""
    if len(wrong) > 80:
        return None
    away, name = min(((_distance(wrong, name), name) for name in names), default=(99, ""))
    return name if away <= EDITS_MAX else None


def _distance(left: str, right: str) -> int:
    """How many letters must be added, dropped or changed (Levenshtein)."""
    row = list(range(len(right) + 1))
    for at, letter in enumerate(left, start=1):
        above, row = row, [at]
        for place, other in enumerate(right):
            row.append(min(above[place] + (letter != other), above[place + 1] + 1, row[place] + 1))
    return row[-1]
