"""All or nothing: the seats of a whole job are reserved before its first row is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seatwright.app.bulk.foresight import foresee_rows
from seatwright.app.call import Call
from seatwright.app.reconcile import refill
from seatwright.domain.bulk import BulkOrder, RowResult
from seatwright.domain.errors import Reason
from seatwright.domain.ids import SkuNo
from seatwright.domain.jobs import Job, JobState, Outcome
from seatwright.postgres.job_rows import read_slice, write_results
from seatwright.postgres.jobs import Progress, advance_job, finish_job
from seatwright.postgres.pools import lock_pools, move_reservations, reserve_seats

TRIES_MAX = 5
"""Seats may be taken between looking and locking; each further try looks again."""

NOT_TOUCHED = "Not touched: all or nothing was asked for, and {rows} cannot be done."


async def reserve_all(call: Call, job: Job, order: BulkOrder) -> bool:
    """Decide about every row, and reserve the seats or refuse the job whole; True when refused.

    Deciding holds no lock: only the reservation itself does, and it looks again at what is free.
    """
    rows = await read_slice(call.tx, job.job_no, after=job.position, limit=job.total)
    results: Sequence[RowResult] = ()
    for _ in range(TRIES_MAX):
        foresight = await foresee_rows(call, rows, order)
        results = foresight.results
        if any(one.outcome is not Outcome.SUCCEEDED for one in results):
            await _refuse(call, job, results)
            return True
        if await reserve_seats(call.tx, foresight.needed):
            reserved = replace(order, reserved=dict(foresight.needed))
            await advance_job(call.tx, job.job_no, Progress(params=reserved.params()))
            return False
    await _refuse_for_the_rush(call, job, results)
    return True


async def give_back(call: Call, reserved: Mapping[SkuNo, int]) -> None:
    """Return reserved seats that no row used; who waits for one gets it."""
    if not reserved:
        return
    await lock_pools(call.tx, list(reserved))
    await move_reservations(call.tx, {sku: -seats for sku, seats in reserved.items()})
    await refill(call, reserved)


def refused_whole(results: Sequence[RowResult]) -> list[RowResult]:
    """The outcomes of a job that is refused because some of its rows cannot be done."""
    failing = sum(one.outcome is not Outcome.SUCCEEDED for one in results)
    return _spared(results, message=NOT_TOUCHED.format(rows=_rows(failing)))


def _spared(results: Sequence[RowResult], *, message: str) -> list[RowResult]:
    """Rows that could be done as failed with the others; each says still whom it is about."""
    return [
        replace(
            one,
            outcome=Outcome.FAILED,
            reason=Reason.SIBLING_FAILED,
            message=message,
            effect=None,
        )
        if one.outcome is Outcome.SUCCEEDED
        else one
        for one in results
    ]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


async def _refuse(call: Call, job: Job, results: Sequence[RowResult]) -> None:
    failing = [one for one in results if one.outcome is not Outcome.SUCCEEDED]
    await _end(
        call,
        job,
        refused_whole(results),
        error=f"All or nothing was asked for, and {_rows(len(failing))} of {job.total} cannot be"
        f" done: nothing was changed. The first is row {failing[0].row_no} ({failing[0].reason}).",
    )


async def _refuse_for_the_rush(call: Call, job: Job, results: Sequence[RowResult]) -> None:
    message = "The seats were taken by others while this job was being decided."
    await _end(
        call,
        job,
        _spared(results, message=message),
        error="Others took the seats again and again while all or nothing was being decided:"
        " nothing was changed. Send it again.",
    )


async def _end(call: Call, job: Job, results: Sequence[RowResult], *, error: str) -> None:
    await write_results(call.tx, job.job_no, results)
    await advance_job(call.tx, job.job_no, Progress(failed=job.total))
    await finish_job(call.tx, job.job_no, JobState.FAILED, at=call.now, error=error)
