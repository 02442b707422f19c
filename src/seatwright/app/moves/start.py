"""Starting a move, and saying beforehand what it would do to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.group_licenses import GroupOrder, license_group
from seatwright.app.jobs import get_job, start_job
from seatwright.app.moves.foresee import MoveForesight, foresee_move, surplus_of
from seatwright.app.moves.orders import ResolvedMove
from seatwright.app.record import record
from seatwright.domain.assignments import Strategy
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.moves import MoveKind, MoveOrder, Surplus
from seatwright.postgres.assignments import group_assignments
from seatwright.postgres.labels import group_labels
from seatwright.postgres.moves import insert_crowd, insert_named, strategies_of_own


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedMove:
    """A move that was stored, with what it would do where somebody looks before the commit.

    `left_out` counts people whose own assignment came about in a way that was not chosen (T-203).
    """

    job: Job
    order: MoveOrder
    foresight: MoveForesight | None
    left_out: Mapping[Strategy, int]
    warning: str | None


async def start_move(call: Call, resolved: ResolvedMove) -> StartedMove:
    """Store a move and its rows; a worker takes it up when the call commits.

    Where surplus service plans are to be added to the group, that is done here and at once.
    Raises Refusal noChange when there is nobody to move.
    """
    order = resolved.order
    left_out = await _left_out(call, resolved)
    order = replace(order, report=await _report(call, order, left_out))
    job = await start_job(call, JobKind.MOVE, params=order.params(), total=0)
    await _insert_rows(call, job, resolved)
    if order.surplus is Surplus.ADD_TO_GROUP:
        await _add_to_group(call, order, await surplus_of(call, job, order))
    detail = {"job": str(job.id), "kind": order.kind.value}
    job = await get_job(call, job.id)
    await record(
        call,
        HistoryLine(
            action=HistoryAction.JOB_STARTED,
            sku=order.new_sku,
            group=order.new_group,
            detail={**detail, "rows": job.total},
        ),
    )
    foresight = await foresee_move(call, job, order) if call.is_foreseen else None
    return StartedMove(
        job=job,
        order=order,
        foresight=foresight,
        left_out=left_out,
        warning=resolved.warning,
    )


async def _insert_rows(call: Call, job: Job, resolved: ResolvedMove) -> None:
    if resolved.crowd is None:
        await insert_named(call.tx, job.job_no, resolved.rows, sku_text=resolved.sku_text)
        return
    total = await insert_crowd(call.tx, job.job_no, resolved.crowd, sku_text=resolved.sku_text)
    if not total and not resolved.order.groups:
        raise Refusal(
            Reason.NO_CHANGE,
            "There is nobody to move: nobody is in the group, or has an assignment of their own of"
            " the product that came about in one of the ways that strategies names.",
        )


async def _left_out(call: Call, resolved: ResolvedMove) -> dict[Strategy, int]:
    """People whom the move leaves alone because of how they came by their assignment."""
    crowd = resolved.crowd
    if crowd is None or crowd.own_sku is None:
        return {}
    counts = await strategies_of_own(call.tx, crowd.own_sku)
    return {one: people for one, people in counts.items() if one not in crowd.strategies}


async def _report(
    call: Call, order: MoveOrder, left_out: Mapping[Strategy, int]
) -> dict[str, object]:
    """What the job says of itself, in ids and names of the outside."""
    catalog = await catalog_of(call)
    said: dict[str, object] = {"kind": order.kind.value}
    for name, sku in (("fromSku", order.old_sku), ("toSku", order.new_sku)):
        if sku is not None:
            said[name] = catalog.skus[sku].part_number
    numbers = [no for no in (order.old_group, order.new_group, *order.groups) if no is not None]
    ids = {no: str(label.id) for no, label in (await group_labels(call.tx, numbers)).items()}
    if order.old_group is not None:
        said["fromGroup"] = ids[order.old_group]
    if order.new_group is not None:
        said["toGroup"] = ids[order.new_group]
    if order.groups:
        said["groups"] = [ids[no] for no in order.groups]
    if left_out:
        said["leftOut"] = {one.value: people for one, people in left_out.items()}
    return said


async def _add_to_group(call: Call, order: MoveOrder, surplus: ServicePlanBits) -> None:
    """Switch on in the group what people would lose; its members get it with its license."""
    group = order.new_group
    assert group is not None, "only a move to a group has a surplus"
    if not surplus:
        return
    catalog = await catalog_of(call)
    label = (await group_labels(call.tx, (group,)))[group]
    for row in (await group_assignments(call.tx, (group,)))[group]:
        is_meant = order.kind is MoveKind.GROUP_TO_GROUP or row.sku == order.old_sku
        if is_meant and row.disabled & surplus:
            off = catalog.plans_of(ServicePlanBits(row.disabled & ~surplus))
            wish = GroupOrder(
                sku=str(catalog.skus[row.sku].sku_id),
                disabled=[str(plan.service_plan_id) for plan in off],
            )
            await license_group(call, str(label.id), wish)
