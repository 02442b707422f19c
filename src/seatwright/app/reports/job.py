"""Working on a run: slice after slice of its rows, then its workbook, each exactly once."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.reports.files import INLINE_ROWS_MAX, heading_of
from seatwright.app.reports.keeping import keep_slice, keep_workbook, problem_of_asker
from seatwright.app.reports.mailing import tell_ready
from seatwright.app.reports.reading import Question, columns_for, read_slice
from seatwright.app.reports.runs import report_of
from seatwright.domain.errors import Refusal
from seatwright.domain.jobs import Job, JobState
from seatwright.domain.reports.columns import ReportColumn
from seatwright.domain.roles import Permission
from seatwright.postgres import jobs
from seatwright.postgres.reports.runs import StoredRun, run_of_job, set_columns

SLICE_ROWS: Final = 5_000
"""Rows of a run that are read and stored in one transaction."""


async def work_report_slice(call: Call, job: Job) -> bool:
    """Do one slice of a run; True when it has all its rows and, if wanted, its workbook.

    Whoever asked for the run must still be there and may still read reports, with what they may
    see now; else the run ends and says so.
    """
    run = await run_of_job(call.tx, job.job_no)
    if run is None:
        return True
    if run.is_gathered:
        await _make_workbook(call, run)
        await tell_ready(call, run, rows=run.rows)
        return True
    problem = await problem_of_asker(call, Permission.READ_REPORTS)
    if problem is not None:
        await jobs.finish_job(call.tx, job.job_no, JobState.FAILED, at=call.now, error=problem)
        return True
    return await _gather(call, job, run)


async def _gather(call: Call, job: Job, run: StoredRun) -> bool:
    report = report_of(run)
    visible = columns_for(report, call.principal)
    if run.columns is None:
        columns: tuple[ReportColumn, ...] = visible
        await set_columns(call.tx, run.run_no, [one.name for one in columns])
    else:
        columns = tuple(one for one in report.columns if one.name in set(run.columns))
    question = Question(report=report, asked=run.parameters, columns=columns)
    try:
        found = await read_slice(call, question, after=run.place, limit=SLICE_ROWS)
    except Refusal as refused:
        # A product or group of the parameters that is not there (any more).
        await jobs.finish_job(
            call.tx, job.job_no, JobState.FAILED, at=call.now, error=refused.detail
        )
        return True
    if not await keep_slice(call, job, run, found):
        return False
    rows = run.rows + len(found.rows)
    if run.with_workbook and rows > INLINE_ROWS_MAX:
        return False
    await tell_ready(call, run, rows=rows)
    return True


async def _make_workbook(call: Call, run: StoredRun) -> None:
    """The workbook of a long run."""
    report = report_of(run)
    names = set(run.columns or ())
    columns = tuple(one for one in report.columns if one.name in names)
    heading = heading_of(
        report,
        columns,
        asked=run.parameters,
        tenant=call.tenant.name,
        at=run.created_at,
    )
    await keep_workbook(call, run, heading)
