"""`/requests/{id}`: one request, what became of each of its people, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.desk import Verdict
from seatwright.app.requests.ending import ask_again, cancel, undo
from seatwright.app.requests.queue import LineSeen, see_request
from seatwright.app.requests.routing import asked_now, deciding_of, policies_of
from seatwright.app.requests.sharing import RECEIVERS_MAX, share
from seatwright.app.requests.standing import is_own_of
from seatwright.domain.requests.lines import How
from seatwright.domain.requests.states import Act, LineState, Refused, step_of
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import note, page, see
from seatwright.web.portal.requests.ruling import decided_words

_TAKES_PART = Permission.TAKE_PART_IN_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something on the time line of a request; `is_ahead`: it has not come yet.

    `what` is asked, decided, escalates or due, and `state` what a decision made of it.
    """

    at: datetime
    what: str
    is_ahead: bool = False
    state: LineState | None = None
    by: str | None = None
    people: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What somebody can do about the lines that they see: the numbers of those lines."""

    decide: frozenset[int]
    cancel: frozenset[int]
    undo: frozenset[int]
    again: bool


@get("/requests/{request_id:str}", opt=needs(Permission.SEE_REQUESTS))
async def one_request(
    call: TheCall,
    request: AnyRequest,
    request_id: FromPath[str],
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What is asked, for whom and why; the state of each; what was and what will be."""
    asked, lines = await see_request(call, request_id)
    takes_part = call.principal.may(_TAKES_PART)
    ways = await _ways(call, lines) if takes_part else None
    return page(
        request,
        "request.html",
        asked=asked,
        sku=lines[0].sku,
        lines=lines,
        requested_by=lines[0].requested_by,
        plans=(await catalog_of(call)).plans_of(asked.disabled),
        moments=_moments(call, lines),
        ways=ways,
        pending=LineState.PENDING,
        states={one.line.line_no: one.line.state_at(call.now) for one in lines},
        receivers_max=RECEIVERS_MAX,
        done_words=await decided_words(call, request, done),
    )


async def _ways(call: Call, lines: Sequence[LineSeen]) -> Ways:
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    asked = await asked_now(call, deciding, policies, [one.line for one in lines])
    may: dict[Act, set[int]] = {act: set() for act in Act}
    for one in lines:
        line, is_own = one.line, is_own_of(deciding, one)
        decides = (deciding.may_any or line.line_no in asked) and not is_own
        for act, is_theirs in (
            (Act.APPROVE, decides),
            (Act.CANCEL, decides or is_own),
            (Act.UNDO, decides),
            (Act.ASK_AGAIN, is_own or deciding.may_any),
        ):
            step = step_of(line.state_at(call.now), act)
            if is_theirs and not isinstance(step, Refused):
                may[act].add(line.line_no)
    return Ways(
        decide=frozenset(may[Act.APPROVE]),
        cancel=frozenset(may[Act.CANCEL]),
        undo=frozenset(may[Act.UNDO]),
        again=bool(may[Act.ASK_AGAIN]),
    )


def _moments(call: Call, lines: Sequence[LineSeen]) -> list[Moment]:
    """When it was asked and decided, and what comes next, in the order of time."""
    found = [Moment(at=lines[0].request.created_at, what="asked", by=lines[0].requested_by)]
    ends: dict[tuple[datetime, LineState, str | None], int] = {}
    for one in lines:
        line = one.line
        if line.decided_at is not None and line.state is not LineState.PENDING:
            by = None if line.how is How.TIME else one.decided_by
            ends[line.decided_at, line.state, by] = (
                ends.get((line.decided_at, line.state, by), 0) + 1
            )
    found += [
        Moment(at=at, what="decided", state=state, by=by, people=people)
        for (at, state, by), people in ends.items()
    ]
    waiting = [one.line for one in lines if one.line.state_at(call.now) is LineState.PENDING]
    escalations = [line.escalates_at for line in waiting if line.escalates_at is not None]
    if escalations:
        found.append(Moment(at=min(escalations), what="escalates", is_ahead=True))
    if waiting:
        found.append(Moment(at=min(line.due_at for line in waiting), what="due", is_ahead=True))
    return sorted(found, key=lambda one: one.at)


@post("/requests/{request_id:str}/cancel", opt=needs(_TAKES_PART), status_code=303)
async def cancel_request(
    call: TheCall, request: AnyRequest, request_id: FromPath[str]
) -> Response[None]:
    """Take a request back, or some of its people."""
    form = form_of(request)
    ended = await cancel(call, request_id, people=_people(form), message=form.text("message"))
    return _ended(request, ended, form, request_id, done="cancelled")


@post("/requests/{request_id:str}/undo", opt=needs(_TAKES_PART), status_code=303)
async def undo_approval(
    call: TheCall, request: AnyRequest, request_id: FromPath[str]
) -> Response[None]:
    """Take back what an approval gave."""
    form = form_of(request)
    ended = await undo(call, request_id, people=_people(form), message=form.text("message"))
    return _ended(request, ended, form, request_id, done="returned")


@post("/requests/{request_id:str}/again", opt=needs(_TAKES_PART), status_code=303)
async def ask_once_more(call: TheCall, request_id: FromPath[str]) -> Response[None]:
    """Ask for the same again."""
    asked = await ask_again(call, request_id)
    return see(f"/requests/{asked.request.id}?done=asked")


@post("/requests/{request_id:str}/share", opt=needs(_TAKES_PART), status_code=303)
async def share_request(
    call: TheCall, request: AnyRequest, request_id: FromPath[str]
) -> Response[None]:
    """Mail it to people whose word counts."""
    form = form_of(request)
    await share(
        call,
        request_id,
        people=names_in(form.text("people")),
        subject=form.text("subject"),
        message=form.text("message"),
        link=str(request.scope["state"]["public_url"]),
    )
    return see(f"/requests/{request_id}?done=shared")


def names_in(text: str | None) -> list[str]:
    """People as they are typed into a field: one a line, or with commas in between."""
    return [name.strip() for name in (text or "").replace(",", "\n").splitlines() if name.strip()]


def _people(form: Form) -> list[str] | None:
    """The people of a form; all of them where it names none."""
    return [person for person in form.all("person") if person] or None


def _ended(
    request: AnyRequest, ended: Sequence[Verdict], form: Form, request_id: str, *, done: str
) -> Response[None]:
    note(request, [one.refusal.detail for one in ended if one.refusal is not None])
    if form.text("show"):
        return see("/requests?" + urlencode({"show": form.text("show"), "done": done}))
    return see(f"/requests/{request_id}?done={done}")


ONE_REQUEST_PAGES = (one_request, cancel_request, undo_approval, ask_once_more, share_request)
