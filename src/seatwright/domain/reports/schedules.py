"""When a report runs by itself: daily, weekly or monthly, at a minute of the day in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from seatwright.domain.errors import Reason, Refusal

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
MONTH_DAY_MAX: Final = 28
"""The last day that every month has."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Cadence(StrEnum):
    """How often a scheduled report runs."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a report runs: `weekday` 0 is Monday, `month_day` is 1 to 28; all in UTC."""

    cadence: Cadence
    minute_of_day: int
    weekday: int | None = None
    month_day: int | None = None

    def next_after(self, moment: datetime) -> datetime:
        """The first time after a moment at which the report is due."""
        utc = moment.astimezone(UTC)
        at = time(self.minute_of_day // 60, self.minute_of_day % 60, tzinfo=UTC)
        due = datetime.combine(utc.date(), at)
        match self.cadence:
            case Cadence.DAILY:
                return due if due > utc else due + timedelta(days=1)
            case Cadence.WEEKLY:
                due += timedelta(days=((self.weekday or 0) - due.weekday()) % 7)
                return due if due > utc else due + timedelta(days=7)
            case Cadence.MONTHLY:
                due = due.replace(day=self.month_day or 1)
                if due > utc:
                    return due
                # From the 28th at the latest, 31 days later is always in the next month.
                return (due.replace(day=1) + timedelta(days=31)).replace(day=self.month_day or 1)

    @property
    def words(self) -> str:
        """`weekly on monday at 06:30 UTC`, say."""
        at = f"at {self.minute_of_day // 60:02}:{self.minute_of_day % 60:02} UTC"
        match self.cadence:
            case Cadence.DAILY:
                return f"daily {at}"
            case Cadence.WEEKLY:
                return f"weekly on {WEEKDAYS[self.weekday or 0]} {at}"
            case Cadence.MONTHLY:
                return f"monthly on day {self.month_day or 1} {at}"


def read_timing(
    *, cadence: str, at: str, weekday: str | None = None, month_day: int | None = None
) -> Timing:
    """When a caller wants a report: `weekday` goes with weekly, `month_day` with monthly.

    Raises Refusal invalidValue for a word, time or day that does not fit.
    """
    try:
        often = Cadence(cadence.strip().lower())
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"cadence is “{cadence[:40]}”: give one of {', '.join(Cadence)}.",
        ) from None
    found = _TIME.fullmatch(at.strip())
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE, f"at is “{at[:40]}”: give a time of day in UTC such as 06:30."
        )
    return Timing(
        cadence=often,
        minute_of_day=int(found[1]) * 60 + int(found[2]),
        weekday=_weekday(weekday, often),
        month_day=_month_day(month_day, often),
    )


def _weekday(text: str | None, cadence: Cadence) -> int | None:
    if cadence is not Cadence.WEEKLY:
        if text is not None:
            raise Refusal(
                Reason.INVALID_VALUE, "weekday goes with the cadence weekly: leave it out."
            )
        return None
    word = (text or WEEKDAYS[0]).strip().lower()
    if word not in WEEKDAYS:
        raise Refusal(
            Reason.INVALID_VALUE, f"weekday is “{word[:40]}”: give one of {', '.join(WEEKDAYS)}."
        )
    return WEEKDAYS.index(word)


def _month_day(day: int | None, cadence: Cadence) -> int | None:
    if cadence is not Cadence.MONTHLY:
        if day is not None:
            raise Refusal(
                Reason.INVALID_VALUE, "monthDay goes with the cadence monthly: leave it out."
            )
        return None
    wanted = 1 if day is None else day
    if not 1 <= wanted <= MONTH_DAY_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"monthDay is {wanted}: give 1 to {MONTH_DAY_MAX}, which every month has.",
        )
    return wanted
