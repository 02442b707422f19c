"""Business time, passed in: nothing else in the product asks what time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Something that says what time it is, always with an offset (UTC)."""

    def now(self) -> datetime:
        """The business time of this moment."""
        ...
