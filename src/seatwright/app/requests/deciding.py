"""Deciding about requests: one or ten thousand, whole or person by person (R-07, R-17).

Each line is decided alone, so that of many decisions one that cannot be made stops no other; the
answer says of every one what became of it. Where none may be made at all, the call is refused with
the reason of the first. Who may be approved and cannot be given it stays pending, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record_all
from seatwright.app.requests.approving import Chosen, deliver, give_back_holds, line_of
from seatwright.app.requests.choosing import Approver, choose, group_of_orders
from seatwright.app.requests.holding import hold_pools
from seatwright.app.requests.joining import pools_of_group
from seatwright.app.requests.orders import DecisionOrder, checked_text
from seatwright.app.requests.routing import (
    Deciding,
    Policies,
    asked_now,
    deciding_of,
    policies_of,
)
from seatwright.app.requests.words import Said, tell_of_ends
from seatwright.domain.directory import Group, parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import PrincipalNo, SkuNo, UserNo
from seatwright.domain.requests.lines import How, LicenseRequest, Line
from seatwright.domain.requests.states import Act, LineState, Refused, step_of
from seatwright.domain.telling import EventKind
from seatwright.postgres.request_people import judge_names
from seatwright.postgres.request_policies import hold_request_policies
from seatwright.postgres.requests import (
    Ruling,
    count_lines,
    find_requests,
    lines_of_requests,
    store_rulings,
)
from seatwright.postgres.users import find_users

DECISIONS_MAX = 10_000
"""Lines that one call decides, and holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one line: its state now, or why it is as it was."""

    line: Line
    request: LicenseRequest
    state: LineState
    refusal: Refusal | None = None

    def detail(self, now: datetime) -> str | None:
        """Why it was not done, or what there is to know of what was."""
        if self.refusal is not None:
            return self.refusal.detail
        starts = self.request.starts_at
        if self.state is not LineState.APPROVED or starts is None or starts <= now:
            return None
        return (
            f"Begins on {starts:%Y-%m-%d %H:%M} UTC. No seat is kept until then: if none is free"
            " on that day, the person waits for one."
        )


@dataclass(slots=True)
class Desk:
    """The lines of a call while they are decided."""

    requests: dict[int, LicenseRequest]
    lines: list[Line]
    orders: dict[int, DecisionOrder]
    refusals: dict[int, Refusal] = field(default_factory=dict)
    states: dict[int, LineState] = field(default_factory=dict)

    def open_lines(self, *, approves: bool) -> list[Line]:
        """Those that nothing stands against yet, to be approved or to be denied."""
        return [
            line
            for line in self.lines
            if line.line_no not in self.refusals and self.orders[line.line_no].approves is approves
        ]

    def request_of(self, line: Line) -> LicenseRequest:
        """What a line is of."""
        return self.requests[line.request_no]

    def verdicts(self) -> list[Verdict]:
        """What became of each line, in their order."""
        return [
            Verdict(
                line=line,
                request=self.request_of(line),
                state=self.states.get(line.line_no, line.state),
                refusal=self.refusals.get(line.line_no),
            )
            for line in self.lines
        ]


async def decide(call: Call, orders: Sequence[DecisionOrder]) -> list[Verdict]:
    """Make these decisions as the caller.

    Raises Refusal: unknownRequest, unknownUser, invalidValue for what is no decision at all; and
    where nothing may be decided the reason of the first: alreadyDecided with who did and when,
    ownRequest, or roleMissing for a product or a group that is not the caller's to give.
    """
    _check_orders(orders)
    await hold_request_policies(call.tx)
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    group = await group_of_orders(call, orders, deciding)
    desk = await open_desk(call, orders, deciding)
    await _refuse_what_may_not(call, desk, deciding)
    await refuse_what_moved(call, desk, deciding, policies)
    chosen = await _choose(call, desk, Approver(deciding=deciding, policies=policies, group=group))
    if len(desk.refusals) == len(desk.lines):
        raise desk.refusals[desk.lines[0].line_no]
    await _hold_pools(call, desk, chosen, group)
    await _deny(call, desk)
    await _approve(call, desk, chosen)
    verdicts = desk.verdicts()
    note_in_ledger(call, verdicts)
    return verdicts


def note_in_ledger(call: Call, verdicts: Sequence[Verdict]) -> None:
    """Let a preview tell decisions apart that move no license."""
    for one in verdicts:
        reason = "" if one.refusal is None else f" {one.refusal.reason.value}"
        call.ledger.beside.append(f"{one.request.id} {one.line.line_no} {one.state.value}{reason}")


def _check_orders(orders: Sequence[DecisionOrder]) -> None:
    if not 1 <= len(orders) <= DECISIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The call makes {len(orders)} decisions: give 1 to {DECISIONS_MAX}.",
        )
    if len({order.group for order in orders if order.approves}) > 1:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The call delivers in several ways: approve directly and through each group in calls"
            " of their own.",
        )
    for message in {order.message for order in orders}:
        checked_text("message", message)


async def open_desk(
    call: Call,
    orders: Sequence[DecisionOrder],
    deciding: Deciding,
    *,
    wanted: LineState = LineState.PENDING,
) -> Desk:
    """Find and hold the lines that orders name, in the order of their numbers.

    Of a whole request those that are the caller's to see, in the state `wanted` if any is.

    Raises Refusal unknownRequest for one that there is not, or of which nothing is the caller's;
    invalidValue for more lines than one call holds.
    """
    ids = {order.request: parse_id(order.request) for order in orders}
    known = await find_requests(call.tx, (one for one in ids.values() if one is not None))
    by_text = {text: known.get(id_) if id_ is not None else None for text, id_ in ids.items()}
    for text, request in by_text.items():
        if request is None:
            raise unknown_request(text)
    requests = {one.request_no: one for one in known.values()}
    await _check_count(call, requests)
    lines = await lines_of_requests(call.tx, requests, is_locked=True)
    seen = await _seen(call, deciding, lines)
    named = await _named(call, orders)
    desk = Desk(requests=requests, lines=[], orders={})
    of_request: dict[int, list[Line]] = {}
    for line in lines:
        of_request.setdefault(line.request_no, []).append(line)
    for order in orders:
        request = by_text[order.request]
        assert request is not None, "requests that there are not were refused"
        lines = of_request[request.request_no]
        if order.people is None:
            lines = [line for line in lines if line.line_no in seen]
        chosen = _chosen(order, lines, named, wanted)
        if not chosen or not all(line.line_no in seen for line in chosen):
            raise unknown_request(order.request)
        for line in chosen:
            if desk.orders.setdefault(line.line_no, order) is not order:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"The call decides twice about the same person of {request.id}.",
                    context={"requestId": str(request.id)},
                )
            desk.lines.append(line)
    desk.lines.sort(key=lambda line: line.line_no)
    return desk


async def _seen(call: Call, deciding: Deciding, lines: Sequence[Line]) -> frozenset[int]:
    """Which of these are any business of the caller's: before them, now or once, or their own."""
    found = {line.line_no for line in lines if deciding.may_see(line)}
    rest = [line for line in lines if line.line_no not in found]
    policies = await policies_of(call) if rest else Policies(stored={})
    return frozenset(found | await asked_now(call, deciding, policies, rest))


def unknown_request(text: str) -> Refusal:
    """There is no such request, or it is none of the caller's business."""
    return Refusal(
        Reason.UNKNOWN_REQUEST,
        f"There is no license request “{text}” that you may see: GET /api/license-requests lists"
        " yours, and those you decide about.",
        context={"request": text},
    )


async def _check_count(call: Call, requests: Collection[int]) -> None:
    count = await count_lines(call.tx, requests)
    if count > DECISIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"These requests are for {count} people together: give as many as are for at most"
            f" {DECISIONS_MAX}.",
        )


async def _named(call: Call, orders: Sequence[DecisionOrder]) -> Mapping[str, UserNo]:
    texts = sorted({text for order in orders for text in order.people or ()})
    return await find_users(call.tx, texts) if texts else {}


def _chosen(
    order: DecisionOrder,
    lines: Sequence[Line],
    named: Mapping[str, UserNo],
    wanted: LineState,
) -> Sequence[Line]:
    """The lines of a request that an order is about."""
    if order.people is None:
        # Of a whole request, what can be acted on; where nothing can, the truth about all of it.
        return [line for line in lines if line.state is wanted] or lines
    by_user = {line.user: line for line in lines}
    chosen = []
    for text in order.people:
        line = by_user.get(named[text]) if text in named else None
        if line is None:
            raise Refusal(
                Reason.UNKNOWN_USER,
                f"“{text}” is nobody whom the request {order.request} is for.",
                context={"user": text, "requestId": order.request},
                is_in_body=True,
            )
        if line not in chosen:
            chosen.append(line)
    return chosen


async def _refuse_what_may_not(call: Call, desk: Desk, deciding: Deciding) -> None:
    """Refuse what was decided before, and what is the caller's own."""
    names = await judges_of(call, desk.lines)
    for line in desk.lines:
        order, request = desk.orders[line.line_no], desk.request_of(line)
        step = step_of(line.state_at(call.now), Act.APPROVE if order.approves else Act.DENY)
        if isinstance(step, Refused):
            desk.refusals[line.line_no] = already(line, request, step, names)
            desk.states[line.line_no] = line.state_at(call.now)
        elif deciding.is_own(line) or request.principal == call.principal.principal_no:
            product = (await catalog_of(call)).sku_name(request.sku)
            desk.refusals[line.line_no] = _own(call, request, product)


async def refuse_what_moved(call: Call, desk: Desk, deciding: Deciding, policies: Policies) -> None:
    """Refuse what was the caller's to decide and is not any more, as for a manager of yesterday."""
    if deciding.may_any:
        return
    lines = [
        line
        for line in desk.lines
        if line.line_no not in desk.refusals and not deciding.is_own(line)
    ]
    asked = await asked_now(call, deciding, policies, lines)
    for line in lines:
        if line.line_no not in asked:
            desk.refusals[line.line_no] = unknown_request(desk.orders[line.line_no].request)


async def judges_of(call: Call, lines: Sequence[Line]) -> Mapping[PrincipalNo, str]:
    """Who decided about these lines, by name."""
    numbers = {line.decided_by for line in lines if line.decided_by is not None}
    return await judge_names(call.tx, numbers) if numbers else {}


def already(
    line: Line, request: LicenseRequest, step: Refused, names: Mapping[PrincipalNo, str]
) -> Refusal:
    """The truth about a line that cannot be acted on as it is: what it is, by whom, since when."""
    who = "seatwright" if line.decided_by is None else names.get(line.decided_by, "seatwright")
    state, at = line.state, line.decided_at
    if step.reason is Reason.ALREADY_DECIDED and at is None:
        # Its time is over, and upkeep has not come by to say so.
        state, at = LineState.EXPIRED, line.due_at
    when = "" if at is None else f" {state.value} by {who} on {at:%Y-%m-%d %H:%M} UTC"
    told = f" “{line.message}”" if line.message else ""
    return Refusal(
        step.reason,
        f"The request {request.id} was{when or ' not decided'}: {step.words}.{told}",
        context={
            "requestId": str(request.id),
            "state": state.value,
            "decidedBy": None if at is None else who,
            "decidedAt": None if at is None else at.isoformat(),
            "message": line.message,
        },
    )


def _own(call: Call, request: LicenseRequest, product: str) -> Refusal:
    return Refusal(
        Reason.OWN_REQUEST,
        f"“{call.principal.name}” asked for {product} on {request.created_at:%Y-%m-%d}, or would"
        " get it, and nobody decides their own: leave it to the other approvers, or to another"
        " administrator.",
        context={"requestId": str(request.id)},
    )


async def _deny(call: Call, desk: Desk) -> None:
    lines = desk.open_lines(approves=False)
    if not lines:
        return
    await give_back_holds(call, lines)
    rulings = [
        Ruling(line_no=line.line_no, state=LineState.DENIED, message=_message(desk.orders, line))
        for line in lines
    ]
    await store_rulings(
        call.tx, rulings, at=call.now, by=call.principal.principal_no, how=How.PERSON
    )
    await record_all(
        call, [line_of(HistoryAction.REQUEST_DENIED, one, desk.request_of(one)) for one in lines]
    )
    for line in lines:
        desk.states[line.line_no] = LineState.DENIED
    said = [Said(line=line, word="denied", message=_message(desk.orders, line)) for line in lines]
    await tell_of_ends(call, EventKind.LICENSE_REQUEST_DECIDED, said, desk.requests)


def _message(orders: Mapping[int, DecisionOrder], line: Line) -> str | None:
    return checked_text("message", orders[line.line_no].message)


async def _choose(call: Call, desk: Desk, approver: Approver) -> list[Chosen]:
    """What the approvals give; those that cannot be made stop no other."""
    lines = desk.open_lines(approves=True)
    found = await choose(call, lines, orders=desk.orders, requests=desk.requests, approver=approver)
    desk.refusals |= found.refusals
    return found.chosen


async def _hold_pools(
    call: Call, desk: Desk, chosen: Sequence[Chosen], group: Group | None
) -> None:
    """Lock every pool whose seats may move in this call, all at once and in their order."""
    skus: set[SkuNo] = {one.approval.sku for one in chosen}
    if group is not None:
        people = sorted({one.approval.line.user for one in chosen})
        skus |= await pools_of_group(call, group, people)
    await hold_pools(call, [n for n in desk.lines if n.line_no not in desk.refusals], skus)


async def _approve(call: Call, desk: Desk, chosen: Sequence[Chosen]) -> None:
    if not chosen:
        return
    delivered = await deliver(call, chosen, how=How.PERSON)
    for line in (one.approval.line for one in chosen):
        if line.line_no in delivered.given:
            desk.states[line.line_no] = LineState.APPROVED
        else:
            reason, detail = delivered.blocked[line.line_no]
            id_ = str(desk.request_of(line).id)
            desk.refusals[line.line_no] = Refusal(reason, detail, context={"requestId": id_})
