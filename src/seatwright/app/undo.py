"""Undoing a call or job of the last 30 days: a job with a row for each wish that is put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.jobs import get_job, start_job
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, refill, settle_only
from seatwright.app.record import record
from seatwright.app.undo_rows import Restoring, give_places, hold_groups_of, lent_by, restore_rows
from seatwright.domain.bulk import UNCHANGED, RowResult
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.jobs import Job, JobKind, JobState, Outcome
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.domain.undo import OWN_BATCH_FREE_FOR, UNDOABLE_FOR, NetChange, Noun
from seatwright.postgres import jobs as rows
from seatwright.postgres.held_read import is_worked_on
from seatwright.postgres.job_rows import write_rest, write_results
from seatwright.postgres.jobs import Progress, advance_job
from seatwright.postgres.undo import (
    Batch,
    BatchSize,
    batch_sizes,
    hold_batch,
    mark_undone,
    read_batch,
    read_rows,
    store_rows,
)
from seatwright.postgres.undo_claims import journal_claims
from seatwright.postgres.undo_places import tell_groups

SLICE_ROWS = 2000
"""Wishes in one transaction: about 30 ms of held locks for each (`performance.md` C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOrder:
    """What an undo job keeps of its order; `groups` are those whose members are looked at last."""

    restoring: Restoring
    groups: tuple[GroupNo, ...]

    def params(self) -> dict[str, object]:
        """The form in which the job keeps it."""
        return {
            "correlation": str(self.restoring.correlation),
            "at": self.restoring.at.isoformat(),
            "takesBack": self.restoring.takes_back,
            "groups": list(self.groups),
        }


def _order_of(job: Job) -> UndoOrder:
    kept = cast(dict[str, Any], job.params)
    return UndoOrder(
        restoring=Restoring(
            correlation=UUID(kept["correlation"]),
            at=datetime.fromisoformat(kept["at"]),
            takes_back=kept["takesBack"],
        ),
        groups=tuple(GroupNo(no) for no in kept["groups"]),
    )


async def undo_job(call: Call, id_: UUID) -> Job:
    """Undo what a job did, and the call that started it.

    Raises Refusal unknownJob, stillRunning, and what `undo_batch` does.
    """
    return await undo_batch(call, (await get_job(call, id_)).correlation)


async def undo_batch(call: Call, correlation: UUID) -> Job:
    """Put every wish that a call or job changed back as it was, as a job with a row for each.

    A small one (`is_small`) is for its caller to work at once. Raises Refusal: unknownChange for
    one that changed no wish or is too old, stillRunning while a job of it runs, alreadyDecided when
    it was undone, roleMissing.
    """
    since = call.now - UNDOABLE_FOR
    await journal_claims(call.tx, correlation, since=since)
    batch = await hold_batch(call.tx, correlation, since=since)
    sizes = [] if batch is None else await batch_sizes(call.tx, correlation)
    if batch is None or not sizes:
        raise Refusal(
            Reason.UNKNOWN_CHANGE,
            f"Nothing of {correlation} can be undone: no call or job of the last"
            f" {UNDOABLE_FOR.days} days with this correlation id changed an assignment, a"
            " membership or a group's license. GET"
            " /api/identity/licenses/assignment-history?kind=all shows the correlation ids.",
            context={"correlationId": str(correlation)},
        )
    await _refuse_untimely(call, batch)
    _refuse_forbidden(call, sizes)
    order = UndoOrder(
        restoring=Restoring(
            correlation=correlation, at=batch.at, takes_back=_is_own_and_fresh(call, batch)
        ),
        groups=tuple(sorted({group for size in sizes for group in size.groups})),
    )
    total = sum(size.count for size in sizes)
    job = await start_job(call, JobKind.UNDO, params=order.params(), total=total)
    await store_rows(call.tx, correlation, job.job_no)
    await mark_undone(call.tx, correlation, job.job_no)
    detail = {"job": str(job.id), "undone": str(correlation), "rows": total}
    await record(
        call,
        HistoryLine(
            action=HistoryAction.CHANGE_UNDONE, reason=ChangeReason.UNDONE.value, detail=detail
        ),
    )
    return job


async def wishes_to_undo(call: Call, correlation: UUID) -> int:
    """How many wishes undoing a call or job would put back; 0 where this caller cannot undo it."""
    batch = await read_batch(call.tx, correlation, since=call.now - UNDOABLE_FOR)
    if batch is None or batch.undone_by is not None:
        return 0
    sizes = await batch_sizes(call.tx, correlation)
    needed = {Permission.UNDO_CHANGES} | {_permission(size) for size in sizes}
    may = all(call.principal.may(permission) for permission in needed)
    return sum(size.count for size in sizes) if may else 0


async def is_small(call: Call, job: Job) -> bool:
    """Whether an undo is done in the call that asks for it; else a worker takes it up."""
    groups = _order_of(job).groups
    people = await rows.count_in_scope(call.tx, {"groups": groups}) if groups else 0
    return job.total <= USERS_AT_ONCE_MAX and people <= USERS_AT_ONCE_MAX


async def _refuse_untimely(call: Call, batch: Batch) -> None:
    if await is_worked_on(call.tx, batch.correlation):
        raise Refusal(
            Reason.STILL_RUNNING,
            f"A job of {batch.correlation} is still running: wait until it has ended, or cancel it"
            " first, then undo what it did.",
        )
    if batch.undone_by is None:
        return
    earlier = await rows.job_by_number(call.tx, batch.undone_by)
    if earlier is None or earlier.state in {JobState.FAILED, JobState.CANCELLED}:
        return
    raise Refusal(
        Reason.ALREADY_DECIDED,
        f"{batch.correlation} was undone on {earlier.created_at:%Y-%m-%d %H:%M} UTC by the job"
        f" {earlier.id}. To have it back, undo that job.",
        context={"jobId": str(earlier.id)},
    )


def _refuse_forbidden(call: Call, sizes: Sequence[BatchSize]) -> None:
    needed = {_permission(size) for size in sizes}
    for permission in sorted(needed):
        if not call.principal.may(permission):
            roles = [role.value for role in roles_permitting(permission)]
            raise Refusal(
                Reason.ROLE_MISSING,
                f"Undoing this needs the permission to {permission.value}, which"
                f" “{call.principal.name}” does not have. Use a principal with one of:"
                f" {', '.join(roles)}.",
                context={"rolesNeeded": roles},
            )


def _permission(size: BatchSize) -> Permission:
    if size.noun is not Noun.ASSIGNMENT:
        return Permission.WRITE_GROUPS
    return Permission.ASSIGN_TO_GROUPS if size.is_of_group else Permission.ASSIGN_TO_USERS


def _is_own_and_fresh(call: Call, batch: Batch) -> bool:
    is_own = batch.principal_no == call.principal.principal_no
    return is_own and batch.at >= call.now - OWN_BATCH_FREE_FOR


async def work_undo_slice(call: Call, job: Job) -> bool:
    """Put back the next wishes; after the last of them look at the members of changed groups.

    Seats that come free on the way go to the waiting list at the very end, so that those who lost
    them by the batch come first.
    """
    order = _order_of(job)
    if job.position >= job.total:
        return await _look_at_members(call, job, order)
    changes = await _read_held(call, job, order)
    restored = await restore_rows(call, changes, order.restoring)
    await write_results(call.tx, job.job_no, restored.results)
    await advance_job(call.tx, job.job_no, _progress(restored.results, position=changes[-1].row_no))
    if changes[-1].row_no >= job.total and not order.groups:
        await _finish(call)
        return True
    return False


async def _read_held(call: Call, job: Job, order: UndoOrder) -> list[NetChange]:
    """The rows of a slice, read again once the groups that they change are held."""
    changes = await _read_slice(call, job, order)
    await hold_groups_of(call, changes)
    return await _read_slice(call, job, order)


async def _read_slice(call: Call, job: Job, order: UndoOrder) -> list[NetChange]:
    """The next rows, and of nobody only some.

    What people get and what they lose change hands at one commit, so that undoing a swap or a move
    leaves no gap either.
    """
    correlation, limit = order.restoring.correlation, SLICE_ROWS
    changes = await read_rows(call.tx, correlation, job.job_no, after=job.position, limit=limit + 1)
    if len(changes) <= limit:
        return changes
    split = changes.pop().user
    if split is None or split != changes[-1].user or split == changes[0].user:
        return changes
    return [one for one in changes if one.user != split]


def _progress(results: Sequence[RowResult], *, position: int) -> Progress:
    counts = Counter(one.outcome for one in results)
    return Progress(
        succeeded=counts[Outcome.SUCCEEDED],
        unchanged=sum(one.effect in UNCHANGED for one in results),
        failed=counts[Outcome.FAILED],
        waiting=counts[Outcome.WAITING],
        position=position,
    )


async def _look_at_members(call: Call, job: Job, order: UndoOrder) -> bool:
    """Make the licenses right of people in groups whose own wishes were put back."""
    scope = {"groups": list(order.groups)}
    after = job.position - job.total
    users = await rows.users_in_scope(call.tx, scope, after=after, limit=SLICE_ROWS)
    if not users:
        await _finish(call)
        await tell_groups(call.tx, order.restoring.correlation, job.job_no)
        return True
    await _settle_members(call, users, order.restoring)
    await advance_job(call.tx, job.job_no, Progress(position=job.total + users[-1]))
    return False


async def _settle_members(call: Call, users: Sequence[UserNo], restoring: Restoring) -> None:
    skus = sorted((await catalog_of(call)).skus)
    world = await lock_world(call, users)
    await give_places(call, restoring, users=users, skus=skus)
    world = await lock_world(call, users, skus=world.locked)
    lent = await lent_by(call, restoring, users)
    await settle_only(call, world, reason=restoring.reason, only_lent=lent)


async def _finish(call: Call) -> None:
    """Give the seats that are left to whoever waits for them."""
    await refill(call, (await catalog_of(call)).skus)


async def cancel_undo(call: Call, job: Job) -> None:
    """End an undo before its last row: what is left stays as it is."""
    await write_rest(call.tx, job.job_no, RowResult(row_no=job.position, outcome=Outcome.CANCELLED))
    await _finish(call)
