"""Roles that follow a license or a solution by themselves, and show apps without data (T-145)."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.naming import record_platform
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.platform_things import checked_name
from seatwright.domain.security_roles import DefaultRoleRule
from seatwright.postgres.platform_roles import (
    delete_rule,
    insert_rules,
    list_rules,
    sku_numbers_of,
)
from seatwright.postgres.tenants import take_numbers

RULES_MAX: Final = 1000
"""They are read whole, because each person's roles are computed from all of them."""

SHIPPED: Final = tuple(
    (part_number, "Customer Service Hub", "Customer Service app access")
    for part_number in ("DYN365_ENTERPRISE_PLAN1", "DYN365_ENTERPRISE_CUSTOMER_SERVICE")
)
"""Product, solution and role of the default roles that every tenant starts with."""


async def all_rules(call: Call) -> list[DefaultRoleRule]:
    """Every default role, in the order in which they were made."""
    return await list_rules(call.tx)


async def add_rule(
    call: Call, *, sku: str | None, solution: str | None, role_name: str
) -> DefaultRoleRule:
    """State that a role follows a product, a solution, or both together.

    Raises Refusal unknownSku, and invalidValue for neither, one that is there, or too many.
    """
    solution = (solution or "").strip() or None
    if sku is None and solution is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "A default role follows something: give a product, a solution, or both.",
        )
    if len(await list_rules(call.tx)) >= RULES_MAX:
        raise Refusal(
            Reason.INVALID_VALUE, f"There are {RULES_MAX} default roles already: delete some first."
        )
    product = None
    if sku is not None:
        product = (await catalog_of(call)).require_sku(sku, is_in_body=True).sku_no
    rule = DefaultRoleRule(
        rule_no=await take_numbers(call.tx, "default_role", 1),
        id=uuid4(),
        sku=product,
        solution=None if solution is None else checked_name(solution, noun="a solution"),
        role_name=checked_name(role_name, noun="a default role"),
        created_at=call.now,
    )
    if not await insert_rules(call.tx, (rule,)):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{rule.role_name}” follows the same product and solution already.",
        )
    await record_platform(call, HistoryAction.PLATFORM_ADDED, "defaultRole", rule.id)
    return rule


async def remove_rule(call: Call, text: str) -> None:
    """A role no longer follows; whoever had it only so has it no longer.

    Raises Refusal unknownDefaultRole.
    """
    id_ = parse_id(text)
    if id_ is None or not await delete_rule(call.tx, id_):
        raise Refusal(
            Reason.UNKNOWN_DEFAULT_ROLE,
            f"There is no default role “{text[:60]}”: GET /api/platform/default-roles lists which"
            " there are.",
        )
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, "defaultRole", id_)


async def load_shipped_default_roles(call: Call) -> None:
    """Give a new tenant the default role of the source (T-147), for the product it has of it."""
    skus = await sku_numbers_of(call.tx, [part_number for part_number, _, _ in SHIPPED])
    rules = [
        DefaultRoleRule(
            rule_no=place,
            id=uuid4(),
            sku=skus[part_number],
            solution=solution,
            role_name=role,
            created_at=call.now,
        )
        for place, (part_number, solution, role) in enumerate(
            SHIPPED, start=await take_numbers(call.tx, "default_role", len(SHIPPED))
        )
        if part_number in skus
    ]
    await insert_rules(call.tx, rules)
