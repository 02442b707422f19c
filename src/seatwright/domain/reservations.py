"""Seats that are held without a license: while a request is decided, or an invitation is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique
from fractions import Fraction

from seatwright.domain.ids import SkuNo, UserNo


@unique
class ReservationKind(IntEnum):
    """What a seat is held for; the number is how it is stored."""

    LICENSE_REQUEST = 1
    INVITATION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One held seat; `ref` is the number, within its kind, of what it is held for.

    It is nobody else's before `until`. `user` is None where there is nobody yet.
    """

    kind: ReservationKind
    ref: int
    sku: SkuNo
    user: UserNo | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A locked pool as reservations see it: its free seats, and those held in it already."""

    free: int
    held: int

    def seats(self, share_max: Fraction | None) -> int:
        """How many more seats may be held.

        `share_max` is the part of the seats that would be free without any held that these may
        take together, so that holding never leaves a pool empty for who assigns; None: all.
        """
        if share_max is None:
            return max(0, self.free)
        most = int(max(0, self.free + self.held) * share_max)
        return max(0, min(self.free, most - self.held))
