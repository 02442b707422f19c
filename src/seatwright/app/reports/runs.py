"""Runs of reports: started as jobs, kept 90 days, read with the eyes of whoever reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.jobs import start_job
from seatwright.app.record import record
from seatwright.app.reports.files import INLINE_ROWS_MAX, heading_of, make_workbook
from seatwright.app.reports.reading import ask, columns_for, cutter
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.jobs import JobKind, JobState
from seatwright.domain.reports.catalog import Report, require_report
from seatwright.domain.reports.columns import Cells, ReportColumn
from seatwright.domain.roles import Permission
from seatwright.postgres.reports.runs import (
    NewRun,
    StoredRun,
    delete_run,
    find_run,
    forget_runs,
    insert_run,
    list_runs,
    read_chunk,
    run_of_job,
    workbook_pieces,
)

RUNS_KEPT: Final = timedelta(days=90)
FORGOTTEN_AT_ONCE_MAX: Final = 50
"""Runs in one transaction: their rows go with them, and there may be many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is asked for; `schedule_no` and `due_at` where a schedule asks."""

    report: Report
    given: Mapping[str, object]
    with_workbook: bool = False
    schedule_no: int | None = None
    due_at: datetime | None = None


async def start_run(call: Call, order: Order) -> StoredRun:
    """Have a worker make a report; it acts with the roles that the caller has then.

    Raises Refusal invalidValue for parameters that do not fit.
    """
    asked = ask(order.report, order.given, reader=call.principal).asked
    job = await start_job(call, JobKind.REPORT, params={"report": order.report.id}, total=0)
    run_id = uuid4()
    await insert_run(
        call.tx,
        NewRun(
            id=run_id,
            report=order.report.id,
            parameters=asked,
            with_workbook=order.with_workbook,
            job_no=job.job_no,
            principal_no=call.principal.principal_no,
            created_at=call.now,
            schedule_no=order.schedule_no,
            due_at=order.due_at,
        ),
    )
    detail = {"report": order.report.id, "run": str(run_id)}
    await record(call, HistoryLine(action=HistoryAction.REPORT_RUN, detail=detail))
    run = await run_of_job(call.tx, job.job_no)
    assert run is not None, "it was stored above"
    return run


async def get_run(call: Call, report: Report, run_id: UUID) -> StoredRun:
    """A run of a report.

    Raises Refusal unknownReportRun for one that never was, or was forgotten after 90 days.
    """
    run = await find_run(call.tx, run_id, since=call.now - RUNS_KEPT)
    if run is None or run.report != report.id:
        raise Refusal(
            Reason.UNKNOWN_REPORT_RUN,
            f"The report {report.id} has no run {run_id}: runs are kept {RUNS_KEPT.days} days, and"
            f" GET /api/reports/{report.id}/runs lists them.",
            context={"run": str(run_id)},
        )
    return run


async def page_of_runs(
    call: Call, report: Report, *, before: int | None, limit: int
) -> list[StoredRun]:
    """Runs of a report, newest first; one more than `limit` if there are more."""
    return await list_runs(
        call.tx, report.id, before=before, since=call.now - RUNS_KEPT, limit=limit + 1
    )


async def remove_run(call: Call, report: Report, run_id: UUID) -> None:
    """Forget a run before its time.

    Raises Refusal unknownReportRun, stillRunning while it is being made, and roleMissing for
    somebody else's, unless the caller administers the tenant.
    """
    run = await get_run(call, report, run_id)
    require_own(call, owner=run.principal_no, what=f"the run {run_id}")
    if not run.state.is_final:
        raise _still_running(run)
    await delete_run(call.tx, run.run_no)
    detail = {"report": report.id, "run": str(run_id)}
    await record(call, HistoryLine(action=HistoryAction.REPORT_RUN_DELETED, detail=detail))


def require_own(call: Call, *, owner: int, what: str) -> None:
    """Let only the owner of a thing, or who administers the tenant, change it.

    Raises Refusal roleMissing.
    """
    if call.principal.principal_no != owner and not call.principal.may(Permission.WRITE_SETTINGS):
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{call.principal.name}” did not make {what}: only whoever made it, or a global"
            " administrator, changes or deletes it.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A finished run as one reader may see it."""

    call: Call
    run: StoredRun
    report: Report
    stored: tuple[ReportColumn, ...]
    columns: tuple[ReportColumn, ...]

    @property
    def _cut(self) -> Callable[[Cells], Cells]:
        return cutter(self.stored, self.columns)

    async def slices(self) -> AsyncIterator[Sequence[Cells]]:
        """The rows, chunk by chunk."""
        cut = self._cut
        for number in range(self.run.chunks):
            rows = await read_chunk(self.call.tx, self.run, number, self.stored)
            yield [cut(row) for row in rows]

    async def workbook(self) -> bytes | AsyncIterator[bytes]:
        """The rows as a workbook: made now when they are few, else as the run made it.

        Raises Refusal invalidValue for a long run without one, or with columns that the reader may
        not see.
        """
        if self.run.rows <= INLINE_ROWS_MAX:
            heading = heading_of(
                self.report,
                self.columns,
                asked=self.run.parameters,
                tenant=self.call.tenant.name,
                at=self.run.created_at,
            )
            return await make_workbook(heading, self.slices())
        if self.run.has_workbook and self.columns == self.stored:
            return workbook_pieces(self.call.tx, self.run.run_no)
        why = (
            "holds details of people that your roles do not show"
            if self.run.has_workbook
            else f"was made without a workbook and has {self.run.rows:,} rows"
        )
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The run {self.run.id} {why}: start one of your own with “workbook”: true, or take"
            " format=csv.",
        )


async def view_run(call: Call, report: Report, run_id: UUID) -> RunView:
    """A run whose rows can be read.

    Raises Refusal unknownReportRun, and stillRunning or invalidValue for one that is not done.
    """
    run = await get_run(call, report, run_id)
    if not run.state.is_final:
        raise _still_running(run)
    if run.state is not JobState.COMPLETED or run.columns is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The run {run_id} is {run.state.value} and has no file: {run.error or 'start another'}"
            " (POST /api/reports/ID/runs).",
        )
    names = set(run.columns)
    stored = tuple(one for one in report.columns if one.name in names)
    visible = {one.name for one in columns_for(report, call.principal)}
    return RunView(
        call=call,
        run=run,
        report=report,
        stored=stored,
        columns=tuple(one for one in stored if one.name in visible),
    )


def _still_running(run: StoredRun) -> Refusal:
    return Refusal(
        Reason.STILL_RUNNING,
        f"The run {run.id} is {run.state.value} with {run.rows:,} rows so far: ask again when GET"
        f" /api/jobs/{run.job_id} says completed.",
        context={"jobId": str(run.job_id)},
    )


async def forget_old_runs(call: Call) -> bool:
    """Forget some runs that are older than 90 days; False when there were none."""
    gone = await forget_runs(call.tx, before=call.now - RUNS_KEPT, limit=FORGOTTEN_AT_ONCE_MAX)
    return gone > 0


def report_of(run: StoredRun) -> Report:
    """The report that a run is of."""
    return require_report(run.report)
