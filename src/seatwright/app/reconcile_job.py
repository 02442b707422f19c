"""The slices of a reconcile job.

Few people go through the door for few, a page at a time. Many are planned at once and written in
slices (`reconcile_many.py`); the plan lives in the worker. A killed worker leaves the people whom
it has written as they should be, so that the next one's plan has only the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import structlog

from seatwright.app.call import Call
from seatwright.app.full_reconcile import end_run
from seatwright.app.many_brake import brake_plan
from seatwright.app.pace import Cutting, Pace
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, reconcile_users, refill
from seatwright.app.reconcile_many import Plan, Scope, plan_many
from seatwright.app.reconcile_slices import NOBODY, WorldMovedError, write_slice
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.jobs import Job
from seatwright.domain.reconcile.columns import Int32s
from seatwright.postgres import jobs as rows
from seatwright.postgres.group_licenses import set_processing
from seatwright.postgres.pools import is_waited_for
from seatwright.postgres.reconcile_runs import RunCounts, add_counts

log = structlog.get_logger(__name__)

MANY_FROM: Final = USERS_AT_ONCE_MAX
"""From so many people on, deciding in columns is the faster way (`performance.md` B)."""

PLANS_MAX: Final = 8
"""After so many plans that the world moved away from, the rest goes through the door for few."""


def is_for_many(job: Job) -> bool:
    """Whether a reconcile job plans."""
    return job.total > MANY_FROM


async def work_reconcile_slice(call: Call, job: Job) -> bool:
    """Look at the next people through the door for few; True when there are none left.

    Groups whose members the job looks at say that they are being processed, and stop saying so
    when it ends.
    """
    scope = _scope(job)
    users = await rows.users_in_scope(call.tx, scope, after=job.position, limit=MANY_FROM)
    if not users:
        await _end(call, job)
        return True
    await _look_at(call, job, users)
    if job.position == 0:
        await set_processing(call.tx, _groups(job), "running")
    await rows.advance_job(
        call.tx, job.job_no, rows.Progress(succeeded=len(users), position=users[-1])
    )
    return False


class PlannedRun:
    """One worker's run of a job for many: the plan that it writes, and how far it is.

    A slice that is rolled back is worked on again, so what it notes here is noted under its number.
    """

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._plans = 0
        self._first = 0
        self._cutting = Cutting(())
        self._pace = Pace()
        self._left_out: dict[int, Int32s] = {}
        self._freed: set[SkuNo] = set()

    @property
    def needs_plan(self) -> bool:
        """Whether there is no plan, or none that fits."""
        return self._plan is None

    async def make_plan(self, call: Call, job: Job) -> None:
        """Decide about everybody; the call sees one snapshot and locks nothing."""
        self._plan = await plan_many(call, _scope(job), retry=_retry(job))
        self._plans += 1
        self._first, self._left_out = job.position, {}
        self._cutting = Cutting(self._plan.slices if self._plans <= PLANS_MAX else ())
        if self._plans > PLANS_MAX:
            log.warning("the world moves faster than plans are written", job=job.job_no)
            self._left_out[-1] = self._plan.users
        if not self._plan.outcome.is_settled:
            log.warning("the engine reached its bound of rounds", tenant=call.tenant.tenant_id)

    async def slice(self, call: Call, job: Job) -> bool:
        """Write the next slice of the plan, or see to a page of those it left out."""
        plan, place = self._plan, job.position - self._first
        if plan is None:
            # The job came into a state in which it is not planned between two looks at it.
            return False
        if place == 0:
            await set_processing(call.tx, _groups(job), "running")
            if await brake_plan(call, plan, reason=_reason(job)):
                self._plan = None
                return False
        users = self._cutting.slice(place, size=self._pace.size)
        if users is not None:
            return await self._write(call, job, plan, users)
        page = self._rest(plan, place - self._cutting.count)
        if len(page):
            await _look_at(call, job, [UserNo(number) for number in page.tolist()])
            await self._advance(call, job, left=1)
            return False
        if self._left_out:
            await refill(call, self._freed)
        await self._advance(call, job, left=0)
        await _end(call, job)
        return True

    async def _write(self, call: Call, job: Job, plan: Plan, users: Int32s) -> bool:
        try:
            written = await write_slice(call, plan, users, reason=_reason(job))
        except WorldMovedError:
            log.info("the world moved under a plan, another one is made", job=job.job_no)
            self._plan = None
            return False
        if len(written.left_out):
            self._left_out[job.position] = written.left_out
        self._freed |= written.freed
        await add_counts(
            call.tx,
            job.job_no,
            RunCounts(
                people=written.people,
                licenses=written.licenses,
                errors=written.errors,
                left_out=len(written.left_out),
            ),
        )
        await self._advance(call, job, left=self._cutting.left + 1)
        self._pace.note(is_waited_for=await is_waited_for(call.tx))
        return False

    def _rest(self, plan: Plan, page: int) -> Int32s:
        """A page of people for the door for few: those left out, and those with held licenses.

        Holds end there when something else gives the product again.
        """
        people = np.unique(np.concatenate([NOBODY, *self._left_out.values(), plan.holding]))
        return people[page * MANY_FROM : (page + 1) * MANY_FROM]

    async def _advance(self, call: Call, job: Job, *, left: int) -> None:
        """Say how far the job is: people who were right already count as done."""
        done = max(0, job.total - left - job.done)
        await rows.advance_job(
            call.tx, job.job_no, rows.Progress(succeeded=done, position=job.position + 1)
        )


async def _look_at(call: Call, job: Job, users: Sequence[UserNo]) -> None:
    """Take people through the door for few, and count what was not as it should be."""
    outcome = await reconcile_users(call, users, reason=_reason(job), retry=_retry(job))
    changes = outcome.change_set
    people = {one.user_no for one in changes.changes}
    people |= {one.user_no for one in changes.error_changes}
    if people:
        found = RunCounts(
            people=len(people), licenses=len(changes.changes), errors=len(changes.error_changes)
        )
        await add_counts(call.tx, job.job_no, found)


async def leave_groups(call: Call, job: Job) -> None:
    """Say of a job's groups that nobody processes them any more: it was cancelled, or failed."""
    await set_processing(call.tx, _groups(job), "idle")


async def _end(call: Call, job: Job) -> None:
    await set_processing(call.tx, _groups(job), "idle")
    await end_run(call, job)


def _params(job: Job) -> dict[str, Any]:
    return cast(dict[str, Any], job.params)


def _scope(job: Job) -> Scope:
    return cast(Scope, _params(job)["scope"])


def _reason(job: Job) -> ChangeReason:
    return ChangeReason(_params(job)["reason"])


def _retry(job: Job) -> bool:
    """Whether people who wait are tried again; the daily look at everybody leaves them alone."""
    return bool(_params(job).get("retry", True))


def _groups(job: Job) -> list[GroupNo]:
    return [GroupNo(number) for number in _scope(job).get("groups", ())]
