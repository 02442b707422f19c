"""Starting a bulk job."""

from __future__ import annotations

from seatwright.app.bulk.orders import Resolved
from seatwright.app.call import Call
from seatwright.app.jobs import start_job
from seatwright.app.record import record
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.jobs import Job, JobKind
from seatwright.postgres.job_rows import insert_rows


async def start_bulk(call: Call, resolved: Resolved) -> Job:
    """Store a bulk job and its rows; a worker takes it up when the call commits."""
    order = resolved.order
    job = await start_job(call, JobKind.BULK, params=order.params(), total=len(resolved.rows))
    await insert_rows(call.tx, job.job_no, resolved.rows)
    detail: dict[str, object] = {"job": str(job.id), "rows": job.total}
    if order.adopts:
        line = HistoryLine(action=HistoryAction.IMPORTED, detail={**detail, "kind": "holdings"})
    else:
        line = HistoryLine(
            action=HistoryAction.JOB_STARTED, detail={**detail, "fillPolicy": order.fill.value}
        )
    await record(call, line)
    return job
