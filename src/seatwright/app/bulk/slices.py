"""Working on a bulk job: a slice of rows at a time, each slice with its outcomes, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.bulk.adoption import adopt_rows, over_assigned
from seatwright.app.bulk.needless import needed_still
from seatwright.app.bulk.outcomes import outcomes_of
from seatwright.app.bulk.people import people_of
from seatwright.app.bulk.reservation import give_back, reserve_all
from seatwright.app.call import Call
from seatwright.domain.bulk import (
    SLICE_ROWS,
    UNCHANGED,
    BulkOrder,
    BulkRow,
    RowResult,
    order_of,
    wants_of,
)
from seatwright.domain.ids import SkuNo
from seatwright.domain.jobs import Job, JobKind, Outcome
from seatwright.postgres.job_rows import read_slice, write_rest, write_results
from seatwright.postgres.jobs import Progress, advance_job


async def work_bulk_slice(call: Call, job: Job) -> bool:
    """Do the next rows of a job; True when there are none left.

    An all-or-nothing job reserves its seats in a slice of its own, before the first row, and
    returns those that no row used in another, after the last: pools are locked before people.
    """
    order = order_of(job.params)
    if order.must_reserve:
        return await reserve_all(call, job, order)
    rows = await read_slice(call.tx, job.job_no, after=job.position, limit=SLICE_ROWS)
    if not rows:
        await give_back(call, order.reserved or {})
        await advance_job(
            call.tx, job.job_no, Progress(params=replace(order, reserved={}).params())
        )
        return True
    results, left = await _do_rows(call, rows, order)
    await write_results(call.tx, job.job_no, results)
    is_last = job.done + len(rows) >= job.total
    order = replace(order, reserved=None if order.reserved is None else left)
    if is_last and order.adopts:
        found = await over_assigned(call, job.job_no)
        order = replace(order, report={"overAssigned": found})
    await advance_job(call.tx, job.job_no, _progress(results, order))
    return is_last and not left


async def cancel_rest(call: Call, job: Job) -> None:
    """End a job before its last row: what is left of it is cancelled, reserved seats go back."""
    if job.kind is not JobKind.BULK:
        return
    reserved = order_of(job.params).reserved
    if reserved:
        await give_back(call, reserved)
    cancelled = RowResult(row_no=job.position, outcome=Outcome.CANCELLED)
    await write_rest(call.tx, job.job_no, cancelled)


async def _do_rows(
    call: Call, rows: Sequence[BulkRow], order: BulkOrder
) -> tuple[list[RowResult], Mapping[SkuNo, int]]:
    """What became of the rows, and the reserved seats that they left."""
    users = await people_of(call, rows)
    if order.adopts:
        return await adopt_rows(call, rows, users), {}
    needed = {} if order.mending is None else await needed_still(call, rows, users, order)
    rows = [row for row in rows if row.row_no not in needed]
    done = await fulfil(call, list(wants_of(rows, users, order)), reservation=order.reserved)
    left = Counter(order.reserved or {})
    left.subtract(done.used)
    results = [*needed.values(), *await outcomes_of(call, rows, users, done)]
    results.sort(key=attrgetter("row_no"))
    return results, {s: n for s, n in left.items() if n > 0}


def _progress(results: Sequence[RowResult], order: BulkOrder) -> Progress:
    counts = Counter(one.outcome for one in results)
    return Progress(
        succeeded=counts[Outcome.SUCCEEDED],
        unchanged=sum(one.effect in UNCHANGED for one in results),
        failed=counts[Outcome.FAILED],
        waiting=counts[Outcome.WAITING],
        position=results[-1].row_no,
        params=order.params() if order.reserved is not None or order.report else None,
    )
