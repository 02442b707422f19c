"""Undoing a call or job of the last 30 days: `POST …/undo`."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from seatwright.app.call import Call
from seatwright.app.undo import is_small, undo_batch, undo_job
from seatwright.app.work import work_at_once
from seatwright.domain.bulk import FillPolicy
from seatwright.domain.jobs import Job
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bulk import (
    BulkForecast,
    EndedShape,
    OutcomeCount,
    StartedShape,
    ended_shape,
    started_shape,
)
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.waiting import answer_when_done, wait_seconds

ROWS_FORESEEN_MAX = 1_000
"""Rows in the `result` of a preview, as a bulk assignment has them."""


@post(
    "/api/history/changes/{correlation_id:uuid}/undo",
    opt=needs(Permission.UNDO_CHANGES),
    summary="Undo a call",
    status_code=202,
)
async def undo_change(
    call: TheCall, request: Request[Any, Any, Any], correlation_id: FromPath[UUID]
) -> Response[StartedShape]:
    """Every assignment, membership and license of a group that it changed is put back as it was.

    Up to 500 people are done in this call and answered with 200, more as a job. What was changed
    again since stays as it is now, and its row says so. The undo can be undone.
    """
    return await _serve(call, request, await undo_batch(call, correlation_id))


@post(
    "/api/jobs/{job_id:uuid}/undo",
    opt=needs(Permission.UNDO_CHANGES),
    summary="Undo a job",
    status_code=202,
)
async def undo_of_job(
    call: TheCall, request: Request[Any, Any, Any], job_id: FromPath[UUID]
) -> Response[StartedShape]:
    """The same for everything that a job did, and the call that started it."""
    return await _serve(call, request, await undo_job(call, job_id))


async def _serve(call: Call, request: Request[Any, Any, Any], job: Job) -> Response[StartedShape]:
    headers = {"location": f"/api/jobs/{job.id}"}
    if call.is_foreseen or await is_small(call, job):
        ended = await work_at_once(call, job)
        shape: Any = await ended_shape((), call, ended)
        if call.is_foreseen:
            tell_result(request, _forecast(shape))
        return Response(shape, status_code=200, headers=headers)
    answer_when_done(
        request, call, job, seconds=wait_seconds(request), shape=partial(ended_shape, ())
    )
    return Response(started_shape(job, ()), status_code=202, headers=headers)


def _forecast(ended: EndedShape) -> BulkForecast:
    """What would become of the rows, as the `result` of a preview."""
    counts = Counter((row.outcome or "", row.reason) for row in ended.rows)
    return BulkForecast(
        fill_policy=FillPolicy.AS_MANY.value,
        total=ended.total,
        succeeded=ended.succeeded,
        unchanged=ended.unchanged,
        failed=ended.failed,
        waiting=ended.waiting,
        is_refused=False,
        outcomes=[
            OutcomeCount(outcome=outcome, reason=reason, rows=rows)
            for (outcome, reason), rows in counts.most_common()
        ],
        rows=ended.rows[:ROWS_FORESEEN_MAX],
        ignored_columns=[],
        cautions=[],
    )


UNDO_ROUTES = (undo_change, undo_of_job)
