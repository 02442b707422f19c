"""What time does to requests: they expire, pass on to the alternate, and are held seats in turn.

Steps of upkeep, each a page in a transaction of its own, from what is: a worker that was away does
on its first tick what was due meanwhile, and two workers never do the same line.
"""

from __future__ import annotations

from dataclasses import replace

from seatwright.app.call import Call
from seatwright.app.record import record_all
from seatwright.app.requests.approving import line_of
from seatwright.app.requests.expiring import expire_lines
from seatwright.app.requests.holding import hold_seats
from seatwright.app.requests.routing import LATER_PARTS, policies_of, route_lines
from seatwright.app.requests.words import (
    tell_deciders,
)
from seatwright.app.reservations import give_back
from seatwright.domain.history import HistoryAction
from seatwright.domain.requests.lines import Hold
from seatwright.domain.requests.policy import (
    ADMINISTRATORS,
    hold_share,
    hold_time,
)
from seatwright.domain.reservations import ReservationKind, Room
from seatwright.domain.telling import EventKind
from seatwright.postgres.pools import free_seats
from seatwright.postgres.request_due import (
    due_lines,
    escalating_lines,
    first_in_line,
    lapsed_lines,
    skus_in_line,
    store_alternates,
)
from seatwright.postgres.requests import requests_by_number, store_holds
from seatwright.postgres.reservations import held_seats

LINES_AT_ONCE = 500
"""Lines of one step; each step is a short transaction."""


async def expire_requests(call: Call) -> bool:
    """End what nobody decided in time (C-09, C-12); whether there may be more."""
    lines = await due_lines(call.tx, now=call.now, limit=LINES_AT_ONCE)
    await expire_lines(call, lines)
    return len(lines) == LINES_AT_ONCE


async def escalate_requests(call: Call) -> bool:
    """Let the alternate decide too where nobody did in time; whether there may be more."""
    lines = await escalating_lines(call.tx, now=call.now, limit=LINES_AT_ONCE)
    if not lines:
        return False
    policies = await policies_of(call)
    requests = await requests_by_number(call.tx, (line.request_no for line in lines))
    alternates = await route_lines(call, policies, lines, parts=LATER_PARTS)
    moved = [replace(line, alternate=alternates[line.line_no]) for line in lines]
    await store_alternates(call.tx, {line.line_no: line.alternate for line in moved})
    await record_all(
        call,
        [line_of(HistoryAction.REQUEST_ESCALATED, n, requests[n.request_no]) for n in moved],
    )
    told = [n for n in moved if n.alternate not in {n.decider, ADMINISTRATORS}]
    told += [n for n in moved if n.alternate == ADMINISTRATORS != n.decider]
    kind = EventKind.LICENSE_REQUEST_ESCALATED
    await tell_deciders(call, kind, told, requests, policies=policies)
    return len(lines) == LINES_AT_ONCE


async def give_back_lapsed_holds(call: Call) -> bool:
    """Give back the seats whose days of being held are over; whether there may be more.

    The lines are held first and say so at once: who decides about one sees both or neither.
    """
    lines = await lapsed_lines(call.tx, now=call.now, limit=LINES_AT_ONCE)
    if lines:
        await store_holds(call.tx, lines, Hold.OVER)
        await give_back(call, ReservationKind.LICENSE_REQUEST, lines)
    return len(lines) == LINES_AT_ONCE


async def hold_for_next(call: Call) -> bool:
    """Hold seats for the first in line as room comes; whether there may be room for more."""
    if not hold_time(call.tenant.settings):
        return False
    share = hold_share(call.tenant.settings)
    skus = await skus_in_line(call.tx)
    free = await free_seats(call.tx, skus)
    held = await held_seats(call.tx, ReservationKind.LICENSE_REQUEST, skus)
    is_full = False
    for sku in skus:
        # A look without a lock: holding counts again under the lock of the pool.
        room = Room(free=free.get(sku, 0), held=held.get(sku, 0)).seats(share)
        if room > 0:
            limit = min(room, LINES_AT_ONCE)
            now_held = await hold_seats(call, await first_in_line(call.tx, sku, limit=limit))
            is_full = is_full or len(now_held) == LINES_AT_ONCE
    return is_full
