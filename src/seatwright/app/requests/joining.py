"""Delivering what was approved through a licensed group: people become members of it (R-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group
from seatwright.app.dynamic.demands import refuse_if_dynamic
from seatwright.app.dynamic.memberships import follow_memberships, hold_members
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world
from seatwright.app.record import record_all
from seatwright.app.requests.giving import Approval, Delivery
from seatwright.app.reservations import use
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.directory import Group
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile import Snapshot, reconcile
from seatwright.domain.requests.lines import Given
from seatwright.domain.reservations import ReservationKind
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.group_read import members_among
from seatwright.postgres.group_write import Membership, add_members
from seatwright.postgres.labels import user_labels
from seatwright.postgres.launch_write import try_joining, undo_joining
from seatwright.postgres.pools import lock_pools, move_reservations
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.world_read import licensed_groups_above

TURNS_MAX = 64
"""Each turn leaves somebody out; more than a few need a chain of dependencies."""


async def hold_for_joining(call: Call, text: str) -> Group:
    """The group through which an approval delivers, held before any line is.

    Raises Refusal unknownGroup, membersFollowRule.
    """
    group = await find_group(call, text)
    await hold_members(call, (group.group_no,))
    refuse_if_dynamic(group)
    return group


async def give_through_group(call: Call, approvals: Sequence[Approval], group: Group) -> Delivery:
    """Make people members of a group that gives the product; who would not get it stays out.

    Raises Refusal invalidValue where the group gives it not, or for more than 500 people.
    """
    licenses = {one.sku: one for one in await _licenses(call, group)}
    await _check(call, approvals, group, licenses)
    done = Delivery()
    people = {one.line.user: one for one in approvals}
    skus = frozenset(await licensed_groups_above(call.tx, (group.group_no,)))
    skus |= frozenset(await held_skus_of(call.tx, sorted(people)))
    held = await use(
        call,
        ReservationKind.LICENSE_REQUEST,
        [one.line.line_no for one in approvals if one.uses_hold],
    )
    # The pools are locked with everything else that can move, and their held seats are free for
    # these people alone: nobody is refilled before they have them.
    await lock_pools(call.tx, sorted(skus | held.keys()))
    await move_reservations(call.tx, {sku: -seats for sku, seats in held.items()})
    joining = await _able(call, people, group.group_no, skus=skus, done=done)
    rows = [Membership(user, group.group_no) for user in joining]
    async with follow_memberships(
        call, joining, groups=(group.group_no,), reason=ChangeReason.REQUEST_APPROVED
    ):
        added = {one.user for one in await add_members(call.tx, rows, since=call.now)}
        await record_all(call, [_line(people[user], group) for user in sorted(added)])
    for user in joining:
        approval = people[user]
        done.given[approval.line.line_no] = Given(
            sku=approval.sku, disabled=licenses[approval.sku].disabled, group=group.group_no
        )
    return done


async def _licenses(call: Call, group: Group) -> list[GroupAssignment]:
    return (await group_assignments(call.tx, (group.group_no,)))[group.group_no]


async def _check(
    call: Call,
    approvals: Sequence[Approval],
    group: Group,
    licenses: Mapping[SkuNo, GroupAssignment],
) -> None:
    if len(approvals) > USERS_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(approvals)} people cannot be delivered through a group in one call: approve at"
            f" most {USERS_AT_ONCE_MAX} at once, or directly.",
        )
    catalog = await catalog_of(call)
    for one in approvals:
        if one.request.is_extension or one.until is not None or one.request.starts_at is not None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"A membership of {group.display_name} has no dates, and {one.request.id} has some:"
                " approve it without group.",
                context={"requestId": str(one.request.id)},
            )
        if one.sku not in licenses:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"{group.display_name} does not give {catalog.sku_name(one.sku)}: GET"
                f" /api/identity/groups/{group.id}/licenses shows what it gives (R-09).",
                context={"group": str(group.id)},
            )


async def _able(
    call: Call,
    people: Mapping[UserNo, Approval],
    group: GroupNo,
    *,
    skus: frozenset[SkuNo],
    done: Delivery,
) -> list[UserNo]:
    """Who would get the product as a member: tried for real, and taken back again."""
    present = await members_among(call.tx, group, sorted(people))
    left = [one.line.user for one in sorted(people.values(), key=lambda one: one.line.line_no)]
    for _ in range(TURNS_MAX):
        if not left:
            return left
        await try_joining(call.tx)
        rows = [Membership(user, group) for user in left if user not in present]
        await add_members(call.tx, rows, since=call.now)
        world = await lock_world(call, left, skus=skus)
        failing = _failing(world.snapshot, {user: people[user].sku for user in left}, group)
        await undo_joining(call.tx)
        if not failing:
            return left
        names = await user_labels(call.tx, sorted(failing))
        for user, reason in failing.items():
            name = names[user].upn if user in names else "the person"
            said = (
                f"{name} would not get the product by joining the group ({reason.value}): GET"
                f" /api/identity/users/{name}/licenses says what they hold. Nothing was changed."
            )
            done.blocked[people[user].line.line_no] = (reason, said)
        left = [user for user in left if user not in failing]
    raise AssertionError("ever more people could not be given what a group gives")


def _failing(
    snapshot: Snapshot, wanted: Mapping[UserNo, SkuNo], group: GroupNo
) -> dict[UserNo, Reason]:
    """Who would not get the product from the group, and why."""
    source = Source(kind=SourceKind.GROUP, no=group)
    errors = {(e.user_no, e.sku, e.source): e.after for e in reconcile(snapshot).error_changes}
    states = {user.user_no: user for user in snapshot.users}
    failing: dict[UserNo, Reason] = {}
    for user, sku in wanted.items():
        state = states.get(user)
        if state is None or state.is_deleted:
            failing[user] = Reason.UNKNOWN_USER
            continue
        stored = next((e.reason for e in state.errors if (e.sku, e.source) == (sku, source)), None)
        reason = errors.get((user, sku, source), stored)
        if reason is not None:
            failing[user] = reason
    return failing


def _line(approval: Approval, group: Group) -> HistoryLine:
    return HistoryLine(
        action=HistoryAction.MEMBER_ADDED,
        reason=ChangeReason.REQUEST_APPROVED.value,
        strategy=Strategy.REQUEST,
        user=approval.line.user,
        group=group.group_no,
        source=Source(kind=SourceKind.REQUEST, no=approval.request.request_no),
        detail={"request": str(approval.request.id)},
    )
