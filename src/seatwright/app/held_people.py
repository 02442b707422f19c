"""The people of a decided held change: what was held goes, or what gave it is put back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.reconcile import (
    USERS_AT_ONCE_MAX,
    Edit,
    lock_world,
    reconcile_users,
    settle_world,
)
from seatwright.app.requests.ending import keep_approved
from seatwright.app.undo_rows import Restoring, hold_groups_of, restore_rows
from seatwright.domain.assignments import DIRECT, Strategy
from seatwright.domain.brake import HeldChange, HeldOutcome
from seatwright.domain.bulk import RowResult
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import GroupNo, ServicePlanSetId, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.reconcile import UserState
from seatwright.domain.undo import NetChange
from seatwright.postgres.assignments import UserAssignment, store_user_assignments
from seatwright.postgres.group_licenses import members_after, set_processing
from seatwright.postgres.held import take_holds, tell_people
from seatwright.postgres.undo import removals_of

_REVOKED = "Approved: the license is gone."
_KEPT = "Something else gives the product by now, so nothing was taken."
_GONE = "The person was deleted meanwhile."
_BACK = "What gave the product is there again."
_OWN = "What gave the product could not be put back: it is an assignment of their own now."


async def approve_people(call: Call, held: HeldChange, people: Sequence[UserNo]) -> None:
    """End the holds of people: whom nothing else gives the product loses it; the seat is free."""
    await lock_world(call, people, skus=(held.sku,))
    await take_holds(call.tx, held.held_no, people)
    world = await lock_world(call, people, skus=(held.sku,))
    outcome = await settle_world(call, world, reason=ChangeReason.REMOVAL_APPROVED)
    revoked = {change.user_no for change in outcome.change_set.changes if change.sku == held.sku}
    living = _living(world.snapshot.users)
    told: dict[tuple[HeldOutcome, str], list[UserNo]] = defaultdict(list)
    for user in people:
        if user not in living:
            told[HeldOutcome.GONE, _GONE].append(user)
        elif user in revoked:
            told[HeldOutcome.REVOKED, _REVOKED].append(user)
        else:
            told[HeldOutcome.KEPT, _KEPT].append(user)
    await _tell(call, held, told)


async def reject_people(call: Call, held: HeldChange, people: Sequence[UserNo]) -> None:
    """Put back what the change took from people; whom that does not help keeps it by name."""
    # Requests come before pools in the order of locks.
    await keep_approved(call, people, sku=held.sku, undone_at=held.made_at)
    changes = await removals_of(call.tx, held.correlation, people, sku=held.sku)
    await hold_groups_of(call, changes)
    changes = await removals_of(call.tx, held.correlation, people, sku=held.sku)
    restored = await restore_rows(
        call,
        changes,
        Restoring(
            correlation=held.correlation,
            at=held.made_at,
            reason=ChangeReason.REMOVAL_REJECTED,
        ),
    )
    world = await lock_world(call, people, skus=(held.sku,))
    await settle_world(call, world, reason=ChangeReason.REMOVAL_REJECTED)
    own = await _make_own(call, held, people)
    await _follow_groups(call, changes)
    living = _living(world.snapshot.users)
    failed = _failed(changes, restored.results)
    told: dict[tuple[HeldOutcome, str], list[UserNo]] = defaultdict(list)
    for user in people:
        if user not in living:
            told[HeldOutcome.GONE, _GONE].append(user)
        elif user in own:
            told[HeldOutcome.OWN_NOW, f"{failed.get(user, '')} {_OWN}".strip()].append(user)
        else:
            told[HeldOutcome.PUT_BACK, failed.get(user, _BACK)].append(user)
    await _tell(call, held, told)


def _living(users: Iterable[UserState]) -> set[UserNo]:
    return {user.user_no for user in users if not user.is_deleted}


def _failed(changes: Sequence[NetChange], results: Sequence[RowResult]) -> Mapping[UserNo, str]:
    """Why something of a person could not be put back."""
    user_of = {change.row_no: change.user for change in changes}
    failed: dict[UserNo, str] = {}
    for result in results:
        user = user_of[result.row_no]
        if result.outcome is Outcome.FAILED and user is not None:
            failed[user] = result.message or ""
    return failed


async def _make_own(
    call: Call, held: HeldChange, people: Sequence[UserNo]
) -> Mapping[UserNo, ServicePlanSetId]:
    """Turn the holds that are left into assignments of the people's own."""
    left = await take_holds(call.tx, held.held_no, people)
    if not left:
        return left
    bits = await call.tx.plan_set_bits(left.values())
    await store_user_assignments(
        call.tx,
        [
            UserAssignment(
                user=user,
                sku=held.sku,
                source=DIRECT,
                strategy=Strategy.MANUAL,
                disabled=bits[disabled],
            )
            for user, disabled in left.items()
        ],
        at=call.now,
        by=call.principal.principal_no,
    )
    world = await lock_world(call, list(left), skus=(held.sku,))
    edits = [
        Edit(
            user=user,
            sku=held.sku,
            action=HistoryAction.ASSIGNED,
            reason=ChangeReason.REMOVAL_REJECTED,
            strategy=Strategy.MANUAL,
        )
        for user in left
    ]
    await settle_world(call, world, reason=ChangeReason.REMOVAL_REJECTED, edits=edits)
    return left


async def _follow_groups(call: Call, changes: Sequence[NetChange]) -> None:
    """Look at the members of groups whose own wishes were put back: they are more than the held."""
    groups = {_concerned(change) for change in changes if change.user is None}
    if not groups:
        return
    numbers = sorted(group for group in groups if group is not None)
    members = await members_after(call.tx, numbers, limit=USERS_AT_ONCE_MAX + 1)
    if len(members) <= USERS_AT_ONCE_MAX:
        users = [UserNo(member) for member in members]
        await reconcile_users(call, users, reason=ChangeReason.REMOVAL_REJECTED)
        return
    await set_processing(call.tx, numbers, "queued")
    await enqueue_reconcile(call, {"groups": numbers}, reason=ChangeReason.REMOVAL_REJECTED)


def _concerned(change: NetChange) -> GroupNo | None:
    return change.group if change.inner is None else change.inner


async def _tell(
    call: Call, held: HeldChange, told: Mapping[tuple[HeldOutcome, str], Sequence[UserNo]]
) -> None:
    for (outcome, message), users in told.items():
        await tell_people(call.tx, held.held_no, users, outcome=outcome, message=message)
