"""Carrying a slice of a move out: the new and the old change hands in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from seatwright.app.brake import Cause, exchanged
from seatwright.app.call import Call
from seatwright.app.dynamic.follow import follow_members_later
from seatwright.app.moves.decide import Decided, decide
from seatwright.app.moves.people import movers_of
from seatwright.app.reconcile import (
    LOCK_TRIES_MAX,
    Edit,
    World,
    history_lines,
    lock_world,
    refill,
    under_brake,
    write_outcome,
)
from seatwright.app.record import record_all
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.move_steps import Step
from seatwright.domain.moves import MoveKind, MoveOrder
from seatwright.domain.reconcile import Action, ChangeSet, UserState, Wish
from seatwright.domain.wants import own_wishes
from seatwright.postgres.assignments import (
    UserAssignment,
    remove_user_assignments,
    store_user_assignments,
)
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_write import Membership, add_members, remove_members
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.world_read import give_back_locks, licensed_groups_above


async def move_people(
    call: Call, order: MoveOrder, users: Sequence[UserNo], *, bridged: Collection[UserNo] = ()
) -> Decided:
    """Move whoever can be moved without a gap, with history and refilled seats."""
    groups = [group for group in (order.old_group, order.new_group) if group is not None]
    if groups:
        await hold_groups(call.tx, groups)
    world, decided = await _lock_and_decide(call, order, users, bridged=bridged)
    world = replace(world, snapshot=decided.snapshot)
    cause = Cause(reason=ChangeReason.GROUP_LEFT, swapped=frozenset(_swapped(order, decided)))
    # Written first: the brake says of what it holds which group lost whom.
    await _write_memberships(call, order, decided)
    await _write_own(call, decided)
    world, changes = await under_brake(call, world, decided.changes, cause=cause)
    outcome = await write_outcome(
        call, world, changes, reason=ChangeReason.SWAPPED, edits=_edits(decided)
    )
    await refill(call, outcome.freed)
    movers = [no for no, step in decided.steps.items() if step.joins or step.leaves]
    await follow_members_later(call, sorted(movers), groups)
    return decided


def _swapped(order: MoveOrder, decided: Decided) -> Iterator[tuple[UserNo, SkuNo]]:
    """Licenses that others replace in this very change: no removals to the brake.

    Between groups a person may come to hold less than before, and that is a removal.
    """
    is_between_products = order.kind is MoveKind.PRODUCT_TO_PRODUCT
    replaced = exchanged(decided.changes)
    for change in decided.changes.changes:
        pair = (change.user_no, change.sku)
        step = decided.steps.get(change.user_no)
        if change.action is not Action.REVOKE or step is None or not step.must_hold:
            continue
        if is_between_products or pair in replaced:
            yield pair


async def _lock_and_decide(
    call: Call, order: MoveOrder, users: Sequence[UserNo], *, bridged: Collection[UserNo]
) -> tuple[World, Decided]:
    """Lock every pool whose seats will move, in order, and decide."""
    skus = {sku for sku in (order.old_sku, order.new_sku) if sku is not None}
    if order.new_group is not None:
        skus |= set(await licensed_groups_above(call.tx, [order.new_group]))
    for _ in range(LOCK_TRIES_MAX):
        # What people hold may go when what it depends on goes.
        held = await held_skus_of(call.tx, users) if order.old_group is not None else ()
        world = await lock_world(call, users, skus=skus | set(held))
        movers = await movers_of(call, order, world.snapshot.users, bridged=bridged)
        decided = decide(order, world.snapshot, movers)
        moved = {seats.sku for seats in decided.changes.seat_changes}
        if moved <= world.locked:
            return world, decided
        await give_back_locks(call.tx)
        skus |= moved
    raise AssertionError("what the groups of a move give changed again and again")


async def _write_memberships(call: Call, order: MoveOrder, decided: Decided) -> None:
    joining = sorted(no for no, step in decided.steps.items() if step.joins)
    leaving = sorted(no for no, step in decided.steps.items() if step.leaves)
    if order.new_group is not None and joining:
        rows = [Membership(user, order.new_group) for user in joining]
        added = await add_members(call.tx, rows, since=call.now)
        await _tell(call, HistoryAction.MEMBER_ADDED, order.new_group, added)
    if order.old_group is not None and leaving:
        rows = [Membership(user, order.old_group) for user in leaving]
        removed = await remove_members(call.tx, rows)
        await _tell(call, HistoryAction.MEMBER_REMOVED, order.old_group, removed)


async def _tell(
    call: Call, action: HistoryAction, group: GroupNo, members: Collection[Membership]
) -> None:
    lines = [
        HistoryLine(action=action, reason=ChangeReason.SWAPPED.value, user=user, group=group)
        for user in sorted(member.user for member in members)
    ]
    await record_all(call, lines)


async def _write_own(call: Call, decided: Decided) -> None:
    stored: list[UserAssignment] = []
    removed: list[tuple[UserNo, SkuNo]] = []
    for no, step in decided.steps.items():
        before, after = _own(decided, no, step)
        removed += [(no, sku) for sku in before.keys() - after.keys()]
        stored += [
            assignment_of(no, wish) for sku, wish in after.items() if before.get(sku) != wish
        ]
    await remove_user_assignments(call.tx, removed)
    await store_user_assignments(call.tx, stored, at=call.now, by=call.principal.principal_no)


def _own(decided: Decided, user: UserNo, step: Step) -> tuple[dict[SkuNo, Wish], dict[SkuNo, Wish]]:
    return own_wishes(decided.before[user]), own_wishes(step.after)


def assignment_of(user: UserNo, wish: Wish) -> UserAssignment:
    """A wish as it is stored."""
    return UserAssignment(
        user=user,
        sku=wish.sku,
        source=wish.source,
        strategy=wish.strategy,
        disabled=wish.disabled,
        priority=wish.priority,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
    )


def _edits(decided: Decided) -> list[Edit]:
    """What happened to people's own assignments, for the history: one row for each."""
    edits: list[Edit] = []
    for no, step in sorted(decided.steps.items(), key=lambda one: one[0]):
        before, after = _own(decided, no, step)
        for sku in sorted(before.keys() ^ after.keys()):
            wish, is_new = after.get(sku) or before[sku], sku in after
            edits.append(edit_of(no, wish, is_new=is_new))
    return edits


def edit_of(user: UserNo, wish: Wish, *, is_new: bool) -> Edit:
    """One assignment that a move gave or took."""
    return Edit(
        user=user,
        sku=wish.sku,
        action=HistoryAction.ASSIGNED if is_new else HistoryAction.REMOVED,
        reason=ChangeReason.SWAPPED,
        strategy=wish.strategy,
        source=wish.source,
    )


async def store_bridges(
    call: Call, world: World, bridges: Sequence[tuple[UserState, Wish]]
) -> None:
    """Give people assignments of their own that change nothing of what they hold."""
    await store_user_assignments(
        call.tx,
        [assignment_of(user.user_no, wish) for user, wish in bridges],
        at=call.now,
        by=call.principal.principal_no,
    )
    await _record_only(
        call, world, [edit_of(user.user_no, wish, is_new=True) for user, wish in bridges]
    )


async def drop_bridges(call: Call, world: World, bridges: Sequence[tuple[UserState, Wish]]) -> None:
    """Take such assignments back; the groups give what they kept."""
    await remove_user_assignments(call.tx, [(user.user_no, wish.sku) for user, wish in bridges])
    await _record_only(
        call, world, [edit_of(user.user_no, wish, is_new=False) for user, wish in bridges]
    )


async def _record_only(call: Call, world: World, edits: Sequence[Edit]) -> None:
    await record_all(
        call, history_lines(world, ChangeSet(), reason=ChangeReason.SWAPPED, edits=edits)
    )
