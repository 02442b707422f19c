"""`/api/reports/{report}/schedules`: reports that run by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.reports import schedules
from seatwright.app.reports.schedules import ScheduleChange
from seatwright.domain.reports.catalog import require_report
from seatwright.domain.reports.schedules import WEEKDAYS, Timing, read_timing
from seatwright.domain.roles import Permission
from seatwright.postgres.reports.schedules import Schedule
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.report_runs import ReportPrincipal


class ScheduleBody(Body, kw_only=True, frozen=True):
    """When a report runs: `cadence` daily, weekly or monthly, `at` a time of day in UTC (06:30).

    `weekday` (monday …) goes with weekly, `monthDay` (1 to 28) with monthly. Each run is mailed to
    `recipients`, with its file if it has at most 10,000 rows.
    """

    cadence: str
    at: str
    weekday: str | None = None
    month_day: int | None = None
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    workbook: bool = False
    recipients: list[str] = msgspec.field(default_factory=list)


class ScheduleEdit(Body, kw_only=True, frozen=True):
    """What changes about a schedule; what is absent stays."""

    cadence: str | None = None
    at: str | None = None
    weekday: str | None = None
    month_day: int | None = None
    parameters: dict[str, Any] | None = None
    workbook: bool | None = None
    recipients: list[str] | None = None
    paused: bool | None = None


class ScheduleShape(Shape, kw_only=True, frozen=True):
    """A report that runs by itself, with the roles that `scheduledBy` has at that time.

    `pausedAt` and `pauseReason` say since when and why it does not run.
    """

    id: UUID
    report: str
    parameters: dict[str, Any]
    workbook: bool
    recipients: list[str]
    cadence: str
    at: str
    weekday: str | None
    month_day: int | None
    timing: str
    next_at: datetime | None
    scheduled_by: ReportPrincipal
    created_at: datetime
    paused_at: datetime | None
    pause_reason: str | None


def _at(timing: Timing) -> str:
    return f"{timing.minute_of_day // 60:02}:{timing.minute_of_day % 60:02}"


def _weekday(timing: Timing) -> str | None:
    return None if timing.weekday is None else WEEKDAYS[timing.weekday]


def _shape(one: Schedule) -> ScheduleShape:
    timing = one.timing
    assert one.principal_id is not None, "a stored schedule names its principal"
    return ScheduleShape(
        id=one.id,
        report=one.report,
        parameters=dict(one.parameters),
        workbook=one.with_workbook,
        recipients=list(one.recipients),
        cadence=timing.cadence.value,
        at=_at(timing),
        weekday=_weekday(timing),
        month_day=timing.month_day,
        timing=timing.words,
        next_at=None if one.paused_at is not None else one.next_at,
        scheduled_by=ReportPrincipal(id=one.principal_id, name=one.principal_name),
        created_at=one.created_at,
        paused_at=one.paused_at,
        pause_reason=one.pause_reason,
    )


@get(
    "/api/reports/{report:str}/schedules",
    opt=needs(Permission.READ_REPORTS),
    summary="List when a report runs by itself",
)
async def list_report_schedules(
    call: TheCall,
    report: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ScheduleShape]:
    """In the order in which they were made."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await schedules.page_of_schedules(
        call, require_report(report), after=int(keys[0]) if keys else 0, limit=size
    )
    return Page(
        value=[_shape(one) for one in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].schedule_no) if len(rows) > size else None,
    )


@post(
    "/api/reports/{report:str}/schedules",
    opt=needs(Permission.READ_REPORTS),
    summary="Have a report run by itself",
)
async def add_report_schedule(
    call: TheCall, report: FromPath[str], data: JSONBody[ScheduleBody]
) -> ScheduleShape:
    """It runs with the roles that the caller has when its time comes."""
    timing = read_timing(
        cadence=data.cadence, at=data.at, weekday=data.weekday, month_day=data.month_day
    )
    made = await schedules.add_schedule(
        call,
        require_report(report),
        timing=timing,
        given=data.parameters,
        with_workbook=data.workbook,
        recipients=data.recipients,
    )
    return _shape(made)


@get(
    "/api/reports/{report:str}/schedules/{schedule_id:uuid}",
    opt=needs(Permission.READ_REPORTS),
    summary="Read a schedule of a report",
)
async def get_report_schedule(
    call: TheCall, report: FromPath[str], schedule_id: FromPath[UUID]
) -> ScheduleShape:
    """When it runs next, or why it is paused."""
    return _shape(await schedules.get_schedule(call, require_report(report), schedule_id))


@patch(
    "/api/reports/{report:str}/schedules/{schedule_id:uuid}",
    opt=needs(Permission.READ_REPORTS),
    summary="Change a schedule of a report",
)
async def change_report_schedule(
    call: TheCall,
    report: FromPath[str],
    schedule_id: FromPath[UUID],
    data: JSONBody[ScheduleEdit],
) -> ScheduleShape:
    """From then on it runs with the roles of the caller; `paused` false has it run again."""
    wanted = require_report(report)
    stored = await schedules.get_schedule(call, wanted, schedule_id)
    change = ScheduleChange(
        timing=_changed_timing(stored.timing, data),
        given=data.parameters,
        with_workbook=data.workbook,
        recipients=data.recipients,
        paused=data.paused,
    )
    return _shape(await schedules.change_schedule(call, wanted, schedule_id, change))


def _changed_timing(stored: Timing, data: ScheduleEdit) -> Timing | None:
    """The stored timing with what the edit says; a new cadence forgets the old one's day."""
    if (data.cadence, data.at, data.weekday, data.month_day) == (None, None, None, None):
        return None
    is_same = data.cadence in {None, stored.cadence.value}
    return read_timing(
        cadence=data.cadence or stored.cadence.value,
        at=data.at or _at(stored),
        weekday=data.weekday or (_weekday(stored) if is_same else None),
        month_day=data.month_day
        if data.month_day is not None
        else (stored.month_day if is_same else None),
    )


@delete(
    "/api/reports/{report:str}/schedules/{schedule_id:uuid}",
    opt=needs(Permission.READ_REPORTS),
    summary="Have a report run by itself no longer",
)
async def delete_report_schedule(
    call: TheCall, report: FromPath[str], schedule_id: FromPath[UUID]
) -> None:
    """What it ran is kept for its 90 days."""
    await schedules.remove_schedule(call, require_report(report), schedule_id)


REPORT_SCHEDULE_ROUTES = (
    list_report_schedules,
    add_report_schedule,
    get_report_schedule,
    change_report_schedule,
    delete_report_schedule,
)
