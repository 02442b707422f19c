"""The seats of a product over the months to come, as the corners of two lines of an SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from seatwright.domain.seat_timeline import SeatPoint

WIDTH: Final = 600
HEIGHT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChart:
    """Two stepped lines in a box of 600 by 120, and the number at the top of it."""

    seats: str
    needed: str
    highest: int


def chart_of(points: Sequence[SeatPoint], *, now: datetime, until: datetime) -> SeatChart | None:
    """The lines of seats and of what is needed; None where nothing is bought or needed."""
    highest = max((max(one.seats, one.needed) for one in points), default=0)
    if highest == 0:
        return None
    whole = (until - now).total_seconds()

    def line(value_of: Callable[[SeatPoint], int]) -> str:
        corners: list[str] = []
        for place, one in enumerate(points):
            end = points[place + 1].at if place + 1 < len(points) else until
            height = HEIGHT - HEIGHT * value_of(one) / highest
            for at in (one.at, end):
                share = min(1.0, max(0.0, (at - now).total_seconds() / whole))
                corners.append(f"{WIDTH * share:.1f},{height:.1f}")
        return " ".join(corners)

    return SeatChart(
        seats=line(lambda one: one.seats), needed=line(lambda one: one.needed), highest=highest
    )
