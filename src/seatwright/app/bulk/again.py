"""The rows of a bulk job that were not done, to be tried again; and the seats that they lack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from seatwright.app.bulk.orders import Resolved
from seatwright.app.call import Call
from seatwright.app.jobs import get_job
from seatwright.app.seats import Shortage, shortages_of
from seatwright.domain.bulk import FillPolicy, order_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Job, JobKind
from seatwright.postgres.job_rows import count_failed, failed_rows, people_without_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of a job that has ended: its failed rows, and how many of them found no seat.

    `shortages` are the products of which seats are missing now.
    """

    failed: int
    unseated: int
    fill: FillPolicy
    spares_inherited: bool
    shortages: tuple[Shortage, ...]

    @property
    def faulty(self) -> int:
        """Failed rows that lacked something else than a seat."""
        return self.failed - self.unseated

    @property
    def is_mixed(self) -> bool:
        """Whether rows with a fault are among others that only lack a seat."""
        return bool(self.unseated and self.faulty)


def can_run_again(job: Job) -> bool:
    """Whether rows of a job are orders that can be given once more."""
    return job.kind is JobKind.BULK and job.state.is_final and not order_of(job.params).adopts


async def rest_of(call: Call, job: Job) -> Rest | None:
    """What is left of a job; None where nothing is, or nothing of it can be tried again."""
    if not can_run_again(job) or not (job.failed or job.waiting):
        return None
    order = order_of(job.params)
    reasons = await count_failed(call.tx, job.job_no)
    products = [product.sku for product in order.products]
    lacking = await people_without_seat(call.tx, job.job_no, products)
    return Rest(
        failed=job.failed,
        unseated=reasons.get(Reason.NO_SEAT_LEFT, 0),
        fill=order.fill,
        spares_inherited=order.spares_inherited,
        shortages=await shortages_of(call, lacking),
    )


async def once_more(call: Call, job_id: UUID, *, only_unseated: bool, fill: FillPolicy) -> Resolved:
    """The rows of a job that failed, as an order of their own; each keeps its number.

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
    rows = await failed_rows(
        call.tx, job.job_no, reason=Reason.NO_SEAT_LEFT if only_unseated else None
    )
    if not rows:
        raise Refusal(Reason.NO_CHANGE, f"The job {job_id} has no such row to be run again.")
    order = replace(order_of(job.params), fill=fill, reserved=None, report={})
    return Resolved(order=order, rows=tuple(rows))
