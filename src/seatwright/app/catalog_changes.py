"""Changing a tenant's catalogue: own products, Microsoft's table, where things may not be used.

Every change raises the catalogue's version first, which also makes two changes wait for one
another; from then on the catalogue is read anew, never from the process's copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.record import record
from seatwright.domain.catalog import (
    AppliesTo,
    CatalogContent,
    ServicePlan,
    ServicePlanId,
    Sku,
    SkuGrowth,
    SkuId,
    SkuOrigin,
    additions_of,
    lookup_key,
)
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanNo, SkuNo
from seatwright.domain.locations import parse_location
from seatwright.domain.tenant_catalog import CatalogServicePlan, CatalogSku, TenantCatalog
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.catalog_write import (
    insert_service_plans,
    insert_sku_service_plans,
    insert_skus,
    replace_aliases,
    replace_prohibited_locations,
    replace_sku_service_plans,
    update_sku,
)
from seatwright.postgres.tenants import raise_catalog_version
from seatwright.shipped.microsoft_csv import TableWarning, read_microsoft_csv

NAME_LENGTH_MAX = 200
SERVICE_PLANS_MAX = 500
ALIASES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlanOrder:
    """A service plan that an own product should hold.

    One that the catalogue knows by its id or name is taken as it is; another is made.
    """

    name: str
    display_name: str | None = None
    service_plan_id: UUID | None = None
    applies_to: AppliesTo = AppliesTo.USER


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductOrder:
    """A product of the tenant's own."""

    part_number: str
    display_name: str
    sku_id: UUID | None = None
    applies_to: AppliesTo = AppliesTo.USER
    service_plans: Sequence[ServicePlanOrder] = ()
    aliases: Sequence[str] = ()
    in_strategy_scope: bool = True
    scope_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEdit:
    """What changes about a product; None stays as it is."""

    display_name: str | None = None
    is_legacy: bool | None = None
    in_strategy_scope: bool | None = None
    scope_note: str | None = None
    aliases: Sequence[str] | None = None
    service_plans: Sequence[ServicePlanOrder] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFound:
    """A product and the catalogue that it is in."""

    sku: CatalogSku
    catalog: TenantCatalog


async def _begin(call: Call) -> TenantCatalog:
    await raise_catalog_version(call.tx)
    return await read_catalog(call.tx)


async def add_product(call: Call, order: ProductOrder) -> ProductFound:
    """Store a product of the tenant's own, with its service plans.

    Raises Refusal invalidValue for a name that is empty or too long, or an id, part number or
    alias that another product has.
    """
    catalog = await _begin(call)
    part_number = _checked_name(order.part_number, "skuPartNumber")
    sku_id = SkuId(order.sku_id or uuid4())
    for text in (str(sku_id), part_number, *order.aliases):
        _require_free(catalog, text)
    _check_aliases(order.aliases)
    plans = await _plans(call, catalog, order.service_plans)
    sku = Sku(
        sku_id=sku_id,
        part_number=part_number,
        display_name=_checked_name(order.display_name, "displayName"),
        applies_to=order.applies_to,
        origin=SkuOrigin.OWN,
        service_plan_ids=tuple(plans),
        in_strategy_scope=order.in_strategy_scope,
        scope_note=order.scope_note,
        aliases=tuple(order.aliases),
    )
    sku_nos = await insert_skus(call.tx, [sku])
    growth = SkuGrowth(sku_id=sku_id, service_plan_ids=tuple(plans))
    await insert_sku_service_plans(call.tx, [growth], sku_nos=sku_nos, plan_nos=plans)
    await _record(call, sku_nos[sku_id], {"added": part_number})
    return await _answer(call, str(sku_id))


async def change_product(call: Call, text: str, edit: ProductEdit) -> ProductFound:
    """Change a product; its holders follow when its service plans change.

    Raises Refusal unknownSku, invalidValue as `add_product` does, and invalidValue for service
    plans of a product that is not the tenant's own: those are Microsoft's to say.
    """
    catalog = await _begin(call)
    sku = catalog.require_sku(text)
    if edit.service_plans is not None and sku.origin is not SkuOrigin.OWN:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{sku.display_name} is Microsoft's product: its service plans come from Microsoft's"
            " table, which POST /api/imports/catalog takes.",
        )
    wanted = replace(
        sku,
        display_name=_or(edit.display_name, sku.display_name, "displayName"),
        is_legacy=sku.is_legacy if edit.is_legacy is None else edit.is_legacy,
        in_strategy_scope=(
            sku.in_strategy_scope if edit.in_strategy_scope is None else edit.in_strategy_scope
        ),
        scope_note=sku.scope_note if edit.scope_note is None else edit.scope_note or None,
    )
    await update_sku(call.tx, wanted)
    if edit.aliases is not None:
        _check_aliases(edit.aliases)
        for alias in edit.aliases:
            _require_free(catalog, alias, except_for=sku)
        await replace_aliases(call.tx, sku.sku_no, edit.aliases)
    if edit.service_plans is not None:
        plans = await _plans(call, catalog, edit.service_plans)
        await replace_sku_service_plans(call.tx, sku.sku_no, list(plans.values()))
        await _reconcile_holders(call, [sku.sku_no])
    await _record(call, sku.sku_no, {"changed": sku.part_number})
    return await _answer(call, str(sku.sku_id))


def _or(text: str | None, stored: str, field: str) -> str:
    return stored if text is None else _checked_name(text, field)


def _checked_name(text: str, field: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{field} has {len(name)} characters: give 1 to {NAME_LENGTH_MAX}.",
        )
    return name


def _check_aliases(aliases: Sequence[str]) -> None:
    if len(aliases) > ALIASES_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The product has {len(aliases)} aliases: give at most {ALIASES_MAX}.",
        )
    for alias in aliases:
        _checked_name(alias, "An alias")


def _require_free(
    catalog: TenantCatalog, text: str, *, except_for: CatalogSku | None = None
) -> None:
    """Refuse a name that another product has: one part number means one product to people."""
    bearers = catalog.skus_named(text)
    taken = next((sku for sku in bearers if sku is not except_for), None)
    if taken is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text}” is {taken.display_name} ({taken.part_number}) already: choose another.",
        )


async def _plans(
    call: Call, catalog: TenantCatalog, orders: Sequence[ServicePlanOrder]
) -> dict[ServicePlanId, ServicePlanNo]:
    """The service plans of an own product: known ones as they are, others made."""
    if len(orders) > SERVICE_PLANS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The product names {len(orders)} service plans: give at most {SERVICE_PLANS_MAX}.",
        )
    found: dict[ServicePlanId, ServicePlanNo] = {}
    new: dict[str, ServicePlan] = {}
    for order in orders:
        known = _known_plan(catalog, order)
        if known is not None:
            found[known.service_plan_id] = known.service_plan_no
        else:
            plan = _new_plan(order)
            new[lookup_key(plan.name)] = plan
    return found | await insert_service_plans(call.tx, list(new.values()))


def _known_plan(catalog: TenantCatalog, order: ServicePlanOrder) -> CatalogServicePlan | None:
    plans = catalog.service_plans.values()
    if order.service_plan_id is not None:
        return next((one for one in plans if one.service_plan_id == order.service_plan_id), None)
    key = lookup_key(order.name)
    return next((one for one in plans if lookup_key(one.name) == key), None)


def _new_plan(order: ServicePlanOrder) -> ServicePlan:
    name = _checked_name(order.name, "A service plan's name")
    return ServicePlan(
        service_plan_id=ServicePlanId(order.service_plan_id or uuid4()),
        name=name,
        display_name=_or(order.display_name, name, "A service plan's displayName"),
        applies_to=order.applies_to,
        counts_as_duplicate=order.applies_to is AppliesTo.USER,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImport:
    """What an import of Microsoft's table did; `job` is the id of the work that follows from it."""

    rows: int
    products_in_table: int
    products_added: int
    products_grown: int
    service_plans_added: int
    warnings: tuple[TableWarning, ...]
    job: UUID | None


async def import_microsoft_table(call: Call, content: bytes) -> CatalogImport:
    """Add what Microsoft's table has and the tenant's catalogue lacks; safe to run again.

    A known id never becomes a second product. A service plan that a known product gains is on for
    its holders, unless their assignment lists it as off (GBL-030): a job looks at them.

    Raises Refusal invalidValue for a file that is not the table.
    """
    table = read_microsoft_csv(content)
    catalog = await _begin(call)
    additions = additions_of(table.content, to=_content(catalog))
    plan_nos = {p.service_plan_id: no for no, p in catalog.service_plans.items()}
    plan_nos |= await insert_service_plans(call.tx, additions.service_plans)
    sku_nos = {sku.sku_id: no for no, sku in catalog.skus.items()}
    sku_nos |= await insert_skus(call.tx, additions.skus)
    growths = (
        *additions.growths,
        *(SkuGrowth(sku_id=s.sku_id, service_plan_ids=s.service_plan_ids) for s in additions.skus),
    )
    await insert_sku_service_plans(call.tx, growths, sku_nos=sku_nos, plan_nos=plan_nos)
    job = await _reconcile_holders(call, [sku_nos[growth.sku_id] for growth in additions.growths])
    imported = CatalogImport(
        rows=table.rows,
        products_in_table=len(table.content.skus),
        products_added=len(additions.skus),
        products_grown=len(additions.growths),
        service_plans_added=len(additions.service_plans),
        warnings=table.warnings,
        job=job,
    )
    detail = {
        "kind": "catalog",
        "rows": imported.rows,
        "productsAdded": imported.products_added,
        "productsGrown": imported.products_grown,
        "servicePlansAdded": imported.service_plans_added,
    }
    await record(call, HistoryLine(action=HistoryAction.IMPORTED, detail=detail))
    return imported


def _content(catalog: TenantCatalog) -> CatalogContent:
    """A tenant's catalogue by its public ids, as far as an import compares it."""
    return CatalogContent(
        skus=tuple(
            Sku(
                sku_id=sku.sku_id,
                part_number=sku.part_number,
                display_name=sku.display_name,
                applies_to=sku.applies_to,
                origin=sku.origin,
                service_plan_ids=tuple(
                    plan.service_plan_id for plan in catalog.plans_of(sku.service_plans)
                ),
            )
            for sku in catalog.skus.values()
        ),
        service_plans=tuple(
            ServicePlan(
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
            )
            for plan in catalog.service_plans.values()
        ),
    )


async def set_prohibited_locations(
    call: Call,
    text: str,
    *,
    locations: Sequence[str],
    service_plans: Mapping[str, Sequence[str]],
) -> ProductFound:
    """Say where a product, and single service plans of it, may not be used.

    A service plan is the same in every product that holds it, so its locations count everywhere.
    Whoever has one of those products is looked at again by a job.

    Raises Refusal unknownSku, servicePlanNotInSku, and invalidValue for an unknown location.
    """
    catalog = await _begin(call)
    sku = catalog.require_sku(text)
    await replace_prohibited_locations(
        call.tx, sku_no=sku.sku_no, locations=_checked_locations(locations)
    )
    touched = {sku.sku_no}
    for name, prohibited in service_plans.items():
        bits = catalog.disabled_bits(sku, [name])
        (plan,) = catalog.plans_of(bits)
        await replace_prohibited_locations(
            call.tx, plan_no=plan.service_plan_no, locations=_checked_locations(prohibited)
        )
        touched |= {no for no, other in catalog.skus.items() if other.service_plans & bits}
    await _reconcile_holders(call, touched)
    await _record(call, sku.sku_no, {"prohibitedLocations": sorted(_checked_locations(locations))})
    return await _answer(call, str(sku.sku_id))


def _checked_locations(texts: Iterable[str]) -> list[str]:
    checked = []
    for text in texts:
        location = parse_location(text)
        if location is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{text}” is no usage location: give two-letter ISO 3166-1 codes such as NO.",
            )
        checked.append(location)
    return checked


async def _reconcile_holders(call: Call, sku_nos: Iterable[SkuNo]) -> UUID | None:
    """Have a job look at everybody who has or wants these products; none if there are none."""
    numbers = sorted(set(sku_nos))
    if not numbers:
        return None
    job = await enqueue_reconcile(call, {"skus": numbers}, reason=ChangeReason.RECONCILED)
    return job.id


async def _record(call: Call, sku_no: SkuNo, detail: Mapping[str, object]) -> None:
    await record(call, HistoryLine(action=HistoryAction.CATALOG_CHANGED, sku=sku_no, detail=detail))


async def _answer(call: Call, text: str) -> ProductFound:
    catalog = await read_catalog(call.tx)
    return ProductFound(sku=catalog.require_sku(text), catalog=catalog)
