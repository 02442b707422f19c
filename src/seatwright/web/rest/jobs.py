"""`/api/jobs`: how far work in the background is, what became of its rows, and stopping it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from seatwright.app import jobs
from seatwright.app.call import Call
from seatwright.domain.bulk import RowChoice, order_of
from seatwright.domain.csv_text import CHUNK_CHARACTERS, row_writer
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Job, JobKind, JobState, Outcome
from seatwright.domain.moves import move_of
from seatwright.domain.roles import Permission
from seatwright.postgres.job_rows import StoredRow, all_rows
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit

RESULT_COLUMNS = ("row", "user", "sku", "action", "outcome", "reason", "message", "effect")
RESULT_PAGE_ROWS = 2_000


class JobShape(Shape, kw_only=True, frozen=True):
    """A job: `done` counts rows with an outcome, `error` says why a job failed.

    `done` = `succeeded` + `failed` + `waiting`; `unchanged` of those that succeeded were as they
    should be already, the others were changed.

    `report` is what the job as a whole has to say, where it has: an import of holdings names the
    products of which people hold more than was bought, a move what is moved where.
    """

    id: UUID
    job_id: UUID
    kind: str
    state: str
    total: int
    done: int
    succeeded: int
    unchanged: int
    failed: int
    waiting: int
    fill_policy: str | None
    cancel_requested: bool
    error: str | None
    report: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobRowShape(Shape, kw_only=True, frozen=True):
    """What became of one row; `outcome` is null while it was not worked on.

    `effect` says what a row came to that succeeded: given, beside, changed, taken, or (nothing was
    changed) had, hadByGroup, twice; null for rows that give and take nothing.
    """

    row: int
    user: str
    sku: str | None
    action: str
    outcome: str | None
    reason: str | None
    message: str | None
    effect: str | None


def job_shape(job: Job) -> JobShape:
    """A job as the surface shows it."""
    order = order_of(job.params) if job.kind is JobKind.BULK else None
    report = move_of(job.params).report if job.kind is JobKind.MOVE else order and order.report
    return JobShape(
        id=job.id,
        job_id=job.id,
        kind=job.kind.value,
        state=job.state.value,
        total=job.total,
        done=job.done,
        succeeded=job.succeeded,
        unchanged=job.unchanged,
        failed=job.failed,
        waiting=job.waiting,
        fill_policy=None if order is None or order.adopts else order.fill.value,
        cancel_requested=job.is_cancel_asked,
        error=job.error,
        report=dict(report) if report else None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def job_row_shape(row: StoredRow) -> JobRowShape:
    """A row of a job as the surface shows it."""
    return JobRowShape(
        row=row.row_no,
        user=row.user_text,
        sku=row.sku_text,
        action=row.action.value,
        outcome=None if row.outcome is None else row.outcome.value,
        reason=None if row.reason is None else row.reason.value,
        message=row.message,
        effect=None if row.effect is None else row.effect.value,
    )


def _state(text: str | None) -> JobState | None:
    if text is None:
        return None
    if text.lower() not in set(JobState):
        raise Refusal(
            Reason.INVALID_VALUE, f"state is “{text[:60]}”: give one of {', '.join(JobState)}."
        )
    return JobState(text.lower())


def _outcome(text: str | None) -> Outcome | None:
    if text is None:
        return None
    if text.lower() not in set(Outcome):
        raise Refusal(
            Reason.INVALID_VALUE, f"outcome is “{text[:60]}”: give one of {', '.join(Outcome)}."
        )
    return Outcome(text.lower())


@get("/api/jobs", opt=needs(Permission.READ_JOBS), summary="List jobs")
async def list_jobs(
    call: TheCall,
    state_text: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[JobShape]:
    """Newest first."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await jobs.list_jobs(
        call, before=int(keys[0]) if keys else None, limit=size, state=_state(state_text)
    )
    return Page(
        value=[job_shape(job) for job in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].job_no) if len(rows) > size else None,
    )


@get("/api/jobs/{job_id:uuid}", opt=needs(Permission.READ_JOBS), summary="Read a job")
async def get_job(call: TheCall, job_id: FromPath[UUID]) -> JobShape:
    """How far it is."""
    return job_shape(await jobs.get_job(call, job_id))


@get("/api/jobs/{job_id:uuid}/rows", opt=needs(Permission.READ_JOBS), summary="Rows of a job")
async def list_job_rows(
    call: TheCall,
    job_id: FromPath[UUID],
    *,
    outcome: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[JobRowShape]:
    """In the order of the file, or only those with one outcome."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await jobs.list_job_rows(
        call,
        await jobs.get_job(call, job_id),
        after=int(keys[0]) if keys else None,
        limit=size,
        chosen=RowChoice(outcome=_outcome(outcome)),
    )
    return Page(
        value=[job_row_shape(row) for row in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].row_no) if len(rows) > size else None,
    )


@get(
    "/api/jobs/{job_id:uuid}/result.csv",
    opt=needs(Permission.READ_JOBS),
    summary="The result of a job as CSV",
)
async def get_job_result(call: TheCall, job_id: FromPath[UUID]) -> Stream:
    """Every row with what became of it; safe to open in a spreadsheet."""
    job = await jobs.get_job(call, job_id)
    return Stream(
        _result(call, job),
        headers={
            "content-type": "text/csv; charset=utf-8; header=present",
            "content-disposition": f'attachment; filename="job-{job.id}.csv"',
        },
    )


async def _result(call: Call, job: Job) -> AsyncIterator[bytes]:
    line_of = row_writer()
    pieces = [line_of(RESULT_COLUMNS)]
    size = 0
    async for row in all_rows(call.tx, job.job_no, page=RESULT_PAGE_ROWS):
        line = line_of(
            (
                str(row.row_no),
                row.user_text,
                row.sku_text,
                row.action.value,
                row.outcome,
                row.reason,
                row.message,
                row.effect,
            )
        )
        pieces.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()


@post(
    "/api/jobs/{job_id:uuid}/cancel",
    opt=needs(Permission.BULK_ASSIGN),
    summary="Cancel a job",
    status_code=200,
)
async def cancel_job(call: TheCall, job_id: FromPath[UUID]) -> JobShape:
    """It stops after the slice that is being worked on; what was done stays done."""
    return job_shape(await jobs.cancel_job(call, job_id))


JOB_ROUTES = (list_jobs, get_job, list_job_rows, get_job_result, cancel_job)
