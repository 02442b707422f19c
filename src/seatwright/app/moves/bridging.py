"""Changing what groups give without a gap for their members.

A group gives its product to all its members at once, but they cannot all move at once: seats may
be too few, and a transaction must stay short. So each member first gets an assignment of their own
of the old product, which uses no second seat; then the group changes what it gives; then members
move one slice after another, and each gives the bridge up when the new product is theirs. Whoever
cannot be moved stays on it.
"""

from __future__ import annotations

from dataclasses import replace

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.moves.writing import drop_bridges, store_bridges
from seatwright.app.reconcile import lock_world
from seatwright.app.record import record_all
from seatwright.domain.assignments import Strategy
from seatwright.domain.bulk import SLICE_ROWS
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.jobs import Job
from seatwright.domain.move_steps import bridge_of, carried
from seatwright.domain.moves import MoveOrder, Phase
from seatwright.domain.settings import semantics_in
from seatwright.domain.wants import own_wishes
from seatwright.postgres.assignments import (
    GroupAssignment,
    group_assignments,
    remove_group_assignment,
    store_group_assignment,
)
from seatwright.postgres.group_licenses import hold_groups, set_processing
from seatwright.postgres.jobs import Progress, advance_job
from seatwright.postgres.moves import (
    Crowd,
    MoveRow,
    bridged_users,
    insert_latecomers,
    mark_bridged,
    read_rows,
    unmark_bridged,
)


async def build_bridges(call: Call, job: Job, order: MoveOrder) -> None:
    """Bridge the next members; when all are, let the groups change what they give."""
    rows = await read_rows(call.tx, job.job_no, after=job.position, limit=SLICE_ROWS)
    if rows:
        await _bridge(call, job, order, rows)
        await advance_job(call.tx, job.job_no, Progress(position=rows[-1].row_no))
        return
    await hold_groups(call.tx, order.groups, is_exclusive=True)
    if await _bridge_latecomers(call, job, order):
        return
    await _change_groups(call, order)
    moving = replace(order, phase=Phase.MOVING)
    await advance_job(call.tx, job.job_no, Progress(position=0, params=moving.params()))


async def _bridge(call: Call, job: Job, order: MoveOrder, rows: list[MoveRow]) -> None:
    users = [row.user for row in rows if row.user is not None]
    catalog = (await catalog_of(call)).engine
    world = await lock_world(call, users, skus=(_given(order.old_sku),))
    bridges = []
    for user in world.snapshot.users:
        wish = None
        if not user.is_deleted:
            wish = bridge_of(user, order, catalog=catalog, now=call.now)
        if wish is not None:
            bridges.append((user, wish))
    await store_bridges(call, world, bridges)
    await mark_bridged(call.tx, job.job_no, [user.user_no for user, _ in bridges])


async def _bridge_latecomers(call: Call, job: Job, order: MoveOrder) -> bool:
    """Give whoever joined since the move began a row, to be bridged by the next slice.

    The groups are held: nobody joins between this look and their change.
    """
    crowd = Crowd(
        groups=order.groups,
        nested=semantics_in(call.tenant.settings).nested_groups_count,
        own_sku=order.old_sku,
    )
    sku = (await catalog_of(call)).skus[_given(order.new_sku)]
    return await insert_latecomers(call.tx, job.job_no, crowd, sku_text=sku.part_number) > 0


async def _change_groups(call: Call, order: MoveOrder) -> None:
    """Let the groups give the new product in place of the old; their members follow in slices."""
    old, new = _given(order.old_sku), _given(order.new_sku)
    licenses = await group_assignments(call.tx, order.groups)
    catalog = (await catalog_of(call)).engine
    for group, rows in sorted(licenses.items()):
        held = next((row for row in rows if row.sku == old), None)
        if held is None:
            continue
        await remove_group_assignment(call.tx, group, old)
        lines = [_line(HistoryAction.GROUP_LICENSE_REMOVED, group, old)]
        if not any(row.sku == new for row in rows):
            disabled = carried(order, held.disabled, catalog=catalog)
            given = GroupAssignment(group=group, sku=new, disabled=disabled, priority=held.priority)
            await store_group_assignment(
                call.tx, given, at=call.now, by=call.principal.principal_no
            )
            lines.append(_line(HistoryAction.GROUP_LICENSE_ASSIGNED, group, new))
        await record_all(call, lines)
    await set_processing(call.tx, order.groups, "running")


def _line(action: HistoryAction, group: GroupNo, sku: SkuNo) -> HistoryLine:
    return HistoryLine(
        action=action,
        reason=ChangeReason.SWAPPED.value,
        group=group,
        sku=sku,
        strategy=Strategy.GROUP,
    )


async def leave_bridges(call: Call, job: Job, order: MoveOrder) -> None:
    """End a move of groups before its end.

    While the groups still give the old product the bridges go back. Later they stay, for they are
    what keeps the people who were not moved; the others of the groups follow as a job.
    """
    if not order.groups:
        return
    if order.phase is not Phase.BRIDGING:
        await set_processing(call.tx, order.groups, "idle")
        scope = {"groups": list(order.groups)}
        await enqueue_reconcile(call, scope, reason=ChangeReason.GROUP_LICENSE_CHANGED)
        return
    old = _given(order.old_sku)
    while users := await bridged_users(call.tx, job.job_no, limit=SLICE_ROWS):
        world = await lock_world(call, users, skus=(old,))
        bridges = [
            (user, wish)
            for user in world.snapshot.users
            if (wish := own_wishes(user).get(old)) is not None
        ]
        await drop_bridges(call, world, bridges)
        await unmark_bridged(call.tx, job.job_no, users)


def _given(sku: SkuNo | None) -> SkuNo:
    assert sku is not None, "a move between products names both"
    return sku
