"""Working on a move: a slice of people at a time, each with its outcome, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from seatwright.app.call import Call
from seatwright.app.moves.bridging import build_bridges, leave_bridges
from seatwright.app.moves.sentences import results_of, words_of
from seatwright.app.moves.writing import move_people
from seatwright.domain.bulk import SLICE_ROWS, UNCHANGED, RowResult
from seatwright.domain.jobs import Job, Outcome
from seatwright.domain.moves import MoveOrder, Phase, move_of
from seatwright.postgres.group_licenses import set_processing
from seatwright.postgres.job_rows import write_rest, write_results
from seatwright.postgres.jobs import Progress, advance_job
from seatwright.postgres.moves import (
    MoveRow,
    count_waiting,
    give_up_waiting,
    read_rows,
    read_waiting,
)
from seatwright.postgres.pools import free_seats


async def work_move_slice(call: Call, job: Job) -> bool | None:
    """Move the next people; True when there are none left, None when those left have to wait.

    Each slice is a wave: it frees seats of the old product and takes seats of the new.
    """
    order = move_of(job.params)
    match order.phase:
        case Phase.BRIDGING:
            await build_bridges(call, job, order)
            return False
        case Phase.MOVING:
            rows = await read_rows(call.tx, job.job_no, after=job.position, limit=SLICE_ROWS)
            if not rows:
                return await _end_of_moving(call, job, order)
            results = await _move(call, order, rows)
            await write_results(call.tx, job.job_no, results)
            await advance_job(call.tx, job.job_no, _progress(results, position=rows[-1].row_no))
            return False
        case Phase.WAITING:
            return await _try_again(call, job, order)


async def _move(call: Call, order: MoveOrder, rows: Sequence[MoveRow]) -> list[RowResult]:
    users = [row.user for row in rows if row.user is not None]
    bridged = frozenset(row.user for row in rows if row.user is not None and row.is_bridged)
    decided = await move_people(call, order, users, bridged=bridged)
    return results_of(await words_of(call, order), rows, decided)


async def _end_of_moving(call: Call, job: Job, order: MoveOrder) -> bool | None:
    """Everybody had a turn: done, unless some may still be moved later."""
    await set_processing(call.tx, order.groups, "idle")
    if not await count_waiting(call.tx, job.job_no):
        return True
    waiting = replace(order, phase=Phase.WAITING, tried=-1)
    await advance_job(call.tx, job.job_no, Progress(params=waiting.params()))
    return None


async def _try_again(call: Call, job: Job, order: MoveOrder) -> bool | None:
    """Try the next of those who wait; who lacks a seat only when there is one."""
    has_seats = True
    if order.new_sku is not None:
        has_seats = (await free_seats(call.tx, [order.new_sku]))[order.new_sku] > 0
    rows = await read_waiting(
        call.tx, job.job_no, after=order.tried, limit=SLICE_ROWS, with_seats=has_seats
    )
    if not rows:
        again = replace(order, tried=-1)
        await advance_job(call.tx, job.job_no, Progress(params=again.params()))
        return None if await count_waiting(call.tx, job.job_no) else True
    results = await _move(call, order, rows)
    await write_results(call.tx, job.job_no, results)
    progress = _progress(results, position=None)
    tried = replace(order, tried=rows[-1].row_no)
    await advance_job(
        call.tx,
        job.job_no,
        replace(progress, waiting=progress.waiting - len(rows), params=tried.params()),
    )
    return False


def _progress(results: Sequence[RowResult], *, position: int | None) -> Progress:
    counts = Counter(one.outcome for one in results)
    return Progress(
        succeeded=counts[Outcome.SUCCEEDED],
        unchanged=sum(one.effect in UNCHANGED for one in results),
        failed=counts[Outcome.FAILED],
        waiting=counts[Outcome.WAITING],
        position=position,
    )


async def leave_move(call: Call, job: Job) -> None:
    """End a move before its end: who was moved stays moved, everybody else stays as they are."""
    order = move_of(job.params)
    await leave_bridges(call, job, order)
    cancelled = RowResult(row_no=-1, outcome=Outcome.CANCELLED)
    gone = await give_up_waiting(call.tx, job.job_no, cancelled)
    await advance_job(call.tx, job.job_no, Progress(waiting=-gone))
    await write_rest(call.tx, job.job_no, cancelled)
