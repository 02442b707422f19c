"""Jobs as people see them: starting, listing, waiting for and cancelling them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.preview_jobs import foresee_reconcile
from seatwright.app.record import record
from seatwright.domain.bulk import EVERY_ROW, RowChoice, RowEffect
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.jobs import Job, JobKind, JobState
from seatwright.postgres import jobs as rows
from seatwright.postgres.job_rows import StoredRow, count_effects, list_rows
from seatwright.postgres.queue import wake_worker

Scope = Mapping[str, Sequence[int]]
"""Whom a reconcile is about: `users`, `groups`, `skus`, or nothing named for everyone."""


async def start_job(call: Call, kind: JobKind, *, params: Mapping[str, object], total: int) -> Job:
    """Store a job and wake a worker, both when the call commits."""
    job = await rows.insert_job(
        call.tx,
        rows.NewJob(
            id=uuid4(),
            kind=kind,
            params=params,
            total=total,
            principal_no=call.principal.principal_no,
            correlation=call.correlation,
            created_at=call.now,
        ),
    )
    await wake_worker(call.tx, job.job_no)
    return job


async def enqueue_reconcile(call: Call, scope: Scope, *, reason: ChangeReason) -> Job:
    """Have a worker look at all people of a scope, in slices.

    Where somebody looks before this is committed, what the job will do is foreseen, as seen from
    inside the call, that is with everything that it has written.
    """
    if call.is_foreseen:
        await foresee_reconcile(call, scope, reason=reason)
    total = await rows.count_in_scope(call.tx, scope)
    params = {"scope": {noun: list(numbers) for noun, numbers in scope.items()}}
    return await start_job(
        call, JobKind.RECONCILE, params={**params, "reason": reason.value}, total=total
    )


async def get_job(call: Call, id_: UUID) -> Job:
    """A job by its id.

    Raises Refusal unknownJob.
    """
    job = await rows.find_job(call.tx, id_)
    if job is None:
        raise Refusal(
            Reason.UNKNOWN_JOB, f"There is no job {id_}: GET /api/jobs lists which there are."
        )
    return job


async def list_jobs(
    call: Call, *, before: int | None, limit: int, state: JobState | None
) -> tuple[Job, ...]:
    """Jobs, newest first; one more than `limit` if there are more."""
    return await rows.list_jobs(call.tx, before=before, limit=limit + 1, state=state)


async def list_job_rows(
    call: Call,
    job: Job,
    *,
    after: int | None,
    limit: int,
    chosen: RowChoice = EVERY_ROW,
) -> list[StoredRow]:
    """Rows of a job in the order of its file; one more than `limit` if there are more.

    The effect `new` leaves out those that `effects_of` counts.
    """
    return await list_rows(
        call.tx,
        job.job_no,
        after=-1 if after is None else after,
        limit=limit + 1,
        chosen=chosen,
    )


async def effects_of(call: Call, job: Job) -> Mapping[RowEffect, int]:
    """How many rows of a job changed nothing, or gave nothing to somebody new."""
    return await count_effects(call.tx, job.job_no)


async def cancel_job(call: Call, id_: UUID) -> Job:
    """Stop a job after the slice that is being worked on; what was done stays done.

    Raises Refusal unknownJob, and alreadyDecided for a job that has ended.
    """
    job = await get_job(call, id_)
    if job.state.is_final:
        raise Refusal(
            Reason.ALREADY_DECIDED, f"The job {id_} has ended already: it is {job.state.value}."
        )
    await rows.ask_to_cancel(call.tx, job.job_no)
    await wake_worker(call.tx, job.job_no)
    detail = {"job": str(job.id), "kind": job.kind.value}
    await record(call, HistoryLine(action=HistoryAction.JOB_CANCELLED, detail=detail))
    return await get_job(call, id_)
