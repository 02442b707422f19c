"""The slices of a reconcile job: a page of people at a time, in the order of their numbers."""

from __future__ import annotations

from typing import Any, cast

from seatwright.app.call import Call
from seatwright.app.reconcile import reconcile_users
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import GroupNo
from seatwright.domain.jobs import Job
from seatwright.postgres import jobs as rows
from seatwright.postgres.group_licenses import set_processing

SLICE_USERS = 2000
"""People in one transaction: about 30 ms of held locks for each (`performance.md` C)."""


async def work_reconcile_slice(call: Call, job: Job) -> bool:
    """Look at the next people; True when there are none left.

    Groups whose members the job looks at say that they are being processed, and stop saying so
    when it ends.
    """
    params = cast(dict[str, Any], job.params)
    scope, groups = params["scope"], _groups(job)
    users = await rows.users_in_scope(call.tx, scope, after=job.position, limit=SLICE_USERS)
    if not users:
        await set_processing(call.tx, groups, "idle")
        return True
    await reconcile_users(call, users, reason=ChangeReason(params["reason"]))
    if job.position == 0:
        await set_processing(call.tx, groups, "running")
    await rows.advance_job(
        call.tx, job.job_no, rows.Progress(succeeded=len(users), position=users[-1])
    )
    return False


async def leave_groups(call: Call, job: Job) -> None:
    """Say of a job's groups that nobody processes them any more: it was cancelled, or failed."""
    await set_processing(call.tx, _groups(job), "idle")


def _groups(job: Job) -> list[GroupNo]:
    scope = cast(dict[str, Any], job.params)["scope"]
    return [GroupNo(number) for number in scope.get("groups", ())]
