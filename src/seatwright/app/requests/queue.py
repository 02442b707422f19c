"""The queue as people look at it: their own requests, those they decide about, or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.desk import unknown_request
from seatwright.app.requests.foretelling import approver_names
from seatwright.app.requests.routing import (
    Policies,
    asked_now,
    deciding_of,
    keys_of,
    may_see_holdings,
    people_behind,
    policies_of,
)
from seatwright.app.requests.searching import order_named, products_by_name, words_found
from seatwright.app.requests.words import Names, names_of
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.domain.reports.prices import NO_PRICE, ProductPrice, price_of
from seatwright.domain.requests.lines import Hold, How, LicenseRequest, Line
from seatwright.domain.requests.policy import Decider
from seatwright.domain.requests.states import LineState
from seatwright.domain.reservations import ReservationKind
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels
from seatwright.postgres.pools import free_seats
from seatwright.postgres.request_lists import LineFilter, count_lines, list_lines
from seatwright.postgres.request_people import held_pairs, judge_names
from seatwright.postgres.request_queue import places_in_line
from seatwright.postgres.requests import (
    find_requests,
    lines_of_requests,
    requests_by_number,
)
from seatwright.postgres.reservations import held_until
from seatwright.postgres.subscriptions import subscriptions_by_sku

COMPLETED = "completed"
"""Beside the states themselves: everything that is not pending any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOrder:
    """What part of the queue is looked at, in the words of the caller.

    Every word of `search` begins a word of the person's names or is somewhere in the product's.
    """

    state: str | None = None
    product: str | None = None
    person: str | None = None
    approver: str | None = None
    mine: bool = False
    to_decide: bool = False
    search: str | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSeen:
    """A line with everything that whoever decides wants to know (field.md, “price and seats”).

    `holds` are the products that the person has now. `place` is theirs in the line for a held
    seat.
    """

    line: Line
    request: LicenseRequest
    sku: CatalogSku
    person: UserLabel | None
    requested_by: str
    approvers: tuple[str, ...]
    decided_by: str | None
    price: Decimal | None
    currency: str | None
    seats_free: int
    held_until: datetime | None
    place: int | None
    holds: tuple[str, ...]
    group: GroupLabel | None
    given_sku: CatalogSku | None


def state_shown(show: str) -> str | None:
    """The state of the requests of a part of the queue, by its name; None: whatever it is."""
    return {"completed": COMPLETED, "mine": None}.get(show, LineState.PENDING.value)


async def queue_page(
    call: Call, order: QueueOrder, *, after: int | None, limit: int
) -> list[LineSeen]:
    """A page of lines, one more than `limit` if there are more.

    Who may not see everybody's sees their own, or with `to_decide` those they are to decide.
    Raises Refusal invalidValue, unknownSku, unknownUser, roleMissing for others' approvals.
    """
    policies = await policies_of(call)
    wanted = await _filter(call, order, policies)
    lines = await list_lines(call.tx, wanted, after=after, limit=limit + 1)
    return await see_lines(call, lines, policies=policies)


async def count_queue(call: Call, order: QueueOrder, *, most: int) -> int:
    """How many lines there are, of which at most so many are looked at."""
    wanted = await _filter(call, order, await policies_of(call))
    return await count_lines(call.tx, wanted, most=most)


async def _filter(call: Call, order: QueueOrder, policies: Policies) -> LineFilter:
    state, is_pending = _state(order)
    catalog = await catalog_of(call)
    user = None if order.person is None else (await require_user(call, order.person)).user_no
    before = await _before(call, order, policies)
    deciders = None if before is None else before.deciders
    may_see_all = call.principal.may(Permission.READ_ANY_REQUEST)
    me = call.principal.user_no
    is_narrow = order.mine or (not may_see_all and deciders is None)
    return LineFilter(
        now=call.now,
        is_pending=True if deciders is not None else is_pending,
        state=state,
        sku=None if order.product is None else catalog.require_sku(order.product).sku_no,
        user=user,
        mine=me if is_narrow else None,
        # Who is nobody of the directory finds what it asked itself.
        asked_by=call.principal.principal_no if is_narrow and me is None else None,
        others_than=None if before is None else before.user,
        deciders=deciders,
        words=await words_found(call, order.search),
        order=order_named(order.order),
        products=products_by_name(catalog),
    )


def _state(order: QueueOrder) -> tuple[LineState | None, bool | None]:
    text = order.state
    if text is None:
        return None, None
    if text == COMPLETED:
        return None, False
    try:
        state = LineState(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"state is “{text[:40]}”: give {COMPLETED}, or one of {', '.join(LineState)}.",
        ) from None
    return state, state is LineState.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """Before whom lines must be pending. Their own are none of them, for nobody decides those."""

    user: UserNo | None
    deciders: frozenset[Decider]


async def _before(call: Call, order: QueueOrder, policies: Policies) -> _Before | None:
    """Before whom the lines must be pending; None: whoever decides."""
    if not order.to_decide and order.approver is None:
        return None
    if order.state not in {None, LineState.PENDING.value}:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"state is {order.state}, but only what is pending is before somebody: leave state"
            " out, or approver and toDecide.",
        )
    if order.approver is None:
        keys = (await deciding_of(call, policies)).keys
        return _Before(user=call.principal.user_no, deciders=keys)
    approver = await require_user(call, order.approver)
    if approver.user_no != call.principal.user_no and not call.principal.may(
        Permission.READ_ANY_REQUEST
    ):
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{call.principal.name}” may not {Permission.READ_ANY_REQUEST.value}: use toDecide"
            " for what is before you.",
        )
    keys = await keys_of(call, policies, user=approver.user_no, roles=())
    return _Before(user=approver.user_no, deciders=keys)


async def see_request(call: Call, text: str) -> tuple[LicenseRequest, list[LineSeen]]:
    """A request with those of its lines that the caller may see.

    Raises Refusal unknownRequest.
    """
    id_ = parse_id(text)
    found = {} if id_ is None else await find_requests(call.tx, (id_,))
    request = None if id_ is None else found.get(id_)
    if request is None:
        raise unknown_request(text)
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    lines = await lines_of_requests(call.tx, (request.request_no,))
    if not call.principal.may(Permission.READ_ANY_REQUEST):
        asked = await asked_now(call, deciding, policies, lines)
        lines = [line for line in lines if deciding.is_own(line) or line.line_no in asked]
    if not lines:
        raise unknown_request(text)
    return request, await see_lines(call, lines, policies=policies)


async def see_lines(call: Call, lines: Sequence[Line], *, policies: Policies) -> list[LineSeen]:
    """These lines with everything that is said of them, a few statements for all."""
    if not lines:
        return []
    requests = await requests_by_number(call.tx, (line.request_no for line in lines))
    skus = sorted({line.sku for line in lines})
    pending = [line for line in lines if line.state is LineState.PENDING]
    kind = ReservationKind.LICENSE_REQUEST
    held = await held_until(
        call.tx, kind, (line.line_no for line in lines if line.hold is Hold.HELD)
    )
    in_line: dict[SkuNo, list[int]] = {}
    for line in pending:
        if line.hold is Hold.LINE:
            in_line.setdefault(line.sku, []).append(line.line_no)
    groups = {n.given.group for n in lines if n.given is not None and n.given.group is not None}
    bought = await subscriptions_by_sku(call.tx, skus)
    view = _View(
        catalog=await catalog_of(call),
        requests=requests,
        names=await names_of(call, lines, requests),
        deciders=await _approvers(call, policies, pending),
        judges=await judge_names(call.tx, (n.decided_by for n in lines if n.decided_by)),
        prices={sku: price_of(bought[sku]) if sku in bought else NO_PRICE for sku in skus},
        free=await free_seats(call.tx, skus),
        held=held,
        places=await places_in_line(call.tx, in_line),
        holdings=await _holdings(call, await _shown(call, policies, pending)),
        groups=await group_labels(call.tx, sorted(groups)),
    )
    return [view.see(line) for line in lines]


async def _shown(call: Call, policies: Policies, lines: Sequence[Line]) -> Sequence[Line]:
    """Those of the lines whose people's products the caller may see: who decides needs them."""
    if may_see_holdings(call):
        return lines
    asked = await asked_now(call, await deciding_of(call, policies), policies, lines)
    me = call.principal.user_no
    return [line for line in lines if line.line_no in asked or line.user == me]


async def _holdings(call: Call, lines: Sequence[Line]) -> Mapping[UserNo, tuple[str, ...]]:
    """What each of these people holds now, by name."""
    catalog = await catalog_of(call)
    found: dict[UserNo, list[str]] = {}
    for user, sku in await held_pairs(call.tx, (line.user for line in lines)):
        found.setdefault(user, []).append(catalog.sku_name(sku))
    return {user: tuple(sorted(names)) for user, names in found.items()}


async def _approvers(
    call: Call, policies: Policies, lines: Sequence[Line]
) -> Mapping[Decider, tuple[str, ...]]:
    people = await people_behind(call, policies, {line.decider for line in lines})
    return await approver_names(call, policies, people)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What a page of lines is seen by."""

    catalog: TenantCatalog
    requests: Mapping[int, LicenseRequest]
    names: Names
    deciders: Mapping[Decider, tuple[str, ...]]
    judges: Mapping[PrincipalNo, str]
    prices: Mapping[SkuNo, ProductPrice]
    free: Mapping[SkuNo, int]
    held: Mapping[int, datetime]
    places: Mapping[int, int]
    holdings: Mapping[UserNo, tuple[str, ...]]
    groups: Mapping[GroupNo, GroupLabel]

    def see(self, line: Line) -> LineSeen:
        """One line."""
        request = self.requests[line.request_no]
        price = self.prices[line.sku]
        return LineSeen(
            line=line,
            request=request,
            sku=self.catalog.skus[line.sku],
            person=self.names.users.get(line.user),
            requested_by=self.names.requestor(request),
            approvers=self.deciders.get(line.decider, ())
            if line.state is LineState.PENDING
            else (),
            decided_by=self._judge(line),
            price=price.one_price,
            currency=price.currencies,
            seats_free=max(0, self.free.get(line.sku, 0)),
            held_until=self.held.get(line.line_no),
            place=self.places.get(line.line_no),
            holds=self.holdings.get(line.user, ()),
            group=self._group(line),
            given_sku=None if line.given is None else self.catalog.skus.get(line.given.sku),
        )

    def _judge(self, line: Line) -> str | None:
        match line.how:
            case None:
                return None
            case How.PERSON:
                assert line.decided_by is not None, "what a person decided says who"
                return self.judges.get(line.decided_by, "somebody who is gone")
            case How.POLICY:
                return "the request policy"
            case How.AUTO_CLAIM:
                return "an auto-claim policy"
            case How.TIME:
                return "time"

    def _group(self, line: Line) -> GroupLabel | None:
        given = line.given
        return None if given is None or given.group is None else self.groups.get(given.group)
