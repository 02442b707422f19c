"""Delivering what was approved through a licensed group: people become members of it (R-08)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from seatwright.app.assign import refusals_of
from seatwright.app.assign.fulfil import Fulfilment
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group
from seatwright.app.dynamic.demands import refuse_if_dynamic
from seatwright.app.dynamic.memberships import follow_memberships, hold_members
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, refill
from seatwright.app.record import record_all
from seatwright.app.requests.giving import (
    Approval,
    Delivery,
    keep_seats,
    seats_held,
    want_of,
)
from seatwright.app.requests.routing import Policies
from seatwright.app.reservations import use
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.directory import Group
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile import Snapshot, reconcile
from seatwright.domain.requests.lines import Given
from seatwright.domain.reservations import Reservation, ReservationKind
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.group_read import members_among
from seatwright.postgres.group_write import Membership, add_members
from seatwright.postgres.labels import user_labels
from seatwright.postgres.launch_write import try_joining, undo_joining
from seatwright.postgres.pools import lock_pools, move_reservations
from seatwright.postgres.requests import members_by_request
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


async def pools_of_group(call: Call, group: Group, people: Sequence[UserNo]) -> set[SkuNo]:
    """The products whose seats may move when these people join a group."""
    given = await licensed_groups_above(call.tx, (group.group_no,))
    return {*given, *await held_skus_of(call.tx, people)}


async def unfit_for_group(
    call: Call, approvals: Sequence[Approval], group: Group, *, policies: Policies
) -> dict[int, Refusal]:
    """By line, what cannot be delivered through a group: dates, and what the group gives not."""
    catalog, licenses = await catalog_of(call), await _licenses(call, group)
    refusals: dict[int, Refusal] = {}
    for one in approvals:
        dates = _dates(catalog, one, policies)
        if dates is not None:
            refusals[one.line.line_no] = Refusal(
                Reason.INVALID_VALUE,
                f"A membership of {group.display_name} has no dates, and {dates}: approve it"
                " without group.",
                context={"requestId": str(one.request.id)},
            )
        elif one.sku not in licenses:
            refusals[one.line.line_no] = Refusal(
                Reason.INVALID_VALUE,
                f"{group.display_name} does not give {catalog.sku_name(one.sku)}: GET"
                f" /api/identity/groups/{group.id}/licenses shows what it gives (R-09).",
                context={"group": str(group.id)},
            )
    return refusals


def _dates(catalog: TenantCatalog, one: Approval, policies: Policies) -> str | None:
    """Why an approval has dates, in words; None where it has none."""
    request, name = one.request, catalog.sku_name(one.sku)
    if request.is_extension:
        return f"{request.id} asks for more time"
    if request.starts_at is not None or request.expires_at is not None:
        return f"{name} was asked for with dates"
    if one.until is not None:
        days = policies.of(one.sku).license_days
        return f"the request policy of {name} gives it for {days} days"
    return None


async def _licenses(call: Call, group: Group) -> dict[SkuNo, GroupAssignment]:
    found = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    return {one.sku: one for one in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joining:
    """People who join a group: what they were approved, and the seats that are held for it."""

    group: Group
    people: Mapping[UserNo, Sequence[Approval]]
    skus: frozenset[SkuNo]
    rows: Mapping[int, Reservation]

    def held(self, users: Iterable[UserNo]) -> list[Approval]:
        """What these were approved that a seat is held for."""
        return [one for user in users for one in self.people[user] if one.line.line_no in self.rows]


async def give_through_group(call: Call, approvals: Sequence[Approval], group: Group) -> Delivery:
    """Make people members of a group that gives the product; who would not get it stays out.

    Who is held a seat comes first. Of somebody for whom several products were approved all are
    given or none, for the group gives them all.
    """
    done = Delivery()
    rows = await seats_held(call, approvals)
    people: dict[UserNo, list[Approval]] = {}
    for one in sorted(approvals, key=lambda one: one.line.line_no):
        people.setdefault(one.line.user, []).append(one)
    skus = frozenset(await pools_of_group(call, group, sorted(people)))
    # The pools are locked with everything else that can move, and seats that are held are free for
    # these people alone: nobody is refilled before they have them.
    await lock_pools(call.tx, sorted(skus | {row.sku for row in rows.values()}))
    # Who has a seat for all that they get; the others would take one that is held for somebody.
    seated = {user for user, of in people.items() if all(one.line.line_no in rows for one in of)}
    for is_seated in (True, False):
        some = {user: of for user, of in people.items() if (user in seated) is is_seated}
        for part in _parts(some):
            await _join(call, _Joining(group=group, people=part, skus=skus, rows=rows), done)
        if is_seated:
            # Who holds the product already needed no seat: whoever waits gets those.
            await refill(call, {row.sku for row in rows.values()})
    return done


def _parts(
    people: Mapping[UserNo, Sequence[Approval]],
) -> Iterator[Mapping[UserNo, Sequence[Approval]]]:
    """As many people at a time as get their licenses in the call that moves them."""
    rows = iter(people.items())
    while part := dict(islice(rows, USERS_AT_ONCE_MAX)):
        yield part


async def _join(call: Call, one: _Joining, done: Delivery) -> None:
    group = one.group
    held = await use(
        call,
        ReservationKind.LICENSE_REQUEST,
        [approval.line.line_no for approval in one.held(one.people)],
    )
    await move_reservations(call.tx, {sku: -seats for sku, seats in held.items()})
    joining = await _able(call, one, done)
    rows = [Membership(user, group.group_no) for user in joining]
    async with follow_memberships(
        call, joining, groups=(group.group_no,), reason=ChangeReason.REQUEST_APPROVED
    ):
        added = {each.user for each in await add_members(call.tx, rows, since=call.now)}
        mine = added | await members_by_request(call.tx, group.group_no, joining)
        await record_all(call, [_line(one.people[user][0], group) for user in sorted(added)])
    licenses = await _licenses(call, group)
    for approval in (each for user in joining for each in one.people[user]):
        done.given[approval.line.line_no] = Given(
            sku=approval.sku,
            disabled=licenses[approval.sku].disabled,
            # A membership that somebody's hand made is not a request's to take back.
            group=group.group_no if approval.line.user in mine else None,
        )


async def _able(call: Call, one: _Joining, done: Delivery) -> list[UserNo]:
    """Who would get the product as a member: tried for real, and taken back again."""
    number, left = one.group.group_no, list(one.people)
    present = await members_among(call.tx, number, sorted(left))
    for _ in range(TURNS_MAX):
        if not left:
            return left
        await try_joining(call.tx)
        rows = [Membership(user, number) for user in left if user not in present]
        await add_members(call.tx, rows, since=call.now)
        world = await lock_world(call, left, skus=one.skus)
        failing = _failing(world.snapshot, {user: one.people[user] for user in left}, number)
        await undo_joining(call.tx)
        if not failing:
            return left
        await _leave_out(call, one, failing, done, snapshot=world.snapshot)
        left = [user for user in left if user not in failing]
    raise AssertionError("ever more people could not be given what a group gives")


async def _leave_out(
    call: Call,
    one: _Joining,
    failing: Mapping[UserNo, Fulfilment],
    done: Delivery,
    *,
    snapshot: Snapshot,
) -> None:
    """Say why these do not join; the seats that are held for them stay so."""
    labels = await user_labels(call.tx, sorted(failing))
    names = {user: labels[user].upn if user in labels else "the person" for user in failing}
    named = [(result, names[user]) for user, result in failing.items()]
    words = await refusals_of(call, named, snapshot=snapshot)
    for user, said in zip(failing, words, strict=True):
        detail = f"{said.detail} {names[user]} was not put into {one.group.display_name}."
        for approval in one.people[user]:
            done.blocked[approval.line.line_no] = (said.reason, detail)
    lost = one.held(failing)
    free = await lock_pools(call.tx, sorted({approval.sku for approval in lost}))
    kept = await keep_seats(call, lost, one.rows, Counter(free))
    await move_reservations(call.tx, Counter(row.sku for row in kept))


def _failing(
    snapshot: Snapshot, wanted: Mapping[UserNo, Sequence[Approval]], group: GroupNo
) -> dict[UserNo, Fulfilment]:
    """Who would not get from the group what was approved: which product, and why."""
    source = Source(kind=SourceKind.GROUP, no=group)
    errors = {(e.user_no, e.sku, e.source): e.after for e in reconcile(snapshot).error_changes}
    states = {user.user_no: user for user in snapshot.users}
    failing: dict[UserNo, Fulfilment] = {}
    for user, one in ((user, one) for user, of in wanted.items() for one in of):
        state, reason = states.get(user), None
        if state is None or state.is_deleted:
            reason = Reason.UNKNOWN_USER
        else:
            key = (one.sku, source)
            stored = next((e.reason for e in state.errors if (e.sku, e.source) == key), None)
            reason = errors.get((user, *key), stored)
        if reason is not None:
            failing.setdefault(user, Fulfilment(want=want_of(one), user=state, reason=reason))
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
