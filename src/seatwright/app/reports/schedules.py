"""Reports that run by themselves, with the roles of whoever scheduled them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.app.reports.reading import ask
from seatwright.app.reports.runs import Order, require_own, start_run
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.mail_addresses import ADDRESSES_MAX, is_mail_address
from seatwright.domain.reports.catalog import Report, require_report
from seatwright.domain.reports.schedules import Timing
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.reports.schedules import (
    Schedule,
    count_schedules,
    delete_schedule,
    find_schedule,
    hold_due_schedule,
    insert_schedule,
    is_revoked,
    list_schedules,
    update_schedule,
)
from seatwright.postgres.tenants import take_numbers

SCHEDULES_MAX: Final = 500
"""Schedules of one tenant: at most these run in one minute."""

PAUSED_BY_HAND: Final = "Paused by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """What is to change about a schedule; None leaves it. `paused` False makes it run again."""

    timing: Timing | None = None
    given: Mapping[str, object] | None = None
    with_workbook: bool | None = None
    paused: bool | None = None
    recipients: Sequence[str] | None = None


async def add_schedule(
    call: Call,
    report: Report,
    *,
    timing: Timing,
    given: Mapping[str, object],
    with_workbook: bool = False,
    recipients: Sequence[str] = (),
) -> Schedule:
    """Have a report run by itself, for the first time when its time comes.

    Each run is mailed to `recipients`. Raises Refusal invalidValue for parameters or addresses
    that do not fit, or one schedule too many.
    """
    if await count_schedules(call.tx) >= SCHEDULES_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There are {SCHEDULES_MAX} schedules already, and no more may be: delete one first.",
        )
    new = Schedule(
        schedule_no=await take_numbers(call.tx, "report_schedule", 1),
        id=uuid4(),
        report=report.id,
        parameters=ask(report, given, reader=call.principal).asked,
        with_workbook=with_workbook,
        recipients=_addresses(recipients),
        timing=timing,
        principal_no=call.principal.principal_no,
        created_at=call.now,
        next_at=timing.next_after(call.now),
        principal_id=call.principal.id,
        principal_name=call.principal.name,
    )
    await insert_schedule(call.tx, new)
    await _record(call, HistoryAction.REPORT_SCHEDULED, new, timing=timing.words)
    return new


async def get_schedule(
    call: Call, report: Report, schedule_id: UUID, *, holds: bool = False
) -> Schedule:
    """A schedule of a report.

    Raises Refusal unknownReportSchedule.
    """
    found = await find_schedule(call.tx, schedule_id, holds=holds)
    if found is None or found.report != report.id:
        raise Refusal(
            Reason.UNKNOWN_REPORT_SCHEDULE,
            f"The report {report.id} has no schedule {schedule_id}:"
            f" GET /api/reports/{report.id}/schedules lists them.",
            context={"schedule": str(schedule_id)},
        )
    return found


async def page_of_schedules(
    call: Call, report: Report, *, after: int, limit: int
) -> list[Schedule]:
    """Schedules of a report; one more than `limit` if there are more."""
    return await list_schedules(call.tx, report.id, after=after, limit=limit + 1)


async def change_schedule(
    call: Call, report: Report, schedule_id: UUID, change: ScheduleChange
) -> Schedule:
    """Change when or with what a report runs, pause it, or have it run again.

    From then on it runs with the roles of whoever changed it. Raises Refusal
    unknownReportSchedule, roleMissing for somebody else's, and invalidValue.
    """
    found = await get_schedule(call, report, schedule_id, holds=True)
    require_own(call, owner=found.principal_no, what=f"the schedule {schedule_id}")
    timing = change.timing or found.timing
    changed = replace(
        found,
        timing=timing,
        parameters=found.parameters
        if change.given is None
        else ask(report, change.given, reader=call.principal).asked,
        recipients=found.recipients if change.recipients is None else _addresses(change.recipients),
        with_workbook=found.with_workbook if change.with_workbook is None else change.with_workbook,
        principal_no=call.principal.principal_no,
        principal_id=call.principal.id,
        principal_name=call.principal.name,
        is_principal_revoked=False,
        next_at=timing.next_after(call.now),
    )
    if change.paused is not None:
        changed = replace(
            changed,
            paused_at=call.now if change.paused else None,
            pause_reason=PAUSED_BY_HAND if change.paused else None,
        )
    await update_schedule(call.tx, changed)
    await _record(call, HistoryAction.REPORT_SCHEDULE_CHANGED, changed, timing=timing.words)
    return changed


async def remove_schedule(call: Call, report: Report, schedule_id: UUID) -> None:
    """Have a report run by itself no longer; what it ran is kept as long as any run.

    Raises Refusal unknownReportSchedule, and roleMissing for somebody else's.
    """
    found = await get_schedule(call, report, schedule_id, holds=True)
    require_own(call, owner=found.principal_no, what=f"the schedule {schedule_id}")
    await delete_schedule(call.tx, found.schedule_no)
    await _record(call, HistoryAction.REPORT_UNSCHEDULED, found)


async def run_due_report(call: Call) -> bool:
    """Run one report whose time has come, as whoever scheduled it; False when none is due.

    Level-triggered: after an outage of a week a daily report runs once, late, and is then due
    again at its next time. A schedule whose principal is gone or may not any more is paused.
    """
    due = await hold_due_schedule(call.tx, now=call.now)
    if due is None:
        return False
    principal = await principal_by_number(call.tx, due.principal_no)
    moved = replace(due, next_at=due.timing.next_after(call.now))
    try:
        if principal is None:
            raise _gone(due)
        await _require_reader(call, due, principal)
        order = Order(
            report=require_report(due.report),
            given=due.parameters,
            with_workbook=due.with_workbook,
            schedule_no=due.schedule_no,
            due_at=due.next_at,
        )
        await start_run(replace(call, principal=principal, correlation=uuid4()), order)
    except Refusal as refused:
        moved = replace(moved, paused_at=call.now, pause_reason=refused.detail)
        await _record(
            call,
            HistoryAction.REPORT_SCHEDULE_CHANGED,
            due,
            paused=True,
            reason=refused.reason.value,
        )
    await update_schedule(call.tx, moved)
    return True


async def _require_reader(call: Call, due: Schedule, principal: Principal) -> None:
    if await is_revoked(call.tx, due.principal_no):
        raise _gone(due)
    if not principal.may(Permission.READ_REPORTS):
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{principal.name}”, who scheduled this, may not {Permission.READ_REPORTS.value} any"
            " more. Give them a role that may, or let somebody else resume the schedule.",
        )


def _addresses(given: Sequence[str]) -> tuple[str, ...]:
    if not given:
        return ()
    for one in given:
        if not is_mail_address(one):
            raise Refusal(
                Reason.INVALID_VALUE,
                f"A report cannot be mailed to “{one[:100]}”: give an address such as"
                " ada@contoso.example.",
            )
    found = tuple(dict.fromkeys(given))
    if len(found) > ADDRESSES_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"A report is mailed to at most {ADDRESSES_MAX} addresses, not to {len(found)}.",
        )
    return found


def _gone(due: Schedule) -> Refusal:
    return Refusal(
        Reason.UNKNOWN_PRINCIPAL,
        f"“{due.principal_name}”, who scheduled this, was revoked. Whoever resumes the schedule is"
        " the one it runs for from then on.",
    )


async def _record(call: Call, action: HistoryAction, one: Schedule, **detail: object) -> None:
    named = {"report": one.report, "schedule": str(one.id), **detail}
    await record(call, HistoryLine(action=action, detail=named))
