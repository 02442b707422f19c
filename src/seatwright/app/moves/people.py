"""The people of a slice as a move needs to see them: groups as they would be in them, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.move_steps import Mover, with_groups_changed
from seatwright.domain.moves import MoveOrder
from seatwright.domain.reconcile import Pool, Snapshot, UserState, Wish
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres.assignments import group_assignments
from seatwright.postgres.group_read import members_among
from seatwright.postgres.moves import lent_as_if
from seatwright.postgres.world_read import read_people


async def movers_of(
    call: Call, order: MoveOrder, users: Sequence[UserState], *, bridged: Collection[UserNo] = ()
) -> list[Mover]:
    """These people with what the move has to know of them."""
    users = [user for user in users if not user.is_deleted]
    if order.new_group is None:
        return [Mover(user=user, is_bridged=user.user_no in bridged) for user in users]
    numbers = [user.user_no for user in users]
    in_new = await members_among(call.tx, order.new_group, numbers)
    in_old: Collection[UserNo] = ()
    if order.old_group is not None:
        in_old = await members_among(call.tx, order.old_group, numbers)
    lent = await _lent(call, order, order.new_group, numbers)
    return [
        Mover(
            user=user,
            is_in_new=user.user_no in in_new,
            is_in_old=user.user_no in in_old,
            inherited=tuple(lent.get(user.user_no, ())),
        )
        for user in users
    ]


async def _lent(
    call: Call, order: MoveOrder, joining: GroupNo, users: Sequence[UserNo]
) -> dict[UserNo, list[Wish]]:
    """What groups would wish these people once they had moved."""
    found = await lent_as_if(
        call.tx,
        users,
        joining=joining,
        leaving=order.old_group,
        nested=semantics_in(call.tenant.settings).nested_groups_count,
        now=call.now,
    )
    licenses = await group_assignments(call.tx, sorted({group for _, group, _ in found}))
    wishes: dict[UserNo, list[Wish]] = defaultdict(list)
    for user, group, since in found:
        for one in licenses[group]:
            wishes[user].append(
                Wish(
                    sku=one.sku,
                    source=Source(kind=SourceKind.GROUP, no=group),
                    strategy=one.strategy,
                    disabled=one.disabled,
                    priority=one.priority,
                    assigned_at=max(since, one.created_at or since),
                )
            )
    return wishes


async def people_now(call: Call, users: Sequence[UserNo], *, pools: Sequence[Pool]) -> Snapshot:
    """People as they are, read without a lock: for what is only to be foreseen."""
    semantics = semantics_in(call.tenant.settings)
    found = await read_people(call.tx, users, nested=semantics.nested_groups_count)
    return Snapshot(
        now=call.now,
        semantics=semantics,
        default_usage_location=usage_location_in(call.tenant.settings),
        catalog=(await catalog_of(call)).engine,
        pools=tuple(pools),
        users=found,
        retry_users=frozenset(users),
    )


def as_bridged(order: MoveOrder, snapshot: Snapshot) -> Snapshot:
    """The same people once the groups of the order have changed what they give."""
    if not order.groups:
        return snapshot
    users = tuple(
        with_groups_changed(user, order, catalog=snapshot.catalog, now=snapshot.now)
        for user in snapshot.users
    )
    return replace(snapshot, users=users)
