"""What whoever approves chose, checked line by line: another product, service plans, a group.

Of many decisions one that cannot be made stops no other, so that what stands against one is kept
beside the others, not raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.approving import Choice, Chosen, approval_of
from seatwright.app.requests.joining import hold_for_joining, unfit_for_group
from seatwright.app.requests.orders import DecisionOrder, checked_text
from seatwright.app.requests.routing import Deciding, Policies, route
from seatwright.domain.directory import Group
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.lines import LicenseRequest, Line
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who approves, by which policies, and through which group if through one."""

    deciding: Deciding
    policies: Policies
    group: Group | None


@dataclass(slots=True)
class Choices:
    """What can be approved, and by line why the others cannot."""

    chosen: list[Chosen] = field(default_factory=list)
    refusals: dict[int, Refusal] = field(default_factory=dict)

    def refuse(self, refusals: Mapping[int, Refusal]) -> None:
        """Take lines out again."""
        self.refusals |= refusals
        self.chosen = [one for one in self.chosen if one.approval.line.line_no not in refusals]


async def group_of_orders(
    call: Call, orders: Sequence[DecisionOrder], deciding: Deciding
) -> Group | None:
    """The group through which approvals are delivered, held; None for the direct way.

    Who is in it may open what it opens, and gets everything that it gives: that is for whoever
    may decide about everybody's, or changes groups. Raises Refusal roleMissing, unknownGroup,
    membersFollowRule.
    """
    text = next((order.group for order in orders if order.approves and order.group), None)
    if text is None:
        return None
    if not (deciding.may_any or deciding.principal.may(Permission.WRITE_GROUPS)):
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{deciding.principal.name}” may not put people into groups: approve without group,"
            " or leave it to an administrator.",
        )
    return await hold_for_joining(call, text)


async def choose(
    call: Call,
    lines: Sequence[Line],
    *,
    orders: Mapping[int, DecisionOrder],
    requests: Mapping[int, LicenseRequest],
    approver: Approver,
) -> Choices:
    """What approving each of these lines gives, and for which of them it cannot be given so."""
    catalog = await catalog_of(call)
    found = Choices()
    for line in lines:
        try:
            choice = _choice(catalog, line, orders[line.line_no], group=approver.group)
            request = requests[line.request_no]
            found.chosen.append(
                approval_of(call, line, request, policies=approver.policies, choice=choice)
            )
        except Refusal as refusal:
            found.refusals[line.line_no] = refusal
    found.refuse(await _not_theirs(call, catalog, found.chosen, approver))
    if approver.group is not None:
        approvals = [one.approval for one in found.chosen]
        found.refuse(
            await unfit_for_group(call, approvals, approver.group, policies=approver.policies)
        )
    return found


def _choice(
    catalog: TenantCatalog, line: Line, order: DecisionOrder, *, group: Group | None
) -> Choice:
    if group is not None and order.disabled is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{group.display_name} says which service plans its members get: leave"
            " disabledServicePlans out, or approve without group.",
        )
    sku = catalog.skus[line.sku]
    if order.sku is not None:
        sku = catalog.require_sku(order.sku, is_in_body=True)
    return Choice(
        sku=sku,
        disabled=None if order.disabled is None else catalog.disabled_bits(sku, order.disabled),
        group=group,
        message=checked_text("message", order.message),
    )


async def _not_theirs(
    call: Call, catalog: TenantCatalog, chosen: Sequence[Chosen], approver: Approver
) -> dict[int, Refusal]:
    """Those who are to be given a product about which the approver does not decide for them.

    Who decides about one product would else give away every other, past its own policy.
    """
    if approver.deciding.may_any:
        return {}
    others: dict[tuple[SkuNo, UserNo | None], list[Line]] = {}
    for one in chosen:
        line, sku = one.approval.line, one.approval.sku
        if sku != line.sku:
            others.setdefault((sku, line.requestor), []).append(line)
    refusals = {}
    for (sku, requestor), lines in others.items():
        policy = approver.policies.of(sku)
        users = [line.user for line in lines] if policy.is_open else []
        deciders = await route(call, policy, users, requestor=requestor)
        for line in lines:
            if deciders.get(line.user) not in approver.deciding.keys:
                refusals[line.line_no] = Refusal(
                    Reason.ROLE_MISSING,
                    f"“{approver.deciding.principal.name}” does not decide who is given"
                    f" {catalog.sku_name(sku)}: approve what was asked for, or leave it to who"
                    " decides about that.",
                    context={"skuId": str(catalog.skus[sku].sku_id)},
                )
    return refusals
