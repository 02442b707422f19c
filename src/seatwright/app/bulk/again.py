"""The rows of a bulk job that were not done, to be tried again; and the seats that they lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from seatwright.app.bulk.orders import Resolved
from seatwright.app.call import Call
from seatwright.app.jobs import get_job
from seatwright.app.seats import Shortage, shortages_of
from seatwright.domain.bulk import FillPolicy, RestState, Undone, order_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Job, JobKind
from seatwright.postgres.job_rows import failed_rows, people_without_seat, rest_by_state

_LACKING: Final = RestState.LACKING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of a job that has ended: its failed rows, and how many of them found no seat.

    `failures` counts the rows that failed by why, and `left` those of them whose people still lack
    what they say; `waiting` counts rows whose people wait for a seat now. `all_hold` is whether
    everybody of them has it by now. `shortages` are the products of which seats are missing now.
    """

    failures: Mapping[Undone, int]
    left: Mapping[Undone, int]
    waiting: int
    all_hold: bool
    fill: FillPolicy
    spares_inherited: bool
    shortages: tuple[Shortage, ...]

    @property
    def failed(self) -> int:
        """Failed rows that can be run again."""
        return sum(self.left.values())

    @property
    def is_mixed(self) -> bool:
        """Whether rows that only lack a seat can be run again without others.

        What was all or nothing is not split.
        """
        is_whole = self.fill is FillPolicy.ALL_OR_NOTHING
        return not is_whole and 0 < self.left.get(Undone.UNSEATED, 0) < self.failed


def can_run_again(job: Job) -> bool:
    """Whether rows of a job are orders that can be given once more."""
    return job.kind is JobKind.BULK and job.state.is_final and not order_of(job.params).adopts


async def rest_of(call: Call, job: Job) -> Rest | None:
    """What is left of a job; None where nothing is, or nothing of it can be tried again."""
    if not can_run_again(job) or not (job.failed or job.waiting):
        return None
    order = order_of(job.params)
    products = [product.sku for product in order.products]
    found = await rest_by_state(call.tx, job.job_no, products)
    is_whole = order.fill is FillPolicy.ALL_OR_NOTHING
    lacking = await people_without_seat(call.tx, job.job_no, products, is_whole=is_whole)
    failures: Counter[Undone] = Counter()
    for (why, _), count in found.items():
        failures[why] += count
    failures.pop(Undone.WAITING, None)
    return Rest(
        failures={why: failures[why] for why in Undone if failures[why]},
        left={why: found[why, _LACKING] for why in failures if (why, _LACKING) in found},
        waiting=sum(n for (_, state), n in found.items() if state is RestState.WAITING),
        all_hold=all(state is RestState.HELD for _, state in found),
        fill=order.fill,
        spares_inherited=order.spares_inherited,
        shortages=await shortages_of(call, lacking),
    )


async def once_more(call: Call, job_id: UUID, *, only_unseated: bool, fill: FillPolicy) -> Resolved:
    """The rows of a job that failed and are left, as an order of their own with their numbers.

    A row that could not be read fails again with the same words, for nobody knows what it meant.

    Raises Refusal unknownJob, stillRunning for a job that has not ended, invalidValue for one whose
    rows are no orders, noChange where none of them failed so.
    """
    job = await get_job(call, job_id)
    if not job.state.is_final:
        raise Refusal(
            Reason.STILL_RUNNING,
            f"The job {job_id} has not ended: wait for it, then run again what failed.",
        )
    if not can_run_again(job):
        raise Refusal(
            Reason.INVALID_VALUE, f"The rows of the job {job_id} are none that can be run again."
        )
    order = order_of(job.params)
    rows = await failed_rows(
        call.tx,
        job.job_no,
        [product.sku for product in order.products],
        why=Undone.UNSEATED if only_unseated else None,
    )
    if not rows:
        raise Refusal(Reason.NO_CHANGE, f"The job {job_id} has no such row to be run again.")
    order = replace(order, fill=fill, reserved=None, report={})
    return Resolved(order=order, rows=tuple(rows))
