"""Request policies as administrators keep them: one for each product that needs its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import find_group
from seatwright.app.record import record
from seatwright.app.requests.following import route_anew
from seatwright.app.requests.routing import Policies, policies_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.requests.policy import (
    DEFAULT_SKU,
    MANAGER_LEVEL_MAX,
    PEOPLE_MAX,
    ApproverKind,
    Approvers,
    RequestPolicy,
)
from seatwright.domain.roles import Permission, Role, permissions_of
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels, user_labels
from seatwright.postgres.request_policies import (
    delete_request_policy,
    hold_request_policies,
    store_request_policy,
)
from seatwright.postgres.request_rounds import rounds_of
from seatwright.postgres.users import find_users

DEFAULT_WORD = "default"
"""How the policy of all products without one of their own is named."""

DAYS_MAX = 3650
HOURS_MAX = 24 * 365
SEATS_MAX = 1_000_000
BUDGET_MAX = Decimal(10) ** 11
_BUDGET_STEP = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproversOrder:
    """Approvers as they are sent: people and a group by name, id or address."""

    kind: str
    level: int = 1
    people: Sequence[str] = ()
    group: str | None = None
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOrder:
    """A whole policy as it is sent."""

    is_open: bool = True
    needs_justification: bool = True
    approvers: ApproversOrder
    fallback: ApproversOrder | None = None
    alternate: ApproversOrder | None = None
    alternate_after_hours: int | None = None
    approves_while_free: int | None = None
    approves_within: Decimal | None = None
    pending_days: int
    license_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySeen:
    """A policy with the names in it; `sku` None: the default. `is_stored`: somebody set it.

    `is_being_applied`: so much is pending that upkeep is at putting it under the policy still.
    """

    policy: RequestPolicy
    sku: CatalogSku | None
    is_stored: bool
    is_being_applied: bool
    users: Mapping[UserNo, UserLabel]
    groups: Mapping[GroupNo, GroupLabel]


async def list_request_policies(call: Call) -> tuple[PolicySeen, ...]:
    """The default and every policy of a product, by the product's name."""
    policies, catalog = await policies_of(call), await catalog_of(call)
    own = sorted(
        (one for sku, one in policies.stored.items() if sku != DEFAULT_SKU),
        key=lambda one: catalog.sku_name(one.sku),
    )
    return await _seen(call, policies, [policies.of(DEFAULT_SKU), *own])


async def see_request_policy(call: Call, product: str) -> PolicySeen:
    """What counts for a product, whether or not it has a policy of its own.

    Raises Refusal unknownSku.
    """
    policies = await policies_of(call)
    return (await _seen(call, policies, [policies.of(await _sku(call, product))]))[0]


async def _sku(call: Call, product: str) -> SkuNo:
    if product.casefold() == DEFAULT_WORD:
        return DEFAULT_SKU
    return (await catalog_of(call)).require_sku(product).sku_no


async def _seen(
    call: Call, policies: Policies, chosen: Sequence[RequestPolicy]
) -> tuple[PolicySeen, ...]:
    parts = [one for policy in chosen for one in policy.parts().values()]
    users = await user_labels(call.tx, sorted({no for one in parts for no in one.users}))
    groups = await group_labels(
        call.tx, sorted({one.group for one in parts if one.group is not None})
    )
    catalog = await catalog_of(call)
    rounds = await rounds_of(call.tx, [policy.sku for policy in chosen])
    return tuple(
        PolicySeen(
            policy=policy,
            sku=None if policy.sku == DEFAULT_SKU else catalog.skus.get(policy.sku),
            is_stored=policy.sku in policies.stored,
            is_being_applied=policy.sku in rounds,
            users=users,
            groups=groups,
        )
        for policy in chosen
    )


async def put_request_policy(call: Call, product: str, order: PolicyOrder) -> PolicySeen:
    """Store the policy of a product, or the default; what is pending goes by it.

    Raises Refusal unknownSku, unknownUser, unknownGroup, invalidValue.
    """
    sku = await _sku(call, product)
    await hold_request_policies(call.tx, is_exclusive=True)
    before = await policies_of(call)
    policy = replace(await _policy(call, order), sku=sku, changed_at=call.now)
    await store_request_policy(call.tx, policy, by=call.principal.principal_no)
    await _record(
        call, HistoryAction.REQUEST_POLICY_CHANGED, sku, before=before.of(sku), after=policy
    )
    await route_anew(call, sku, before)
    policies = await policies_of(call)
    return (await _seen(call, policies, [policy]))[0]


async def drop_request_policy(call: Call, product: str) -> None:
    """Let a product go by the default again, or the default by what is shipped.

    Raises Refusal unknownSku, unknownPolicy for a product that has none.
    """
    sku = await _sku(call, product)
    await hold_request_policies(call.tx, is_exclusive=True)
    before = await policies_of(call)
    if not await delete_request_policy(call.tx, sku):
        raise Refusal(
            Reason.UNKNOWN_POLICY,
            f"There is no request policy of its own for “{product}”: GET"
            " /api/license-request-policies lists those that there are.",
            context={"policy": product},
        )
    await _record(
        call, HistoryAction.REQUEST_POLICY_DELETED, sku, before=before.of(sku), after=None
    )
    await route_anew(call, sku, before)


async def _policy(call: Call, order: PolicyOrder) -> RequestPolicy:
    if (order.alternate is None) is not (order.alternate_after_hours is None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "An alternate decides after some hours: give alternate and alternateAfterHours, or"
            " neither.",
        )
    _check("alternateAfterHours", order.alternate_after_hours, HOURS_MAX)
    _check("approvesWhileFree", order.approves_while_free, SEATS_MAX)
    _check("pendingDays", order.pending_days, DAYS_MAX)
    _check("licenseDays", order.license_days, DAYS_MAX)
    budget = order.approves_within
    if budget is not None and not _is_budget(budget):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"approvesWithin is {budget}: give an amount above 0 a month with at most two decimals,"
            " in the currency of the product's price.",
        )
    return RequestPolicy(
        is_open=order.is_open,
        needs_justification=order.needs_justification,
        approvers=await _approvers(call, order.approvers),
        fallback=None if order.fallback is None else await _approvers(call, order.fallback),
        alternate=None if order.alternate is None else await _approvers(call, order.alternate),
        alternate_after_hours=order.alternate_after_hours,
        approves_while_free=order.approves_while_free,
        approves_within=budget,
        pending_days=order.pending_days,
        license_days=order.license_days,
    )


def _is_budget(amount: Decimal) -> bool:
    in_range = amount.is_finite() and 0 < amount < BUDGET_MAX
    return in_range and amount == amount.quantize(_BUDGET_STEP)


def _check(name: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise Refusal(Reason.INVALID_VALUE, f"{name} is {value}: give a number from 1 to {most}.")


async def _approvers(call: Call, order: ApproversOrder) -> Approvers:
    if order.kind not in set(ApproverKind):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{order.kind[:40]}” is no kind of approvers: give one of {', '.join(ApproverKind)}.",
        )
    kind = ApproverKind(order.kind)
    match kind:
        case ApproverKind.MANAGER:
            _check("level", order.level, MANAGER_LEVEL_MAX)
            return Approvers(kind=kind, level=order.level)
        case ApproverKind.PEOPLE:
            return Approvers(kind=kind, users=await _people(call, order.people))
        case ApproverKind.GROUP:
            if order.group is None:
                raise Refusal(Reason.INVALID_VALUE, "Approvers of kind group need a group.")
            return Approvers(kind=kind, group=(await find_group(call, order.group)).group_no)
        case ApproverKind.ROLES:
            return Approvers(kind=kind, roles=_roles(order.roles))


async def _people(call: Call, texts: Sequence[str]) -> tuple[UserNo, ...]:
    if not 1 <= len(texts) <= PEOPLE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Approvers of kind people are {len(texts)}: name 1 to {PEOPLE_MAX}, or a group.",
        )
    found = await find_users(call.tx, texts)
    for text in texts:
        if text not in found:
            raise Refusal(
                Reason.UNKNOWN_USER,
                f"There is nobody called “{text}” who could approve.",
                context={"user": text},
                is_in_body=True,
            )
    return tuple(sorted(set(found.values())))


def _roles(texts: Sequence[str]) -> tuple[Role, ...]:
    # Everybody is a person: that would make each colleague the approver of all others.
    known = [
        role.value
        for role in Role
        if Permission.TAKE_PART_IN_REQUESTS in permissions_of((role,)) and role is not Role.PERSON
    ]
    for text in texts:
        if text not in known:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{text[:60]}” is no role that decides: give some of {', '.join(known)}, or name"
                " people or a group.",
            )
    if not texts:
        raise Refusal(Reason.INVALID_VALUE, "Approvers of kind roles need at least one role.")
    return tuple(sorted({Role(text) for text in texts}))


async def _record(
    call: Call,
    action: HistoryAction,
    sku: SkuNo,
    *,
    before: RequestPolicy,
    after: RequestPolicy | None,
) -> None:
    detail = {
        "policy": DEFAULT_WORD if sku == DEFAULT_SKU else "product",
        "before": _told(before),
        "after": None if after is None else _told(after),
    }
    call.ledger.beside.append(json.dumps([sku, detail], sort_keys=True))
    product = None if sku == DEFAULT_SKU else sku
    await record(call, HistoryLine(action=action, sku=product, detail=detail))


def _told(policy: RequestPolicy) -> dict[str, object]:
    """A policy as the history keeps it: numbers of people and groups, never their names."""
    parts = {
        part.name.lower(): {
            "kind": one.kind.value,
            "level": one.level,
            "users": list(one.users),
            "group": one.group,
            "roles": [role.value for role in one.roles],
        }
        for part, one in policy.parts().items()
    }
    budget = policy.approves_within
    return {
        "open": policy.is_open,
        "needsJustification": policy.needs_justification,
        "parts": {part: parts[part] for part in sorted(parts)},
        "alternateAfterHours": policy.alternate_after_hours,
        "approvesWhileFree": policy.approves_while_free,
        "approvesWithin": None if budget is None else str(budget),
        "pendingDays": policy.pending_days,
        "licenseDays": policy.license_days,
    }
