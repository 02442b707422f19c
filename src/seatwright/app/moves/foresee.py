"""What a move would do to everybody, decided without a lock and without writing anything.

Where seats come free that others wait for, it is done and taken back: who gets them goes by what is
stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from seatwright.app.call import Call
from seatwright.app.moves.decide import Decided, decide
from seatwright.app.moves.people import as_bridged, movers_of, people_now
from seatwright.app.moves.sentences import results_of, words_of
from seatwright.app.moves.slices import work_move_slice
from seatwright.app.preview_jobs import only_foreseen
from seatwright.domain.bulk import SLICE_ROWS, UNCHANGED, RowResult
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    UserNo,
    service_plan_numbers,
)
from seatwright.domain.jobs import Job, Outcome
from seatwright.domain.move_steps import bridge_of
from seatwright.domain.moves import MoveOrder
from seatwright.domain.reconcile import ChangeSet, Pool, Snapshot
from seatwright.postgres.jobs import job_by_number
from seatwright.postgres.moves import MoveRow, read_rows
from seatwright.postgres.pools import read_pools
from seatwright.postgres.tally import count_waiting

ROWS_SHOWN_MAX = 1_000


@dataclass(slots=True, kw_only=True)
class MoveForesight:
    """What would become of the rows: how many of each kind, and the first of them.

    `unchanged` are those that succeed because there is nothing to do for their person.
    `surplus` counts the people who would lose each service plan, `plans` has them all.
    """

    counts: Counter[tuple[Outcome, Reason | None]] = field(default_factory=Counter)
    unchanged: int = 0
    rows: list[tuple[MoveRow, RowResult]] = field(default_factory=list)
    surplus: Counter[ServicePlanNo] = field(default_factory=Counter)
    plans: ServicePlanBits = NO_SERVICE_PLANS


async def foresee_move(call: Call, job: Job, order: MoveOrder) -> MoveForesight:
    """Decide about all rows, slice by slice, and put what would change into the call's ledger.

    Seats that a slice takes or frees are remembered for the slices after it.
    """
    foresight = MoveForesight()
    words = await words_of(call, order)
    change_sets: list[ChangeSet] = []
    async for rows, decided in _walk(call, job, order):
        change_sets.append(decided.changes)
        _add_surplus(foresight, decided)
        results = results_of(words, rows, decided)
        foresight.counts.update((one.outcome, one.reason) for one in results)
        foresight.unchanged += sum(one.effect in UNCHANGED for one in results)
        room = ROWS_SHOWN_MAX - len(foresight.rows)
        foresight.rows += list(zip(rows, results, strict=True))[: max(0, room)]
    if await _serves_others(call, change_sets):
        await _try(call, job)
    else:
        for changes in change_sets:
            call.ledger.add(changes, reason=ChangeReason.SWAPPED)
    return foresight


async def _serves_others(call: Call, change_sets: Sequence[ChangeSet]) -> bool:
    """Whether a seat comes free that somebody waits for."""
    waiting = await count_waiting(call.tx)
    return any(
        waiting.get(seats.sku) and seats.consumed_after < seats.consumed_before
        for changes in change_sets
        for seats in changes.seat_changes
    )


async def _try(call: Call, job: Job) -> None:
    """Move everybody slice by slice, as the worker does, until it is done or has to wait."""
    async with only_foreseen(call):
        found: Job | None = job
        while found is not None and await work_move_slice(call, found) is False:
            found = await job_by_number(call.tx, job.job_no)


async def surplus_of(call: Call, job: Job, order: MoveOrder) -> ServicePlanBits:
    """Every service plan that somebody would lose by the move."""
    foresight = MoveForesight()
    async for _, decided in _walk(call, job, order):
        _add_surplus(foresight, decided)
    return foresight.plans


async def _walk(
    call: Call, job: Job, order: MoveOrder
) -> AsyncIterator[tuple[list[MoveRow], Decided]]:
    pools = {pool.sku: pool for pool in await read_pools(call.tx)}
    after = -1
    while rows := await read_rows(call.tx, job.job_no, after=after, limit=SLICE_ROWS):
        users = [row.user for row in rows if row.user is not None]
        found = await people_now(call, users, pools=tuple(pools.values()))
        bridged = frozenset(_bridged(order, found))
        found = as_bridged(order, found)
        movers = await movers_of(call, order, found.users, bridged=bridged)
        decided = decide(order, found, movers)
        _take_seats(pools, decided)
        yield rows, decided
        after = rows[-1].row_no


def _bridged(order: MoveOrder, snapshot: Snapshot) -> Iterator[UserNo]:
    if not order.groups:
        return
    for user in snapshot.users:
        if bridge_of(user, order, catalog=snapshot.catalog, now=snapshot.now) is not None:
            yield user.user_no


def _take_seats(pools: dict[SkuNo, Pool], decided: Decided) -> None:
    for seats in decided.changes.seat_changes:
        pools[seats.sku] = replace(pools[seats.sku], consumed=seats.consumed_after)


def _add_surplus(foresight: MoveForesight, decided: Decided) -> None:
    surplus = [stay.bits for stay in decided.stays.values()]
    surplus += [step.bits for step in decided.steps.values()]
    for bits in surplus:
        foresight.surplus.update(service_plan_numbers(bits))
        foresight.plans = ServicePlanBits(foresight.plans | bits)
