"""Cancelling a request, taking an approval back, and asking for the same again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.dynamic.memberships import hold_members
from seatwright.app.record import record_all
from seatwright.app.requests.approving import give_back_holds, line_of
from seatwright.app.requests.asking import Asked, ask
from seatwright.app.requests.deciding import (
    already,
    judges_of,
    note_in_ledger,
    refuse_what_moved,
)
from seatwright.app.requests.desk import Desk, Verdict, open_desk, unknown_request
from seatwright.app.requests.orders import AskOrder, DecisionOrder, checked_text
from seatwright.app.requests.routing import deciding_of, policies_of
from seatwright.app.requests.taking import take_approved
from seatwright.app.requests.words import Said, tell_cancelled, tell_of_ends
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.lines import How, Line
from seatwright.domain.requests.states import Act, LineState, Refused, step_of
from seatwright.domain.telling import EventKind
from seatwright.postgres.labels import group_labels, user_labels
from seatwright.postgres.request_policies import hold_request_policies
from seatwright.postgres.requests import (
    Ruling,
    approve_again,
    find_requests,
    lines_of_requests,
    requests_by_number,
    store_rulings,
    store_undone,
)
from seatwright.postgres.users import find_users


async def cancel(
    call: Call, text: str, *, people: Sequence[str] | None = None, message: str | None = None
) -> list[Verdict]:
    """Withdraw a request, or some of its people: by who asked, who would get it, or who decides.

    Raises Refusal unknownRequest, unknownUser; alreadyDecided where nothing is pending any more.
    """
    desk = await _desk(call, text, people, Act.CANCEL)
    lines = [line for line in desk.lines if line.line_no not in desk.refusals]
    said = checked_text("message", message)
    if lines:
        await give_back_holds(call, lines)
        rulings = [
            Ruling(line_no=n.line_no, state=LineState.CANCELLED, message=said) for n in lines
        ]
        by = call.principal.principal_no
        await store_rulings(call.tx, rulings, at=call.now, by=by, how=How.PERSON)
        await _record(call, HistoryAction.REQUEST_CANCELLED, desk, lines)
        policies = await policies_of(call)
        await tell_cancelled(call, lines, desk.requests, policies=policies, message=said)
    return _ended(call, desk, lines, LineState.CANCELLED)


async def undo(
    call: Call, text: str, *, people: Sequence[str] | None = None, message: str | None = None
) -> list[Verdict]:
    """Take back what an approval gave; whoever may decide about it may.

    The licenses go by the brake like any others. Raises Refusal unknownRequest, unknownUser,
    stillPending and alreadyDecided, and ownRequest for one's own.
    """
    desk = await _desk(call, text, people, Act.UNDO)
    lines = [line for line in desk.lines if line.line_no not in desk.refusals]
    if lines:
        await take_approved(call, lines, desk.requests)
        said = checked_text("message", message)
        by = call.principal.principal_no
        await store_undone(
            call.tx, [line.line_no for line in lines], at=call.now, by=by, message=said
        )
        await _record(call, HistoryAction.REQUEST_UNDONE, desk, lines)
        # What the brake holds is taken from nobody before a second administrator agrees.
        word = "to be undone, once a second administrator agrees" if call.ledger.held else "undone"
        told = [Said(line=line, word=word, message=said) for line in lines]
        await tell_of_ends(call, EventKind.LICENSE_REQUEST_DECIDED, told, desk.requests)
    return _ended(call, desk, lines, LineState.UNDONE)


async def keep_approved(
    call: Call, users: Sequence[UserNo], *, sku: SkuNo, undone_at: datetime
) -> None:
    """Have the undoing of approvals be undone: a second administrator rejected it."""
    by = call.principal.principal_no
    lines = await approve_again(call.tx, users, sku=sku, undone_at=undone_at, by=by)
    if not lines:
        return
    requests = await requests_by_number(call.tx, {line.request_no for line in lines})
    action = HistoryAction.REQUEST_APPROVED
    await record_all(call, [line_of(action, line, requests[line.request_no]) for line in lines])
    word = "stays approved, for undoing it was rejected"
    told = [Said(line=line, word=word, message=None) for line in lines]
    await tell_of_ends(call, EventKind.LICENSE_REQUEST_DECIDED, told, requests)


async def ask_again(call: Call, text: str) -> Asked:
    """Make a new request for those of an old one who did not get it, or have it no more.

    Raises Refusal unknownRequest, alreadyRequested while it is pending, alreadyDecided where it was
    approved, and what asking raises.
    """
    deciding = await deciding_of(call, await policies_of(call))
    id_ = parse_id(text)
    found = {} if id_ is None else await find_requests(call.tx, (id_,))
    request = found.get(id_) if id_ is not None else None
    lines = [] if request is None else await lines_of_requests(call.tx, (request.request_no,))
    mine = [line for line in lines if deciding.may_any or deciding.is_own(line)]
    if request is None or not mine:
        raise unknown_request(text)
    states = {line.line_no: line.state_at(call.now) for line in mine}
    again = [n for n in mine if not isinstance(step_of(states[n.line_no], Act.ASK_AGAIN), Refused)]
    if not again:
        step = step_of(states[mine[0].line_no], Act.ASK_AGAIN)
        assert isinstance(step, Refused), "what is not refused is asked again"
        raise already(mine[0], request, step, await judges_of(call, mine))
    labels = await user_labels(call.tx, [line.user for line in again])
    ids = [str(labels[line.user].id) for line in again if line.user in labels]
    living = await find_users(call.tx, ids)
    if not living:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"Nobody whom {request.id} was for is in the directory any more: ask anew, for others.",
            context={"requestId": str(request.id)},
        )
    ends = request.expires_at
    if ends is not None and ends <= call.now:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{request.id} asked until {ends:%Y-%m-%d %H:%M} UTC, and that is over: ask anew, with"
            " a later end or none.",
            context={"requestId": str(request.id)},
        )
    starts = request.starts_at
    catalog = await catalog_of(call)
    sku = catalog.skus[request.sku]
    return await ask(
        call,
        AskOrder(
            sku=str(sku.sku_id),
            people=[one for one in ids if one in living],
            justification=request.justification,
            disabled=[str(p.service_plan_id) for p in catalog.plans_of(request.disabled)],
            starts_at=starts if starts is not None and starts > call.now else None,
            expires_at=ends,
            extends=request.is_extension,
        ),
    )


async def _desk(call: Call, text: str, people: Sequence[str] | None, act: Act) -> Desk:
    """The lines that are to be acted on, held, with what stands against each."""
    await hold_request_policies(call.tx)
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    if act is Act.UNDO:
        await _hold_groups(call, text)
    order = DecisionOrder(request=text, people=people, approves=False)
    wanted = LineState.PENDING if act is Act.CANCEL else LineState.APPROVED
    desk = await open_desk(call, (order,), deciding, wanted=wanted)
    names = await judges_of(call, desk.lines)
    for line in desk.lines:
        step = step_of(line.state_at(call.now), act)
        request = desk.request_of(line)
        if isinstance(step, Refused):
            desk.refusals[line.line_no] = already(line, request, step, names)
            desk.states[line.line_no] = line.state_at(call.now)
        elif act is Act.UNDO and deciding.is_own(line):
            desk.refusals[line.line_no] = Refusal(
                Reason.OWN_REQUEST,
                f"“{call.principal.name}” asked for {request.id}, or got it, and nobody decides"
                " their own: leave it to the other approvers, or give the license back.",
                context={"requestId": str(request.id)},
            )
    await refuse_what_moved(call, desk, deciding, policies)
    return desk


async def _hold_groups(call: Call, text: str) -> None:
    """The groups through which a request was delivered, before its lines are held."""
    id_ = parse_id(text)
    found = {} if id_ is None else await find_requests(call.tx, (id_,))
    lines = await lines_of_requests(call.tx, (one.request_no for one in found.values()))
    groups = {n.given.group for n in lines if n.given is not None and n.given.group is not None}
    known = await group_labels(call.tx, sorted(groups))
    await hold_members(call, sorted(known))


async def _record(call: Call, action: HistoryAction, desk: Desk, lines: Sequence[Line]) -> None:
    await record_all(call, [line_of(action, line, desk.request_of(line)) for line in lines])


def _ended(call: Call, desk: Desk, lines: Sequence[Line], state: LineState) -> list[Verdict]:
    for line in lines:
        desk.states[line.line_no] = state
    verdicts = desk.verdicts()
    note_in_ledger(call, verdicts)
    if not lines:
        raise next(one.refusal for one in verdicts if one.refusal is not None)
    return verdicts
