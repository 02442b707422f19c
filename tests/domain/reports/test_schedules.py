"""When a scheduled report is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from seatwright.domain.reports.schedules import Cadence, Timing, read_timing

DAILY = read_timing(cadence="daily", at="06:30")
WEEKLY = read_timing(cadence="weekly", at="06:30", weekday="wednesday")
MONTHLY = read_timing(cadence="monthly", at="00:00", month_day=28)


@pytest.mark.parametrize(
    ("timing", "now", "due"),
    [
        (DAILY, "2026-11-21T06:29:59", "2026-11-21T06:30"),
        (DAILY, "2026-11-21T06:30:00", "2026-11-22T06:30"),
        (DAILY, "2026-12-31T23:00:00", "2027-01-01T06:30"),
        (WEEKLY, "2026-11-21T09:00:00", "2026-11-25T06:30"),
        (WEEKLY, "2026-11-25T06:00:00", "2026-11-25T06:30"),
        (WEEKLY, "2026-11-25T06:30:00", "2026-12-02T06:30"),
        (MONTHLY, "2027-01-28T00:00:00", "2027-02-28T00:00"),
        (MONTHLY, "2027-02-27T12:00:00", "2027-02-28T00:00"),
        (MONTHLY, "2026-12-29T12:00:00", "2027-01-28T00:00"),
    ],
)
def test_a_report_is_due_at_the_next_time_of_its_cadence(
    timing: Timing, now: str, due: str
) -> None:
    after = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert timing.next_after(after) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_times_are_in_utc_wherever_the_clock_is() -> None:
    oslo = timezone(timedelta(hours=2))
    assert DAILY.next_after(datetime(2026, 11, 21, 8, 0, tzinfo=oslo)) == datetime(
        2026, 11, 21, 6, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("cadence", list(Cadence))
def test_the_next_time_is_always_later_and_within_a_cadence(cadence: Cadence) -> None:
    timing = Timing(
        cadence=cadence,
        minute_of_day=615,
        weekday=3 if cadence is Cadence.WEEKLY else None,
        month_day=15 if cadence is Cadence.MONTHLY else None,
    )
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(500):
        due = timing.next_after(moment)
        assert timedelta(0) < due - moment <= timedelta(days=31)
        assert (due.hour, due.minute) == (10, 15)
        moment += timedelta(hours=19)
