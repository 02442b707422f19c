"""Ending what nobody decided in time (C-09, C-12): by upkeep, or by who asks for the same anew."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.record import record_all
from seatwright.app.requests.approving import give_back_holds, line_of
from seatwright.app.requests.words import Said, tell_of_ends
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.lines import How, Line
from seatwright.domain.requests.states import LineState
from seatwright.domain.telling import EventKind
from seatwright.postgres.request_due import overdue_lines
from seatwright.postgres.requests import Ruling, requests_by_number, store_rulings


async def expire_lines(call: Call, lines: Sequence[Line]) -> None:
    """End lines whose time is over, which are held, and tell their people."""
    if not lines:
        return
    requests = await requests_by_number(call.tx, (line.request_no for line in lines))
    await give_back_holds(call, lines)
    rulings = [Ruling(line_no=line.line_no, state=LineState.EXPIRED) for line in lines]
    by = call.principal.principal_no
    await store_rulings(call.tx, rulings, at=call.now, by=by, how=How.TIME)
    await record_all(
        call,
        [line_of(HistoryAction.REQUEST_EXPIRED, n, requests[n.request_no]) for n in lines],
    )
    said = [Said(line=line, word="expired", message=None) for line in lines]
    await tell_of_ends(call, EventKind.LICENSE_REQUEST_EXPIRED, said, requests)


async def expire_overdue(call: Call, sku: SkuNo, users: Sequence[UserNo]) -> None:
    """End what these asked for that is over before upkeep has seen it: they may ask anew."""
    await expire_lines(call, await overdue_lines(call.tx, sku, users, now=call.now))
