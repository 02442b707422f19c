"""Kinds of offers: how long a purchase stays in each state after its term, and its other terms.

Data, each row with its source in `strategies.md` §5. What commerce calls *Disabled* is Suspended
and then LockedOut here (SUB-002, L-09): the two together last as long as the source says, and no
source says where one ends and the other begins, so the last `LOCKED_OUT_DAYS` of it are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final


@unique
class OfferType(StrEnum):
    """How a purchase was made; the values are the wire's."""

    TRIAL = "trial"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"
    VOLUME = "volume"
    OPEN = "open"


LOCKED_OUT_DAYS: Final = 30

CANCEL_WITHIN: Final = timedelta(days=7)
"""From the beginning of a term on it can be given back (L-13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The terms of a kind of offer, in days; `disabled_days` are Suspended and LockedOut together.

    `term_days`: how long one lasts that names no end; None: until somebody says so.
    """

    warning_days: int
    disabled_days: int
    source: str
    term_days: int | None = None

    @property
    def suspended_days(self) -> int:
        """Days of Suspended before the days of LockedOut."""
        return self.disabled_days - LOCKED_OUT_DAYS


OFFERS: Final[Mapping[OfferType, Offer]] = {
    # C-27: trials of 30 and of 90 days; give the end of those that last longer.
    OfferType.TRIAL: Offer(warning_days=30, disabled_days=90, source="L-01, C-27", term_days=30),
    OfferType.BUSINESS: Offer(warning_days=30, disabled_days=90, source="L-01, SUB-011"),
    OfferType.ENTERPRISE: Offer(warning_days=90, disabled_days=90, source="L-02, SUB-011"),
    OfferType.VOLUME: Offer(warning_days=90, disabled_days=60, source="L-02, SUB-011"),
    OfferType.OPEN: Offer(warning_days=30, disabled_days=90, source="L-02, SUB-011"),
}


def months_after(moment: datetime, months: int) -> datetime:
    """The same day some months later, or the month's last day where it has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    first = moment.replace(year=moment.year + years, month=month + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=min(moment.day, (following - first).days) - 1)


def next_cycle(start: datetime, *, months: int, after: datetime) -> datetime:
    """The first beginning of a billing cycle later than `after`; cycles count from `start` (T-141).

    Each is counted from the start itself, so that a cycle of the 31st comes back to the 31st.
    """
    passed = (after.year - start.year) * 12 + after.month - start.month
    turn = max(1, passed // months)
    while months_after(start, turn * months) <= after:
        turn += 1
    return months_after(start, turn * months)
