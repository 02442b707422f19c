"""Requests as files: the queue as somebody may see it, and who decides about which product."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.exports.lists import (
    COUNT,
    FLAG,
    MOMENT,
    MONEY,
    Asked,
    ListFile,
    columns_of,
    page_of_list,
    whole,
)
from seatwright.app.requests.policies import PolicySeen, list_request_policies
from seatwright.app.requests.queue import LineSeen, QueueOrder, queue_page, state_shown
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.requests.policy import ApproverKind, Approvers, Part
from seatwright.domain.roles import Permission


async def _requests(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    show = asked.get("show", "all")
    order = QueueOrder(
        state=asked.get("state", state_shown(show)),
        to_decide=show == "decide",
        mine=show == "mine",
        product=asked.get("product"),
        person=asked.get("person"),
        search=asked.get("search"),
        order=asked.get("order"),
    )
    found = await queue_page(
        call, order, after=None if after is None else int(after[0]), limit=limit
    )

    def cells(one: LineSeen) -> Cells:
        line, request = one.line, one.request
        return (
            str(request.id),
            None if one.person is None else one.person.upn,
            None if one.person is None else one.person.display_name,
            one.sku.part_number,
            line.state_at(call.now).value,
            one.requested_by,
            request.created_at,
            request.justification,
            ", ".join(one.approvers),
            one.price,
            one.currency,
            one.decided_by,
            line.decided_at,
            line.message,
            line.due_at,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.line.line_no,))


async def _policies(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    return whole(
        (
            None if one.sku is None else one.sku.part_number,
            one.policy.is_open,
            one.policy.needs_justification,
            _who(one, Part.APPROVERS),
            _who(one, Part.FALLBACK),
            _who(one, Part.ALTERNATE),
            one.policy.alternate_after_hours,
            one.policy.pending_days,
            one.policy.license_days,
            one.policy.approves_while_free,
            one.policy.approves_within,
        )
        for one in await list_request_policies(call)
    )


def _who(seen: PolicySeen, part: Part) -> str | None:
    one: Approvers | None = seen.policy.part(part)
    if one is None:
        return None
    match one.kind:
        case ApproverKind.MANAGER:
            return f"manager {one.level}"
        case ApproverKind.PEOPLE:
            return ", ".join(seen.users[no].upn for no in one.users if no in seen.users)
        case ApproverKind.GROUP:
            group = None if one.group is None else seen.groups.get(one.group)
            return None if group is None else f"group {group.display_name}"
        case _:
            return ", ".join(role.value for role in one.roles)


REQUEST_LISTS: Final = (
    ListFile(
        name=ListName.REQUESTS,
        permission=Permission.SEE_REQUESTS,
        columns=columns_of(
            "request",
            "userPrincipalName",
            "displayName",
            "skuPartNumber",
            "state",
            "requestedBy",
            ("requestedAt", MOMENT),
            "justification",
            "approvers",
            ("price", MONEY),
            "currency",
            "decidedBy",
            ("decidedAt", MOMENT),
            "message",
            ("dueAt", MOMENT),
        ),
        filters=("show", "product", "person", "state", "search", "order"),
        read=_requests,
    ),
    ListFile(
        name=ListName.REQUEST_POLICIES,
        permission=Permission.READ_ANY_REQUEST,
        columns=columns_of(
            "skuPartNumber",
            ("open", FLAG),
            ("justificationNeeded", FLAG),
            "approvers",
            "fallback",
            "alternate",
            ("alternateAfterHours", COUNT),
            ("pendingDays", COUNT),
            ("licenseDays", COUNT),
            ("approvesWhileFree", COUNT),
            ("approvesWithin", MONEY),
        ),
        filters=(),
        read=_policies,
    ),
)
