"""Rows of a run and its workbook as they are kept, for reports and for exports of lists alike."""

from __future__ import annotations

import asyncio

from seatwright.app.call import Call
from seatwright.domain.jobs import Job
from seatwright.domain.reports.places import ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres import jobs
from seatwright.postgres.reports.runs import (
    PIECE_BYTES,
    StoredRun,
    add_chunk,
    read_chunk,
    settle_total,
    store_workbook_piece,
)
from seatwright.postgres.reports.schedules import is_revoked
from seatwright.spreadsheets.workbook import Heading, Workbook


async def problem_of_asker(call: Call, permission: Permission | None) -> str | None:
    """Why rows cannot be read for whoever asked; None when they can."""
    name = call.principal.name
    if await is_revoked(call.tx, call.principal.principal_no):
        return f"“{name}”, who asked for this, was revoked."
    if permission is not None and not call.principal.may(permission):
        return f"“{name}”, who asked for this, may not {permission.value} any more."
    return None


async def keep_slice(call: Call, job: Job, run: StoredRun, found: ReportSlice) -> bool:
    """Store rows of a run; True when they were its last."""
    await add_chunk(call.tx, run, found.rows, place=found.place)
    await jobs.advance_job(call.tx, job.job_no, jobs.Progress(succeeded=len(found.rows)))
    if found.place is not None:
        return False
    await settle_total(call.tx, job.job_no)
    return True


async def keep_workbook(call: Call, run: StoredRun, heading: Heading) -> None:
    """Write the workbook of a long run, in a thread, and store it piece by piece.

    The columns of the heading are those of the rows. The file itself is gone when this ends.
    """
    with Workbook(heading) as book:
        for number in range(run.chunks):
            rows = await read_chunk(call.tx, run, number, heading.columns)
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.finish)
        for number, piece in enumerate(book.pieces(PIECE_BYTES)):
            await store_workbook_piece(call.tx, run.run_no, number, piece)
