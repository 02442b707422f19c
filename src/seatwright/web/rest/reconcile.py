"""`/api/reconcile`: looking at everybody, now or each day, and what that found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import get, post
from litestar.params import FromQuery

from seatwright.app.full_reconcile import list_runs, start_full
from seatwright.domain.roles import Permission
from seatwright.postgres.reconcile_runs import ReconcileRun
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.jobs import JobShape, job_shape


class ReconcileRunShape(Shape, kw_only=True, frozen=True):
    """One look at everybody; `state` is that of the job that does it.

    `people` were not as they should be: `licenses` and `errors` of theirs were written. `leftOut`
    of them changed meanwhile and were looked at again by themselves. `poolsRecounted` pools had
    another number of consumed units than holders.
    """

    job_id: UUID
    state: str
    is_periodic: bool
    started_at: datetime
    finished_at: datetime | None
    people: int
    licenses: int
    errors: int
    left_out: int
    pools_recounted: int


@post(
    "/api/reconcile",
    opt=needs(Permission.REPROCESS),
    summary="Look at everybody now",
    status_code=202,
)
async def start_full_route(call: TheCall) -> JobShape:
    """Everybody who waits or is in error is tried again. A run that is under way is answered."""
    return job_shape(await start_full(call))


@get("/api/reconcile/runs", opt=needs(Permission.READ_JOBS), summary="List looks at everybody")
async def list_runs_route(
    call: TheCall,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ReconcileRunShape]:
    """Newest first, those of each day among them."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    runs = await list_runs(call, before=int(keys[0]) if keys else None, limit=size)
    return Page(
        value=[_run_shape(run) for run in runs[:size]],
        next_cursor=cursor_of(runs[size - 1].run_no) if len(runs) > size else None,
    )


def _run_shape(run: ReconcileRun) -> ReconcileRunShape:
    return ReconcileRunShape(
        job_id=run.job_id,
        state=run.job_state.value,
        is_periodic=run.is_periodic,
        started_at=run.started_at,
        finished_at=run.finished_at,
        people=run.found.people,
        licenses=run.found.licenses,
        errors=run.found.errors,
        left_out=run.found.left_out,
        pools_recounted=run.found.miscounted,
    )


RECONCILE_ROUTES = (start_full_route, list_runs_route)
