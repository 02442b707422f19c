"""Wrong secrets at the token endpoint: who has sent too many waits.

Secrets are 256 random bits, so nobody guesses one; this keeps those who try from costing anything.
A process counts for itself.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

GUESSES_MAX: Final = 20
"""Wrong secrets in a row before anybody waits."""

SECONDS_PER_GUESS: Final = 3.0
"""How soon one of them is forgotten."""

GUESSERS_MAX: Final = 10_000
"""How many are remembered; past that, the one who was silent longest is forgotten."""

Guesser = tuple[str, str]
"""An address, and the client that it says it is: nobody keeps another's script out."""


class Guesses:
    """A bucket for each guesser that wrong secrets fill, and time empties."""

    __slots__ = ("_buckets", "_seconds")

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        # Guesser to (guesses counted, when).
        self._buckets: OrderedDict[Guesser, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, guesser: Guesser) -> int:
        """How long they wait before their next try; 0 for almost everybody."""
        over = self._count(guesser) - (GUESSES_MAX - 1)
        return math.ceil(over * SECONDS_PER_GUESS) if over > 0 else 0

    def note(self, guesser: Guesser) -> None:
        """Count one wrong secret."""
        self._buckets[guesser] = (self._count(guesser) + 1, self._seconds())
        self._buckets.move_to_end(guesser)
        while len(self._buckets) > GUESSERS_MAX:
            self._buckets.popitem(last=False)

    def _count(self, guesser: Guesser) -> float:
        counted, at = self._buckets.get(guesser, (0.0, 0.0))
        return max(0.0, counted - (self._seconds() - at) / SECONDS_PER_GUESS)
