"""Where a page of a report ended, and rows up to such a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from seatwright.domain.reports.columns import Cells

Place: TypeAlias = tuple[str | int, ...]
"""The sort keys after which a report goes on; what they are is its source's own matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSlice:
    """Some rows of a report; `place` is where it goes on, None at its end.

    A slice may hold fewer rows than were asked for and still not be the last, when many people had
    to be looked at for it.
    """

    rows: tuple[Cells, ...]
    place: Place | None
