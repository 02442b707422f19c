"""Looking at everybody: each day as a safety net, or because an administrator asks.

Every change reconciles whom it concerns, so that a look at everybody should find nothing. Where it
does, it mends it, and says so: in the log, in `/metrics` and at `GET /api/reconcile/runs`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from seatwright.app.call import Call
from seatwright.app.jobs import enqueue_reconcile, get_job, start_job
from seatwright.app.record import record
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import TenantId
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.settings import setting_value
from seatwright.postgres import jobs as job_rows
from seatwright.postgres import reconcile_runs as rows
from seatwright.postgres.pools import counter_drift, recount
from seatwright.postgres.reconcile_runs import ReconcileRun, RunCounts
from seatwright.postgres.tally import mend_tally

log = structlog.get_logger(__name__)

_SPREAD: Final = 0x9E3779B1
"""Stirs the number of a tenant, so that the runs of neighbours lie far apart."""


async def start_full(call: Call) -> Job:
    """Look at everybody now; people who wait are tried again. A run that is under way is given."""
    under_way = await rows.open_run(call.tx)
    if under_way is not None:
        return await get_job(call, under_way)
    job = await enqueue_reconcile(call, {}, reason=ChangeReason.RECONCILED)
    await rows.insert_run(call.tx, job.job_no, is_periodic=False, at=call.now)
    await record(
        call,
        HistoryLine(
            action=HistoryAction.RECONCILE_STARTED, detail={"job": str(job.id), "people": job.total}
        ),
    )
    return job


async def start_periodic(call: Call) -> bool:
    """Look at everybody if it is time; nobody who waits is tried again. False: it is not.

    Each tenant has its own minute of the period, so that they do not all begin at once.
    """
    hours = setting_value(call.tenant.settings, "fullReconcileHours")
    assert isinstance(hours, int), "the setting is a number"
    if not hours or await rows.open_run(call.tx) is not None:
        return False
    period = timedelta(hours=hours)
    last = await rows.last_periodic(call.tx)
    phase = _phase(call.tenant.tenant_id, period)
    if (call.now.timestamp() - phase) // period.total_seconds() <= (
        last.timestamp() - phase
    ) // period.total_seconds():
        return False
    job = await start_job(
        call,
        JobKind.RECONCILE,
        params={"scope": {}, "reason": ChangeReason.RECONCILED.value, "retry": False},
        total=await job_rows.count_in_scope(call.tx, {}),
    )
    await rows.insert_run(call.tx, job.job_no, is_periodic=True, at=call.now)
    return True


def _phase(tenant_id: TenantId, period: timedelta) -> float:
    """Where in the period a tenant's turn is, in seconds."""
    return (tenant_id * _SPREAD % 2**32) / 2**32 * period.total_seconds()


async def list_runs(call: Call, *, before: int | None, limit: int) -> list[ReconcileRun]:
    """Runs, newest first; one more than `limit` if there are more."""
    return await rows.list_runs(call.tx, before=before, limit=limit + 1)


async def end_run(call: Call, job: Job) -> None:
    """Count the seats, end the run of a job that looks at everybody, and say what it found."""
    if not await rows.has_run(call.tx, job.job_no):
        return
    await rows.add_counts(call.tx, job.job_no, RunCounts(miscounted=await _recount(call)))
    await _retally(call)
    found = await rows.finish_run(call.tx, job.job_no, at=call.now)
    if found is not None and found != RunCounts():
        log.warning(
            "a look at everybody found what was not as it should be",
            job=job.job_no,
            people=found.people,
            licenses=found.licenses,
            errors=found.errors,
            miscounted=found.miscounted,
        )


async def _recount(call: Call) -> int:
    """Mend the pools whose consumed units are not the number of their holders; how many.

    Counted once without locks, for it takes a second in a large tenant, and again under the lock
    of each pool that seems wrong.
    """
    mended = 0
    for sku, _, _ in await counter_drift(call.tx):
        drift = await recount(call.tx, sku)
        if drift is None:
            continue
        counted, stored = drift
        mended += 1
        log.error("a pool miscounted its holders", sku=sku, counted=counted, stored=stored)
        await record(
            call,
            HistoryLine(
                action=HistoryAction.SEATS_RECOUNTED,
                sku=sku,
                detail={"consumedBefore": stored, "consumedAfter": counted},
            ),
        )
    return mended


async def _retally(call: Call) -> None:
    """Mend what is told of how many wait, are refused, or are members."""
    for noun, about, detail, people in await mend_tally(call.tx):
        log.error("a tally was wrong", noun=noun, about=about, detail=detail, missed=people)
