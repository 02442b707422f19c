"""Keeping what is pending before whoever decides now: after policies, managers and groups change.

Steps of upkeep. They look at what is, so that they follow whatever changed the directory. Where
very much is pending they look at a part of it each minute, in turn: whoever decides is looked up
once more at the decision, so that nobody decides meanwhile who may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from seatwright.app.call import Call
from seatwright.app.record import record_all
from seatwright.app.requests.approving import give_back_holds, line_of
from seatwright.app.requests.routing import (
    LATER_PARTS,
    Policies,
    policies_of,
    route_lines,
    small_parts,
)
from seatwright.app.requests.words import tell_cancelled, tell_deciders
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo
from seatwright.domain.requests.lines import How, LicenseRequest, Line
from seatwright.domain.requests.policy import (
    ADMINISTRATORS,
    DEFAULT_SKU,
    ApproverKind,
    Decider,
    DeciderKind,
    RequestPolicy,
)
from seatwright.domain.requests.states import LineState
from seatwright.domain.telling import EventKind
from seatwright.postgres.request_due import (
    before_others,
    hold_pending,
    needless_lines,
    pending_of_skus,
    policy_deciders,
    store_routes,
)
from seatwright.postgres.request_policies import hold_request_policies
from seatwright.postgres.request_rounds import (
    begin_round,
    end_round,
    go_behind,
    go_on,
    hold_round,
    span_in_turn,
)
from seatwright.postgres.requests import Ruling, requests_by_number, store_rulings

ROUTED_AT_ONCE = 1000
"""Lines that one transaction puts under a changed policy; the rest follows by steps of upkeep."""

LOOKED_AT = 5000
"""Pending lines that are looked at each minute; where there are more, in turn."""

DROPPED_AT_ONCE = 500


async def route_anew(call: Call, sku: SkuNo, before: Policies) -> None:
    """Put what is pending before whom a changed policy says; asking waits meanwhile.

    Where that are many it is begun here and done by upkeep, so that asking does not wait for long.
    """
    policies = await policies_of(call)
    await end_round(call.tx, sku)
    lines = await _of_policy(call, policies, sku, after=0, limit=ROUTED_AT_ONCE + 1)
    if len(lines) > ROUTED_AT_ONCE:
        await begin_round(call.tx, sku)
        return
    await _put_under(call, policies, lines, before=before)


async def follow_policies(call: Call) -> bool:
    """Put the next of what is pending under a changed policy; whether there may be more."""
    await hold_request_policies(call.tx)
    one = await hold_round(call.tx)
    if one is None:
        return False
    policies = await policies_of(call)
    lines = await _of_policy(call, policies, one.sku, after=one.after, limit=ROUTED_AT_ONCE)
    if not lines:
        await end_round(call.tx, one.sku)
        return True
    await _put_under(call, policies, lines, before=None)
    await go_on(call.tx, one, after=lines[-1].line_no)
    return True


async def _of_policy(
    call: Call, policies: Policies, sku: SkuNo, *, after: int, limit: int
) -> list[Line]:
    own = [one for one in policies.stored if one != DEFAULT_SKU]
    wanted = None if sku == DEFAULT_SKU else sku
    return await pending_of_skus(call.tx, sku=wanted, but=own, after=after, limit=limit)


async def _put_under(
    call: Call, policies: Policies, lines: Sequence[Line], *, before: Policies | None
) -> None:
    """Route these lines by the policies as they are now.

    Whoever decides now is told, the alternate's time and the end count from when it was asked.
    `before` None: who decided before is not known, and who was told before is not told again.
    """
    if not lines:
        return
    requests = await requests_by_number(call.tx, (line.request_no for line in lines))
    deciders = await route_lines(call, policies, lines)
    escalated = [line for line in lines if line.alternate != ADMINISTRATORS]
    alternates = await route_lines(call, policies, escalated, parts=LATER_PARTS)
    moved = [
        _moved(
            replace(line, decider=deciders[line.line_no]),
            requests[line.request_no],
            policies.of(line.sku),
            alternate=None
            if _has_others(line.alternate, policies, before)
            else alternates.get(line.line_no),
            now=call.now,
        )
        for line in lines
    ]
    await store_routes(call.tx, moved)
    told = [
        line
        for line, old in zip(moved, lines, strict=True)
        if line.decider != old.decider or _has_others(line.decider, policies, before)
    ]
    kind = EventKind.LICENSE_REQUEST_RECEIVED
    await tell_deciders(call, kind, told, requests, policies=policies)


def _has_others(decider: Decider, policies: Policies, before: Policies | None) -> bool:
    """Whether behind a part of a policy there may be other people than before."""
    if before is None:
        return decider.kind is DeciderKind.POLICY
    return policies.behind(decider) != before.behind(decider)


def _moved(
    line: Line,
    request: LicenseRequest,
    policy: RequestPolicy,
    *,
    alternate: Decider | None,
    now: datetime,
) -> Line:
    """A line with the times that a policy sets, counted from when it was asked.

    `alternate` is whom the policy would pass it on to, where it was passed on before: who may
    decide already, and would again, goes on to.
    """
    due = policy.due_at(line.created_at, wished_end=request.expires_at)
    if request.is_extension:
        # It ends with what was to be extended, whatever the policy says.
        due = min(due, line.due_at)
    escalates = policy.escalates_at(line.created_at)
    if escalates is not None and escalates <= now and alternate == line.alternate:
        return replace(line, due_at=due, escalates_at=None)
    return replace(
        line,
        due_at=due,
        alternate=ADMINISTRATORS,
        escalates_at=None if escalates is None else max(escalates, now),
    )


async def drop_needless(call: Call) -> bool:
    """Cancel what was asked for people who are gone, or have it by now; whether more may be."""
    span = await span_in_turn(call.tx, limit=LOOKED_AT)
    lines = await needless_lines(call.tx, span, now=call.now, limit=DROPPED_AT_ONCE)
    if not lines:
        return False
    requests = await requests_by_number(call.tx, (line.request_no for line in lines))
    await give_back_holds(call, lines)
    rulings = [Ruling(line_no=line.line_no, state=LineState.CANCELLED) for line in lines]
    by = call.principal.principal_no
    await store_rulings(call.tx, rulings, at=call.now, by=by, how=How.TIME)
    await record_all(
        call,
        [line_of(HistoryAction.REQUEST_CANCELLED, n, requests[n.request_no]) for n in lines],
    )
    policies = await policies_of(call)
    await tell_cancelled(call, lines, requests, policies=policies, message=None)
    return len(lines) == DROPPED_AT_ONCE


async def route_again(call: Call) -> bool:
    """Put what is before who cannot decide any more before whoever can, and tell them."""
    await hold_request_policies(call.tx)
    policies = await policies_of(call)
    direct = all(
        one.level == 1
        for policy in (policies.of(DEFAULT_SKU), *policies.stored.values())
        for one in policy.parts().values()
        if one.kind is ApproverKind.MANAGER
    )
    small = await small_parts(call, policies, await policy_deciders(call.tx))
    span = await span_in_turn(call.tx, limit=LOOKED_AT)
    lines = await before_others(call.tx, span, small=small, direct_is_right=direct)
    routed = await _routed(call, policies, lines)
    moving = {new.line_no: new for new, old in zip(routed, lines, strict=True) if new != old}
    held = await hold_pending(call.tx, sorted(moving))
    moved = [
        replace(line, decider=to.decider, alternate=to.alternate)
        for line, to in ((line, moving[line.line_no]) for line in held)
    ]
    await store_routes(call.tx, moved)
    requests = await requests_by_number(call.tx, (line.request_no for line in moved))
    for kind, told in (
        (EventKind.LICENSE_REQUEST_RECEIVED, _changed(held, moved, "decider")),
        (EventKind.LICENSE_REQUEST_ESCALATED, _changed(held, moved, "alternate")),
    ):
        await tell_deciders(call, kind, told, requests, policies=policies)
    return False


async def _routed(call: Call, policies: Policies, lines: Sequence[Line]) -> list[Line]:
    """These lines before whoever decides now, and may decide too."""
    deciders = await route_lines(call, policies, lines)
    escalated = [line for line in lines if line.alternate != ADMINISTRATORS]
    alternates = await route_lines(call, policies, escalated, parts=LATER_PARTS)
    return [
        replace(
            line,
            decider=deciders[line.line_no],
            alternate=alternates.get(line.line_no, line.alternate),
        )
        for line in lines
    ]


def _changed(
    old: Sequence[Line], new: Sequence[Line], who: Literal["decider", "alternate"]
) -> list[Line]:
    return [
        after
        for before, after in zip(old, new, strict=True)
        if getattr(before, who) != getattr(after, who)
    ]


async def go_round(call: Call) -> bool:
    """Let the next part of what is pending be looked at in the next minute. Always False."""
    await go_behind(call.tx, await span_in_turn(call.tx, limit=LOOKED_AT))
    return False
