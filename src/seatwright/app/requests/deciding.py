"""Deciding about requests: one or ten thousand, whole or person by person (R-07, R-17).

Each line is decided alone, so that of many decisions one that cannot be made stops no other; the
answer says of every one what became of it. Where none may be made at all, the call is refused with
the reason of the first. Who may be approved and cannot be given it stays pending, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record_all
from seatwright.app.requests.approving import Chosen, deliver, give_back_holds, line_of
from seatwright.app.requests.choosing import Approver, choose, group_of_orders
from seatwright.app.requests.desk import (
    DECISIONS_MAX,
    Absent,
    Desk,
    Verdict,
    open_desk,
    unknown_request,
)
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
from seatwright.domain.directory import Group
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import PrincipalNo, SkuNo
from seatwright.domain.requests.lines import How, LicenseRequest, Line
from seatwright.domain.requests.states import Act, LineState, Refused, step_of
from seatwright.domain.telling import EventKind
from seatwright.postgres.request_people import judge_names
from seatwright.postgres.request_policies import hold_request_policies
from seatwright.postgres.requests import Ruling, store_rulings


class NothingDecided(Refusal):
    """Nothing of a call may be decided: the reason of the first, and what became of each."""

    def __init__(self, first: Refusal, verdicts: Sequence[Verdict]) -> None:
        """Take the reason of the first over, with everybody's."""
        super().__init__(
            first.reason, first.detail, context=first.context, is_in_body=first.is_in_body
        )
        self.verdicts = verdicts


async def decide(
    call: Call, orders: Sequence[DecisionOrder], *, absent: Absent | None = None
) -> list[Verdict]:
    """Make these decisions as the caller.

    With `absent`, requests and people that are not there are counted in it, and the others are
    decided about: a form is sent later than its page was made.

    Raises Refusal: unknownRequest, unknownUser, invalidValue for what is no decision at all; and
    where nothing may be decided NothingDecided with the reason of the first: alreadyDecided with
    who did and when, ownRequest, or roleMissing for a product or a group that is not the caller's
    to give.
    """
    _check_orders(orders)
    await hold_request_policies(call.tx)
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    group = await group_of_orders(call, orders, deciding)
    desk = await open_desk(call, orders, deciding, absent=absent)
    if not desk.lines:
        raise NothingDecided(unknown_request(orders[0].request), ())
    await _refuse_what_may_not(call, desk, deciding)
    await refuse_what_moved(call, desk, deciding, policies)
    chosen = await _choose(call, desk, Approver(deciding=deciding, policies=policies, group=group))
    if len(desk.refusals) == len(desk.lines):
        raise NothingDecided(desk.refusals[desk.lines[0].line_no], desk.verdicts())
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
