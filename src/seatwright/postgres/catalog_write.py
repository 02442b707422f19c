"""Writing a tenant's catalogue: products, service plans and what is known about both.

Every statement takes arrays, so that a whole catalogue is a handful of round trips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.domain.catalog import (
    CatalogContent,
    ServicePlan,
    ServicePlanId,
    Sku,
    SkuGrowth,
    SkuId,
    lookup_key,
)
from seatwright.domain.ids import ServicePlanNo, SkuNo
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.transaction import Transaction


async def insert_service_plans(
    tx: Transaction, plans: Sequence[ServicePlan]
) -> dict[ServicePlanId, ServicePlanNo]:
    """Add service plans that the tenant does not have; gives each its number."""
    if not plans:
        return {}
    first = await take_numbers(tx, "service_plan", len(plans))
    numbers = {p.service_plan_id: ServicePlanNo(first + i) for i, p in enumerate(plans)}
    await tx.connection.execute(
        "insert into service_plan (tenant_id, service_plan_no, id, name, name_key, display_name,"
        " applies_to, counts_as_duplicate)"
        " select %s, * from unnest(%s::int2[], %s::uuid[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::bool[])",
        (
            tx.tenant_id,
            list(numbers.values()),
            list(numbers),
            [plan.name for plan in plans],
            [lookup_key(plan.name) for plan in plans],
            [plan.display_name for plan in plans],
            [plan.applies_to.value for plan in plans],
            [plan.counts_as_duplicate for plan in plans],
        ),
    )
    return numbers


async def insert_skus(tx: Transaction, skus: Sequence[Sku]) -> dict[SkuId, SkuNo]:
    """Add products that the tenant does not have, each with an empty pool; gives their numbers.

    Their service plans are added apart, by `insert_sku_service_plans`.
    """
    if not skus:
        return {}
    first = await take_numbers(tx, "sku", len(skus))
    numbers = {sku.sku_id: SkuNo(first + i) for i, sku in enumerate(skus)}
    await tx.connection.execute(
        "insert into sku (tenant_id, sku_no, id, part_number, part_number_key, display_name,"
        " applies_to, origin, is_legacy, in_strategy_scope, scope_note)"
        " select %s, * from unnest(%s::int2[], %s::uuid[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::bool[], %s::bool[], %s::text[])",
        (
            tx.tenant_id,
            list(numbers.values()),
            list(numbers),
            [sku.part_number for sku in skus],
            [lookup_key(sku.part_number) for sku in skus],
            [sku.display_name for sku in skus],
            [sku.applies_to.value for sku in skus],
            [sku.origin.value for sku in skus],
            [sku.is_legacy for sku in skus],
            [sku.in_strategy_scope for sku in skus],
            [sku.scope_note for sku in skus],
        ),
    )
    await tx.connection.execute(
        "insert into sku_pool (tenant_id, sku_no) select %s, unnest(%s::int2[])",
        (tx.tenant_id, list(numbers.values())),
    )
    await _insert_aliases(tx, skus, numbers)
    return numbers


async def _insert_aliases(
    tx: Transaction, skus: Sequence[Sku], numbers: Mapping[SkuId, SkuNo]
) -> None:
    """An alias that another product has already stays with that one."""
    pairs = [(lookup_key(alias), numbers[sku.sku_id]) for sku in skus for alias in sku.aliases]
    if pairs:
        await tx.connection.execute(
            "insert into sku_alias (tenant_id, alias_key, sku_no)"
            " select %s, * from unnest(%s::text[], %s::int2[]) on conflict do nothing",
            (tx.tenant_id, [key for key, _ in pairs], [no for _, no in pairs]),
        )


async def insert_sku_service_plans(
    tx: Transaction,
    growths: Sequence[SkuGrowth],
    *,
    sku_nos: Mapping[SkuId, SkuNo],
    plan_nos: Mapping[ServicePlanId, ServicePlanNo],
) -> None:
    """Put service plans into products."""
    pairs = [
        (sku_nos[growth.sku_id], plan_nos[plan])
        for growth in growths
        for plan in growth.service_plan_ids
    ]
    await tx.connection.execute(
        "insert into sku_service_plan (tenant_id, sku_no, service_plan_no)"
        " select %s, * from unnest(%s::int2[], %s::int2[]) on conflict do nothing",
        (tx.tenant_id, [sku for sku, _ in pairs], [plan for _, plan in pairs]),
    )


async def insert_rules(
    tx: Transaction, content: CatalogContent, plan_nos: Mapping[ServicePlanId, ServicePlanNo]
) -> None:
    """Add the tiers, exclusion sets and dependencies of a catalogue."""
    tiers = content.service_tiers
    await tx.connection.execute(
        "insert into service_tier (tenant_id, service, tier, service_plan_no)"
        " select %s, * from unnest(%s::text[], %s::int2[], %s::int2[])",
        (
            tx.tenant_id,
            [tier.service for tier in tiers],
            [tier.tier for tier in tiers],
            [plan_nos[tier.service_plan_id] for tier in tiers],
        ),
    )
    excluded = [(s.name, plan_nos[plan]) for s in content.exclusions for plan in s.service_plan_ids]
    await tx.connection.execute(
        "insert into exclusion (tenant_id, set_name, service_plan_no)"
        " select %s, * from unnest(%s::text[], %s::int2[])",
        (tx.tenant_id, [name for name, _ in excluded], [plan for _, plan in excluded]),
    )
    needs = [
        (plan_nos[rule.service_plan_id], plan_nos[needed])
        for rule in content.dependencies
        for needed in rule.needs_any_of
    ]
    await tx.connection.execute(
        "insert into dependency (tenant_id, service_plan_no, needs_plan_no)"
        " select %s, * from unnest(%s::int2[], %s::int2[])",
        (tx.tenant_id, [plan for plan, _ in needs], [needed for _, needed in needs]),
    )


async def update_sku(tx: Transaction, sku: CatalogSku) -> None:
    """Store what may change about a product: its name, scope and whether it is legacy."""
    await tx.connection.execute(
        "update sku set display_name = %s, is_legacy = %s, in_strategy_scope = %s, scope_note = %s"
        " where tenant_id = %s and sku_no = %s",
        (
            sku.display_name,
            sku.is_legacy,
            sku.in_strategy_scope,
            sku.scope_note,
            tx.tenant_id,
            sku.sku_no,
        ),
    )


async def replace_aliases(tx: Transaction, sku_no: SkuNo, aliases: Sequence[str]) -> None:
    """Make these the other names of a product."""
    await tx.connection.execute(
        "delete from sku_alias where tenant_id = %s and sku_no = %s", (tx.tenant_id, sku_no)
    )
    await tx.connection.execute(
        "insert into sku_alias (tenant_id, alias_key, sku_no) select %s, unnest(%s::text[]), %s",
        (tx.tenant_id, sorted({lookup_key(alias) for alias in aliases}), sku_no),
    )


async def replace_sku_service_plans(
    tx: Transaction, sku_no: SkuNo, plan_nos: Sequence[ServicePlanNo]
) -> None:
    """Make these the service plans of a product."""
    await tx.connection.execute(
        "delete from sku_service_plan where tenant_id = %s and sku_no = %s", (tx.tenant_id, sku_no)
    )
    await tx.connection.execute(
        "insert into sku_service_plan (tenant_id, sku_no, service_plan_no)"
        " select %s, %s, unnest(%s::int2[])",
        (tx.tenant_id, sku_no, sorted(set(plan_nos))),
    )


async def replace_prohibited_locations(
    tx: Transaction,
    *,
    sku_no: SkuNo | None = None,
    plan_no: ServicePlanNo | None = None,
    locations: Sequence[str],
) -> None:
    """Make these the locations where a product, or a service plan, may not be used."""
    await tx.connection.execute(
        "delete from prohibited_location where tenant_id = %s"
        " and (sku_no = %s or service_plan_no = %s)",
        (tx.tenant_id, sku_no, plan_no),
    )
    await tx.connection.execute(
        "insert into prohibited_location (tenant_id, location, sku_no, service_plan_no)"
        " select %s, unnest(%s::text[]), %s, %s",
        (tx.tenant_id, sorted(set(locations)), sku_no, plan_no),
    )
