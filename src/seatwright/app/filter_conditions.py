"""From a filter as it was written to a condition of the database."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscribed_skus import subscribed_skus
from seatwright.domain.catalog import capability_status
from seatwright.domain.filters import Filter, Property, Scope, check_filter, parse_filter
from seatwright.domain.filters.tree import Both, Either, Negated, Quantified
from seatwright.domain.ids import SkuNo, service_plan_numbers
from seatwright.postgres.filter_columns import Columns
from seatwright.postgres.filters import Compiler, Condition, FilterFacts
from seatwright.postgres.graph_licenses import all_plan_sets


async def filter_condition(
    call: Call,
    text: str,
    *,
    noun: str,
    properties: Sequence[Property],
    columns: Columns,
    is_advanced: bool,
) -> Condition:
    """The condition that `$filter` means.

    Raises Refusal: invalidValue for what cannot be read, unsupportedQuery for what the table of
    properties does not have.
    """
    scope = Scope(noun=noun, properties=properties, is_advanced=is_advanced)
    tree = check_filter(parse_filter(text), scope)
    facts = await _facts(call, tree)
    return Compiler(tenant_id=call.tx.tenant_id, columns=columns, facts=facts).condition(tree)


def _asked(tree: Filter) -> set[str]:
    """The collections of objects that a filter looks into."""
    found: set[str] = set()
    left: list[Filter] = [tree]
    while left:
        match left.pop():
            case Both(parts=parts) | Either(parts=parts):
                left += parts
            case Negated(inner=inner):
                left.append(inner)
            case Quantified(path=path):
                found.add(path[0])
            case _:
                pass
    return found


async def _facts(call: Call, tree: Filter) -> FilterFacts:
    asked = _asked(tree)
    if not asked & {"assignedLicenses", "assignedPlans"}:
        return FilterFacts()
    catalog = await catalog_of(call)
    numbers: dict[UUID, SkuNo] = {sku.sku_id: sku.sku_no for sku in catalog.skus.values()}
    if "assignedPlans" not in asked:
        return FilterFacts(sku_numbers=numbers)
    sets: dict[UUID, list[int]] = {}
    for set_id, bits in (await all_plan_sets(call.tx)).items():
        for plan in service_plan_numbers(bits):
            if plan in catalog.service_plans:
                id_ = catalog.service_plans[plan].service_plan_id
                sets.setdefault(id_, []).append(set_id)
    return FilterFacts(
        sku_numbers=numbers, sets_with_plan=sets, skus_in_state=await _skus_in_state(call)
    )


async def _skus_in_state(call: Call) -> dict[str, list[SkuNo]]:
    found: dict[str, list[SkuNo]] = {}
    for one in await subscribed_skus(call):
        found.setdefault(capability_status(one.units).value.lower(), []).append(one.sku_no)
    return found
