"""Business time, passed in: nothing else in the product asks what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Something that says what time it is, always with an offset (UTC)."""

    def now(self) -> datetime:
        """The business time of this moment."""
        ...


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A clock that stands still: what a call does after its commit is still of its own time."""

    time: datetime

    def now(self) -> datetime:
        """The time it stands at."""
        return self.time
