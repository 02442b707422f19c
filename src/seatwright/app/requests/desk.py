"""The lines that a call about requests names, found and held before anything is decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.requests.orders import DecisionOrder
from seatwright.app.requests.routing import Deciding, Policies, asked_now, policies_of
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.requests.lines import LicenseRequest, Line
from seatwright.domain.requests.states import LineState
from seatwright.postgres.requests import count_lines, find_requests, lines_of_requests
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


@dataclass(slots=True)
class Absent:
    """What a call names and is not there for the caller, where that is counted and not refused."""

    requests: list[str] = field(default_factory=list)
    """Requests that there are not, or of which nothing is the caller's."""

    people: int = 0
    """People of other requests who are gone, or none of the caller's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """Whom a call names, and which lines its caller may see."""

    people: Mapping[str, UserNo]
    seen: frozenset[int]
    wanted: LineState
    absent: Absent | None


async def open_desk(
    call: Call,
    orders: Sequence[DecisionOrder],
    deciding: Deciding,
    *,
    wanted: LineState = LineState.PENDING,
    absent: Absent | None = None,
) -> Desk:
    """Find and hold the lines that orders name, in the order of their numbers.

    Of a whole request those that are the caller's to see, in the state `wanted` if any is. With
    `absent`, what is not there is counted in it, and the desk has the rest, or no line at all.

    Raises Refusal unknownRequest for one that there is not, or of which nothing is the caller's;
    unknownUser; invalidValue for more lines than one call holds.
    """
    ids = {order.request: parse_id(order.request) for order in orders}
    known = await find_requests(call.tx, (one for one in ids.values() if one is not None))
    requests = {one.request_no: one for one in known.values()}
    await _check_count(call, requests)
    lines = await lines_of_requests(call.tx, requests, is_locked=True)
    named = _Named(
        people=await _people(call, orders),
        seen=await _seen(call, deciding, lines),
        wanted=wanted,
        absent=absent,
    )
    of_request: dict[int, list[Line]] = {}
    for line in lines:
        of_request.setdefault(line.request_no, []).append(line)
    desk = Desk(requests=requests, lines=[], orders={})
    for order in orders:
        id_ = ids[order.request]
        request = None if id_ is None else known.get(id_)
        there = [] if request is None else of_request.get(request.request_no, [])
        for line in _chosen(order, there, named):
            if desk.orders.setdefault(line.line_no, order) is not order:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"The call decides twice about the same person of {desk.request_of(line).id}.",
                    context={"requestId": str(desk.request_of(line).id)},
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


async def _people(call: Call, orders: Sequence[DecisionOrder]) -> Mapping[str, UserNo]:
    texts = sorted({text for order in orders for text in order.people or ()})
    return await find_users(call.tx, texts) if texts else {}


def _chosen(order: DecisionOrder, lines: Sequence[Line], named: _Named) -> Sequence[Line]:
    """The lines of a request that an order is about."""
    mine = [line for line in lines if line.line_no in named.seen]
    if not mine:
        if named.absent is None:
            raise unknown_request(order.request)
        named.absent.requests.append(order.request)
        return ()
    if order.people is None:
        # Of a whole request, what can be acted on; where nothing can, the truth about all of it.
        return [line for line in mine if line.state is named.wanted] or mine
    by_user = {line.user: line for line in lines}
    chosen: dict[int, Line] = {}
    for text in order.people:
        line = by_user.get(named.people[text]) if text in named.people else None
        if line is not None and line.line_no in named.seen:
            chosen[line.line_no] = line
        elif named.absent is not None:
            named.absent.people += 1
        elif line is not None:
            raise unknown_request(order.request)
        else:
            raise Refusal(
                Reason.UNKNOWN_USER,
                f"“{text}” is nobody whom the request {order.request} is for.",
                context={"user": text, "requestId": order.request},
                is_in_body=True,
            )
    return tuple(chosen.values())
