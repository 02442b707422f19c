"""Working on the file of a list: its rows slice by slice, then its workbook if one is wanted.

Each slice is a transaction: who is killed in the middle leaves the file where the last one ended,
and nothing is called done before its last row, or its workbook, is stored.
"""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.exports.files import columns_of_run, heading_of_run
from seatwright.app.exports.lists import ListFile
from seatwright.app.exports.orders import (
    as_asked,
    as_permitted,
    asked_by,
    list_of,
    may_less,
)
from seatwright.app.reports.keeping import keep_slice, keep_workbook, problem_of_asker
from seatwright.domain.errors import Refusal
from seatwright.domain.exports import ROWS_MAX, FileKind
from seatwright.domain.jobs import Job, JobState
from seatwright.postgres import jobs
from seatwright.postgres.reports.runs import StoredRun, run_of_job, set_columns

SLICE_ROWS: Final = 5_000
"""Rows that are read and stored in one transaction."""


async def work_export_slice(call: Call, job: Job) -> bool:
    """Do one slice of a file; True when it is done, or cannot be made."""
    run = await run_of_job(call.tx, job.job_no)
    if run is None:
        return True
    file = list_of(run)
    if file is None:
        return await _fail(call, job, "The list is none any more.")
    problem = await _problem(as_permitted(call, job), job, file)
    if problem is not None:
        return await _fail(call, job, problem)
    if run.is_gathered:
        heading = heading_of_run(run, file, tenant=call.tenant.name)
        await keep_workbook(call, run, heading)
        return True
    try:
        return await _gather(call, job, run, file)
    except Refusal as refused:
        # A product or group of the address that is not there any more.
        return await _fail(call, job, refused.detail)


async def _problem(owner: Call, job: Job, file: ListFile) -> str | None:
    """Why a file is not made any further, asked before each slice: roles are taken meanwhile."""
    problem = await problem_of_asker(owner, file.permission)
    if problem is None and may_less(owner.principal, job):
        name = owner.principal.name
        problem = f"“{name}”, who asked for this, has fewer roles than then: export it again."
    return problem


async def _gather(call: Call, job: Job, run: StoredRun, file: ListFile) -> bool:
    reader = as_asked(call, job, run)
    if run.columns is None:
        await set_columns(reader.tx, run.run_no, [one.name for one in file.columns])
    elif columns_of_run(run, file) != file.columns:
        return await _fail(call, job, "The list has other columns now: export it again.")
    rows_max = ROWS_MAX[FileKind.XLSX if run.with_workbook else FileKind.CSV]
    found = await file.read(reader, asked_by(run), run.place, SLICE_ROWS)
    if run.rows + len(found.rows) > rows_max:
        return await _fail(
            call,
            job,
            f"The list has more than {rows_max:,} rows, more than such a file takes: narrow it with"
            " the filters of its page" + (", or take CSV." if run.with_workbook else "."),
        )
    return await keep_slice(reader, job, run, found) and not run.with_workbook


async def _fail(call: Call, job: Job, why: str) -> bool:
    await jobs.finish_job(call.tx, job.job_no, JobState.FAILED, at=call.now, error=why)
    return True
