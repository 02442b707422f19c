"""Reading a tenant's catalogue whole: it is small, and every process keeps it in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from psycopg.rows import TupleRow

from seatwright.domain.catalog import AppliesTo, SkuOrigin
from seatwright.domain.ids import ServicePlanBits, ServicePlanNo, SkuNo, service_plan_bits
from seatwright.domain.reconcile.world import Catalog, Dependency, SkuFacts
from seatwright.domain.tenant_catalog import (
    CatalogServicePlan,
    CatalogSku,
    CatalogTier,
    TenantCatalog,
)
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locations:
    """Where products and service plans may not be used, by their numbers."""

    skus: dict[SkuNo, frozenset[str]]
    plans: dict[ServicePlanNo, frozenset[str]]


async def read_catalog(tx: Transaction) -> TenantCatalog:
    """Read the tenant's catalogue as this transaction sees it."""
    version = await _version(tx)
    locations = await _locations(tx)
    plans = await _service_plans(tx, locations)
    skus = await _skus(tx, locations)
    return TenantCatalog(
        version=version,
        skus=skus,
        service_plans=plans,
        tiers=await _tiers(tx),
        engine=Catalog(
            skus={no: _facts(sku) for no, sku in skus.items()},
            exclusions=await _exclusions(tx),
            dependencies=await _dependencies(tx),
            prohibited_service_plans=_prohibited(locations),
        ),
    )


async def _rows(tx: Transaction, statement: str) -> list[TupleRow]:
    cursor = await tx.connection.execute(statement, (tx.tenant_id,))
    return await cursor.fetchall()


async def _version(tx: Transaction) -> int:
    rows = await _rows(tx, "select catalog_version from tenant where tenant_id = %s")
    version: int = rows[0][0]
    return version


async def _locations(tx: Transaction) -> _Locations:
    skus: dict[SkuNo, set[str]] = defaultdict(set)
    plans: dict[ServicePlanNo, set[str]] = defaultdict(set)
    rows = await _rows(
        tx,
        "select location, sku_no, service_plan_no from prohibited_location where tenant_id = %s",
    )
    for location, sku_no, plan_no in rows:
        if sku_no is None:
            plans[ServicePlanNo(plan_no)].add(location)
        else:
            skus[SkuNo(sku_no)].add(location)
    return _Locations(
        skus={no: frozenset(found) for no, found in skus.items()},
        plans={no: frozenset(found) for no, found in plans.items()},
    )


async def _service_plans(
    tx: Transaction, locations: _Locations
) -> dict[ServicePlanNo, CatalogServicePlan]:
    rows = await _rows(
        tx,
        "select service_plan_no, id, name, display_name, applies_to, counts_as_duplicate"
        " from service_plan where tenant_id = %s order by service_plan_no",
    )
    return {
        ServicePlanNo(row[0]): CatalogServicePlan(
            service_plan_no=ServicePlanNo(row[0]),
            service_plan_id=row[1],
            name=row[2],
            display_name=row[3],
            applies_to=AppliesTo(row[4]),
            counts_as_duplicate=row[5],
            prohibited_locations=locations.plans.get(ServicePlanNo(row[0]), frozenset()),
        )
        for row in rows
    }


async def _skus(tx: Transaction, locations: _Locations) -> dict[SkuNo, CatalogSku]:
    held = await _numbers(
        tx, "select sku_no, service_plan_no from sku_service_plan where tenant_id = %s"
    )
    aliases: dict[int, list[str]] = defaultdict(list)
    for sku_no, alias in await _rows(
        tx, "select sku_no, alias_key from sku_alias where tenant_id = %s order by alias_key"
    ):
        aliases[sku_no].append(alias.upper())
    rows = await _rows(
        tx,
        "select sku_no, id, part_number, display_name, applies_to, origin, is_legacy,"
        " in_strategy_scope, scope_note from sku where tenant_id = %s order by sku_no",
    )
    return {
        SkuNo(row[0]): CatalogSku(
            sku_no=SkuNo(row[0]),
            sku_id=row[1],
            part_number=row[2],
            display_name=row[3],
            applies_to=AppliesTo(row[4]),
            origin=SkuOrigin(row[5]),
            is_legacy=row[6],
            in_strategy_scope=row[7],
            scope_note=row[8],
            service_plans=_bits(held.get(row[0], ())),
            aliases=tuple(aliases[row[0]]),
            prohibited_locations=locations.skus.get(SkuNo(row[0]), frozenset()),
        )
        for row in rows
    }


async def _tiers(tx: Transaction) -> tuple[CatalogTier, ...]:
    rows = await _rows(
        tx,
        "select service, tier, service_plan_no from service_tier where tenant_id = %s"
        " order by service, tier, service_plan_no",
    )
    return tuple(
        CatalogTier(service=row[0], tier=row[1], service_plan_no=ServicePlanNo(row[2]))
        for row in rows
    )


async def _exclusions(tx: Transaction) -> tuple[tuple[ServicePlanBits, ServicePlanBits], ...]:
    """Each published set excludes itself: any two different service plans of it (PLN-001)."""
    sets = await _numbers(
        tx,
        "select set_name, service_plan_no from exclusion where tenant_id = %s order by set_name",
    )
    return tuple((bits, bits) for bits in map(_bits, sets.values()))


async def _dependencies(tx: Transaction) -> tuple[Dependency, ...]:
    needs = await _numbers(
        tx,
        "select service_plan_no, needs_plan_no from dependency where tenant_id = %s"
        " order by service_plan_no",
    )
    return tuple(
        Dependency(service_plans=service_plan_bits(ServicePlanNo(plan)), any_of=_bits(needed))
        for plan, needed in needs.items()
    )


def _prohibited(locations: _Locations) -> dict[str, ServicePlanBits]:
    plans: dict[str, list[int]] = defaultdict(list)
    for plan_no, prohibited in locations.plans.items():
        for location in prohibited:
            plans[location].append(plan_no)
    return {location: _bits(numbers) for location, numbers in sorted(plans.items())}


async def _numbers(tx: Transaction, statement: str) -> dict[int, list[int]]:
    """Rows of (key, service plan number), gathered under their keys in the order they came."""
    gathered: dict[int, list[int]] = {}
    for key, plan_no in await _rows(tx, statement):
        gathered.setdefault(key, []).append(plan_no)
    return gathered


def _bits(numbers: list[int] | tuple[int, ...]) -> ServicePlanBits:
    return service_plan_bits(*map(ServicePlanNo, numbers))


def _facts(sku: CatalogSku) -> SkuFacts:
    return SkuFacts(
        sku=sku.sku_no,
        part_number=sku.part_number,
        service_plans=sku.service_plans,
        is_assignable_to_users=sku.is_assignable_to_users,
        prohibited_locations=sku.prohibited_locations,
    )
