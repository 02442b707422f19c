"""`Prefer: wait=10`: a call that starts a job may be answered with what became of it.

The job is stored and committed first, as without waiting. Then the call works on it itself, slice
by slice, and if a worker was faster it watches that worker. Whatever happens to the call, the job
is in the database and goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar import Request

from seatwright.app.call import Call
from seatwright.app.jobs import get_job
from seatwright.app.work import Workshop, work_job
from seatwright.domain.clock import StoppedClock
from seatwright.domain.jobs import Job
from seatwright.postgres.pool import Database
from seatwright.postgres.queue import wake_worker
from seatwright.web.answers import Answer
from seatwright.web.rest.bodies import Shape

log = structlog.get_logger(__name__)

WAIT_SECONDS_MAX: Final = 60.0
WATCH_SECONDS: Final = 0.02
"""Between two looks at a job that a worker has: short, because people wait for it."""

JobAnswer = Callable[[Call, Job], Awaitable[Shape]]
"""What a job that has ended is answered with."""


def wait_seconds(request: Request[Any, Any, Any], *, unasked: float = 0.0) -> float:
    """How long the caller would wait (RFC 7240), `unasked` if the header does not say.

    A preference that cannot be read is ignored, as the RFC wants it.
    """
    for preference in request.headers.get("prefer", "").lower().split(","):
        name, _, value = preference.partition("=")
        if name.strip() == "respond-async" and "wait" not in request.headers["prefer"].lower():
            return 0.0
        if name.strip() == "wait" and value.strip().strip('"').isdigit():
            return min(float(value.strip().strip('"')), WAIT_SECONDS_MAX)
    return unasked


def answer_when_done(
    request: Request[Any, Any, Any], call: Call, job: Job, *, seconds: float, shape: JobAnswer
) -> None:
    """Have the edge work on the job after the commit, and answer 200 if it ends in time."""
    if seconds <= 0:
        return
    until = time.monotonic() + seconds

    async def after_commit(database: Database) -> Answer | None:
        workshop = Workshop(database=database, clock=StoppedClock(call.now))
        try:
            return await _ended(workshop, call, job, until=until, shape=shape)
        except psycopg.OperationalError:
            # The job is safe: the caller gets the first answer, which says where to find it.
            log.warning("a job could not be waited for", job=job.job_no, exc_info=True)
            return None

    request.scope["state"]["after_commit"] = after_commit


async def _ended(
    workshop: Workshop, call: Call, job: Job, *, until: float, shape: JobAnswer
) -> Answer | None:
    """The answer of a job that has ended in time, else None."""
    tenant_id = call.tenant.tenant_id

    def is_time_left() -> bool:
        return time.monotonic() < until

    while is_time_left():
        await work_job(workshop, tenant_id, job.job_no, goes_on=is_time_left)
        async with workshop.database.transaction(tenant_id) as tx:
            look = replace(call, tx=tx)
            job = await get_job(look, job.id)
            if job.state.is_final:
                return _answer(job, await shape(look, job))
        await asyncio.sleep(WATCH_SECONDS)
    async with workshop.database.transaction(tenant_id) as tx:
        # The worker that was woken first may have looked while this call had a slice, and left.
        await wake_worker(tx, job.job_no)
    return None


def _answer(job: Job, body: Shape) -> Answer:
    headers = [
        (b"content-type", b"application/json"),
        (b"location", f"/api/jobs/{job.id}".encode()),
        (b"preference-applied", b"wait"),
    ]
    return Answer(200, headers, msgspec.json.encode(body))
