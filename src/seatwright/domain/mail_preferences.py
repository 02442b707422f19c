"""Which mails a person wants, and when a daily one goes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from seatwright.domain.telling import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPreference:
    """What a person chose: mails at all, decisions in one daily mail, and kinds they do without.

    The inbox has everything, whatever they chose.
    """

    is_on: bool = True
    is_daily: bool = False
    muted: frozenset[str] = frozenset()

    def wants(self, kind: EventKind) -> bool:
        """Whether this kind is mailed, at once or daily."""
        return self.is_on and kind.value not in self.muted

    def waits(self, kind: EventKind) -> bool:
        """Whether this kind waits for the daily mail: what asks for a decision."""
        return self.is_daily and kind.is_decision


def next_digest(now: datetime, *, hour: int, zone: tzinfo) -> datetime:
    """The next moment at which it is `hour` o'clock in a time zone.

    On the day on which the clocks skip that hour, it is the moment at which they do.
    """
    local = now.astimezone(zone)
    day = local.date()
    while True:
        at = datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
        if at > now:
            return at
        day += timedelta(days=1)
