"""Asking for a product: for oneself, for others, for a group.

The order is that of the sources (R-26): an auto-claim policy grants at once, else the
organization's own process takes the place of the form, else somebody decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group
from seatwright.app.record import record_all
from seatwright.app.requests.approving import Choice, approval_of, deliver, line_of
from seatwright.app.requests.automatic import approves_by_itself
from seatwright.app.requests.claiming import Granting, claim, granting_of
from seatwright.app.requests.expiring import expire_overdue
from seatwright.app.requests.holding import hold_seats
from seatwright.app.requests.orders import (
    GROUP_MAX,
    PEOPLE_MAX,
    AskOrder,
    checked_moment,
    checked_text,
)
from seatwright.app.requests.refusing import nobody_needs, not_to_extend, why_closed, why_too_many
from seatwright.app.requests.routing import Policies, known_people, policies_of, route
from seatwright.app.requests.words import tell_deciders
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import GroupNo, ServicePlanBits, UserNo
from seatwright.domain.requests.lines import Given, Hold, How, LicenseRequest, Line
from seatwright.domain.requests.policy import RequestPolicy, hold_time
from seatwright.domain.requests.states import LineState
from seatwright.domain.roles import Permission
from seatwright.domain.telling import EventKind
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.group_licenses import members_after
from seatwright.postgres.pools import lock_pools
from seatwright.postgres.request_people import ending_assignments, holders_among
from seatwright.postgres.request_policies import hold_request_policies
from seatwright.postgres.requests import (
    NewLine,
    Ruling,
    groups_of_user,
    insert_lines,
    insert_request,
    lines_of_requests,
    pending_users,
    store_rulings,
)
from seatwright.postgres.users import find_users


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Somebody for whom nothing was asked, and why: they hold it, or have asked already."""

    user: UserNo
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was made, with its lines as they are now."""

    request: LicenseRequest
    lines: Sequence[Line]
    left_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked, checked: for whom, and who of them needs it."""

    sku: CatalogSku
    users: Sequence[UserNo]
    left_out: Sequence[LeftOut]
    group: GroupNo | None
    disabled: ServicePlanBits
    justification: str | None
    starts_at: datetime | None
    expires_at: datetime | None

    @property
    def is_plain(self) -> bool:
        """Whether a claim gives just this: those have no dates, and service plans of their own."""
        return self.starts_at is None and self.expires_at is None and not self.disabled


async def ask(call: Call, order: AskOrder) -> Asked:
    """Make a request.

    Raises Refusal: unknownSku, unknownUser, unknownGroup, servicePlanNotInSku,
    notAssignableToUsers, invalidValue; noChange where everybody holds it already and
    alreadyRequested where it was asked for everybody; ownProcess with its message and address;
    notRequestable.
    """
    await hold_request_policies(call.tx)
    policies = await policies_of(call)
    wanted = await _wanted(call, order, policies)
    policy = policies.of(wanted.sku.sku_no)
    claimed = frozenset[UserNo]()
    granting = None if order.extends else await granting_of(call, wanted.sku.sku_no)
    if granting is not None and wanted.is_plain:
        if len(wanted.users) > PEOPLE_MAX:
            raise _too_many_to_claim(granting, wanted)
        claimed = await claim(call, granting, wanted.sku.sku_no, wanted.users)
    asking = [user for user in wanted.users if user not in claimed]
    if asking:
        refusal = why_closed(
            call, wanted.sku, policy, justification=wanted.justification
        ) or await why_too_many(call)
        if refusal is not None and not claimed:
            raise refusal
        if refusal is not None:
            left = [LeftOut(user=user, reason=refusal.reason) for user in asking]
            wanted = replace(wanted, left_out=(*wanted.left_out, *left))
            asking = []
    request = await _store(call, order, wanted)
    await _store_lines(call, request, [*claimed, *asking], policy)
    if granting is not None:
        await _grant_claimed(call, request, claimed, granting)
    await _put_before_deciders(call, request, policies)
    lines = await lines_of_requests(call.tx, (request.request_no,))
    call.ledger.beside += [f"asked {line.user} {line.sku} {line.state.value}" for line in lines]
    # Somebody else asked for them in this very moment.
    late = {*claimed, *asking} - {line.user for line in lines}
    missed = [
        _discreet(LeftOut(user=user, reason=Reason.ALREADY_REQUESTED)) for user in sorted(late)
    ]
    return Asked(request=request, lines=lines, left_out=(*wanted.left_out, *missed))


async def _wanted(call: Call, order: AskOrder, policies: Policies) -> Wanted:
    catalog = await catalog_of(call)
    sku = catalog.require_sku(order.sku, is_in_body=True)
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organisation: nobody needs"
            " to ask for it.",
            context={"skuId": str(sku.sku_id)},
        )
    users, group = await _people(call, order)
    starts = checked_moment("startsAt", order.starts_at)
    expires = checked_moment("expiresAt", order.expires_at)
    if expires is not None and expires <= max(call.now, starts or call.now):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"expiresAt {expires.isoformat()} is not after the start: give a later time.",
        )
    await expire_overdue(call, sku.sku_no, users)
    known = await known_people(call, policies, sku.sku_no, users)
    if order.extends and not known.issuperset(users):
        raise not_to_extend(call, sku)
    needing, left_out = await who_needs(call, sku, users, extends=order.extends, starts=starts)
    left_out = [one if one.user in known else _discreet(one) for one in left_out]
    if order.extends and expires is not None:
        needing, short = await _lengthened(call, sku, needing, expires)
        left_out += short
    if not needing:
        raise nobody_needs(sku, left_out[0].reason)
    return Wanted(
        sku=sku,
        users=needing,
        left_out=left_out,
        group=group,
        disabled=catalog.disabled_bits(sku, order.disabled),
        justification=checked_text("justification", order.justification),
        starts_at=starts,
        expires_at=expires,
    )


def _discreet(one: LeftOut) -> LeftOut:
    """What is said to who may not know what the person holds: that nothing needs to be asked."""
    held = {Reason.NO_CHANGE, Reason.ALREADY_REQUESTED}
    return replace(one, reason=Reason.NO_CHANGE) if one.reason in held else one


async def _lengthened(
    call: Call, sku: CatalogSku, users: Sequence[UserNo], until: datetime
) -> tuple[list[UserNo], list[LeftOut]]:
    """For whom this end is more time than they have, and for whom it is none."""
    present = await ending_assignments(call.tx, sku.sku_no, users)
    longer = [user for user in users if present[user] < until]
    short = [user for user in users if present[user] >= until]
    return longer, [LeftOut(user=user, reason=Reason.INVALID_VALUE) for user in short]


async def _people(call: Call, order: AskOrder) -> tuple[list[UserNo], GroupNo | None]:
    """For whom it is asked, in the order in which they are named."""
    if order.group is not None:
        if order.people:
            raise Refusal(Reason.INVALID_VALUE, "Name people or a group, not both.")
        return await _members(call, order.group)
    if not order.people:
        if call.principal.user_no is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{call.principal.name}” is no person of the directory: name in people for whom"
                " it is asked, or a group.",
            )
        return [call.principal.user_no], None
    found = await find_users(call.tx, order.people)
    unknown = [text for text in order.people if text not in found]
    if unknown:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is nobody called “{unknown[0]}”: give user principal names or ids. Nothing was"
            " asked.",
            context={"users": unknown[:20]},
            is_in_body=True,
        )
    return _checked_count(list(dict.fromkeys(found[text] for text in order.people))), None


async def _members(call: Call, text: str) -> tuple[list[UserNo], GroupNo]:
    group = await find_group(call, text)
    user = call.principal.user_no
    if not call.principal.may(Permission.READ_DIRECTORY):
        mine = frozenset() if user is None else await groups_of_user(call.tx, user)
        if group.group_no not in mine:
            raise Refusal(
                Reason.UNKNOWN_GROUP,
                f"You are in no group “{text}”: ask for a group that you are in, or name people.",
                context={"group": text},
                is_in_body=True,
            )
    members = await members_after(call.tx, (group.group_no,), limit=GROUP_MAX + 1)
    if not members:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Nobody is in “{group.display_name}”: put people into it first, or name them.",
            context={"group": str(group.id)},
        )
    if len(members) > GROUP_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{group.display_name}” has more than {GROUP_MAX} members, and each would be decided"
            f" about: license the group itself (POST /api/identity/groups/{group.id}/licenses, for"
            " administrators), or ask for smaller groups.",
            context={"group": str(group.id)},
        )
    return [UserNo(no) for no in members], group.group_no


def _checked_count(users: list[UserNo]) -> list[UserNo]:
    if len(users) > PEOPLE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"It is asked for {len(users)} people: name up to {PEOPLE_MAX}, or a group.",
        )
    return users


def _too_many_to_claim(granting: Granting, wanted: Wanted) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"It is asked for {len(wanted.users)} people, to whom the auto-claim policy"
        f" “{granting.policy.name}” gives {wanted.sku.display_name} at once when they ask"
        f" themselves, or start its app: nobody needs to ask for them. Else ask for {PEOPLE_MAX}.",
    )


async def who_needs(
    call: Call,
    sku: CatalogSku,
    users: Sequence[UserNo],
    *,
    extends: bool,
    starts: datetime | None = None,
) -> tuple[list[UserNo], list[LeftOut]]:
    """Who of these people has cause to ask, and why the others have none.

    Who holds it may ask for it from the day on which what they have ends.
    """
    pending = await pending_users(call.tx, sku.sku_no, users, now=call.now)
    ends = await ending_assignments(call.tx, sku.sku_no, users)
    able = frozenset(ends)
    if not extends:
        able = frozenset(users) - await holders_among(call.tx, sku.sku_no, users)
        able |= {user for user, at in ends.items() if starts is not None and at <= starts}
    cause = Reason.NOT_ASSIGNED if extends else Reason.NO_CHANGE
    left_out = [
        LeftOut(user=user, reason=Reason.ALREADY_REQUESTED if user in pending else cause)
        for user in users
        if user in pending or user not in able
    ]
    gone = {one.user for one in left_out}
    return [user for user in users if user not in gone], left_out


async def _store(call: Call, order: AskOrder, wanted: Wanted) -> LicenseRequest:
    request = LicenseRequest(
        request_no=0,
        id=uuid4(),
        principal=call.principal.principal_no,
        requestor=call.principal.user_no,
        sku=wanted.sku.sku_no,
        disabled=wanted.disabled,
        group=wanted.group,
        justification=wanted.justification,
        starts_at=wanted.starts_at,
        expires_at=wanted.expires_at,
        is_extension=order.extends,
        created_at=call.now,
    )
    # The pool comes before the lines: whoever holds it may be asking for the same person.
    await lock_pools(call.tx, [wanted.sku.sku_no])
    return replace(request, request_no=await insert_request(call.tx, request))


async def _store_lines(
    call: Call, request: LicenseRequest, users: Sequence[UserNo], policy: RequestPolicy
) -> None:
    deciders = await route(call, policy, users, requestor=request.requestor)
    # More time is over with what it was to be more of.
    present = await ending_assignments(call.tx, request.sku, users) if request.is_extension else {}
    due = policy.due_at(call.now, wished_end=request.expires_at)
    needs_seat = not request.is_extension and bool(hold_time(call.tenant.settings))
    made = [
        NewLine(
            user=user,
            due_at=min(due, present.get(user, due)),
            hold=Hold.LINE if needs_seat else Hold.NONE,
            decider=deciders[user],
            escalates_at=policy.escalates_at(call.now),
        )
        for user in users
    ]
    numbers = await insert_lines(call.tx, request, made)
    if not numbers:
        raise Refusal(
            Reason.ALREADY_REQUESTED,
            "It was asked for in this very moment: GET /api/license-requests?mine=true shows it.",
        )
    lines = await lines_of_requests(call.tx, (request.request_no,))
    await record_all(call, [line_of(HistoryAction.LICENSE_REQUESTED, n, request) for n in lines])


async def _grant_claimed(
    call: Call, request: LicenseRequest, claimed: frozenset[UserNo], granting: Granting
) -> None:
    """Say of those whom the auto-claim policy gave it that they are approved by it."""
    if not claimed:
        return
    lines = await lines_of_requests(call.tx, (request.request_no,))
    given = Given(
        sku=request.sku, disabled=granting.disabled(request.sku), group=granting.policy.group
    )
    rulings = [
        Ruling(line_no=line.line_no, state=LineState.APPROVED, given=given)
        for line in lines
        if line.user in claimed
    ]
    await store_rulings(
        call.tx, rulings, at=call.now, by=call.principal.principal_no, how=How.AUTO_CLAIM
    )


async def _put_before_deciders(call: Call, request: LicenseRequest, policies: Policies) -> None:
    """Hold seats for what is pending, approve what the policy approves, and tell who decides."""
    lines = await _pending(call, request)
    if not lines:
        return
    catalog = await catalog_of(call)
    choice = Choice(sku=catalog.skus[request.sku])
    by_itself = await approves_by_itself(call, policies.of(request.sku), request, lines)
    if by_itself:
        chosen = [
            approval_of(call, line, request, policies=policies, choice=choice) for line in by_itself
        ]
        await deliver(call, chosen, how=How.POLICY)
        lines = await _pending(call, request)
    await hold_seats(call, [line for line in lines if line.hold is Hold.LINE])
    requests = {request.request_no: request}
    kind = EventKind.LICENSE_REQUEST_RECEIVED
    await tell_deciders(call, kind, lines, requests, policies=policies)


async def _pending(call: Call, request: LicenseRequest) -> list[Line]:
    lines = await lines_of_requests(call.tx, (request.request_no,))
    return [line for line in lines if line.state is LineState.PENDING]
