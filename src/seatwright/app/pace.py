"""How many people one transaction of a long write takes: fewer while somebody waits for its locks.

A slice of many is the quicker way through a million people, and a long wait for whoever opens an
app meanwhile and needs a seat of the same product. So after each slice the writer asks whether it
was waited for, and goes on with a quarter of the people, or with twice as many again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from seatwright.app.reconcile_many import SLICE_USERS
from seatwright.domain.reconcile.columns import Int32s

SLICE_USERS_MIN: Final = 200
"""Below, what a transaction costs whatever its size is most of it."""


class Pace:
    """How many people the next slice takes."""

    def __init__(self) -> None:
        self.size = SLICE_USERS

    def note(self, *, is_waited_for: bool) -> None:
        """Take in whether somebody waited for the slice that was just written."""
        if is_waited_for:
            self.size = max(SLICE_USERS_MIN, self.size // 4)
        else:
            self.size = min(SLICE_USERS, self.size * 2)


class Cutting:
    """A plan's slices, cut smaller as they are asked for; what was cut once stays as it is."""

    def __init__(self, slices: Iterable[Int32s]) -> None:
        self._whole = deque(slices)
        self._cut: list[Int32s] = []

    @property
    def count(self) -> int:
        """How many slices were cut so far: all of them, once `slice` gives None."""
        return len(self._cut)

    @property
    def left(self) -> int:
        """How many people are in no slice yet."""
        return sum(map(len, self._whole))

    def slice(self, place: int, *, size: int) -> Int32s | None:
        """The people of one slice, of at most `size` where it is new; None after the last."""
        if place < len(self._cut):
            return self._cut[place]
        if not self._whole:
            return None
        people = self._whole.popleft()
        if len(people) > size:
            self._whole.appendleft(people[size:])
        self._cut.append(people[:size])
        return self._cut[-1]
