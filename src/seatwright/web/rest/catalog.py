"""`/api/catalog/products` and the import of Microsoft's table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import catalog_changes
from seatwright.app.catalog import catalog_of
from seatwright.app.catalog_changes import ProductEdit, ProductOrder, ServicePlanOrder
from seatwright.app.seats import is_found
from seatwright.domain.catalog import AppliesTo, SkuOrigin
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload


class ProductServicePlan(Shape, kw_only=True, frozen=True):
    """A service plan of a product."""

    service_plan_id: UUID
    name: str
    display_name: str
    applies_to: AppliesTo
    counts_as_duplicate: bool
    prohibited_locations: list[str]


class ProductShape(Shape, kw_only=True, frozen=True):
    """A product of the catalogue; `scopeNote` says why the strategies apply to it or not."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    applies_to: AppliesTo
    origin: SkuOrigin
    is_legacy: bool
    in_strategy_scope: bool
    scope_note: str | None
    aliases: list[str]
    prohibited_locations: list[str]
    service_plans: list[ProductServicePlan]


class ServicePlanBody(Body, kw_only=True, frozen=True):
    """A service plan of an own product: a known one by id or name, or a new one."""

    name: str
    display_name: str | None = None
    service_plan_id: UUID | None = None
    applies_to: AppliesTo = AppliesTo.USER


class NewProduct(Body, kw_only=True, frozen=True):
    """A product of the tenant's own; without `skuId` it gets one."""

    sku_part_number: str
    display_name: str
    sku_id: UUID | None = None
    applies_to: AppliesTo = AppliesTo.USER
    service_plans: list[ServicePlanBody] = msgspec.field(default_factory=list)
    aliases: list[str] = msgspec.field(default_factory=list)
    in_strategy_scope: bool = True
    scope_note: str | None = None


class ProductChange(Body, kw_only=True, frozen=True):
    """What changes about a product: what is left out stays, lists replace the whole list.

    `servicePlans` is only for the tenant's own products.
    """

    display_name: str | None = None
    is_legacy: bool | None = None
    in_strategy_scope: bool | None = None
    scope_note: str | None = None
    aliases: list[str] | None = None
    service_plans: list[ServicePlanBody] | None = None


class ProhibitedLocations(Body, kw_only=True, frozen=True):
    """Where a product, and single service plans of it (by name), may not be used."""

    locations: list[str] = msgspec.field(default_factory=list)
    service_plans: dict[str, list[str]] = msgspec.field(default_factory=dict)


class TableWarningShape(Shape, kw_only=True, frozen=True):
    """Something in Microsoft's table that had to be settled."""

    kind: str
    row: int | None
    message: str


class CatalogImportShape(Shape, kw_only=True, frozen=True):
    """What an import did; `jobId` is the work on holders that follows from it, if there is any."""

    rows: int
    products_in_table: int
    products_added: int
    products_grown: int
    service_plans_added: int
    job_id: UUID | None
    warnings: list[TableWarningShape]


def product_shape(sku: CatalogSku, catalog: TenantCatalog) -> ProductShape:
    """A product as answers show it."""
    return ProductShape(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        applies_to=sku.applies_to,
        origin=sku.origin,
        is_legacy=sku.is_legacy,
        in_strategy_scope=sku.in_strategy_scope,
        scope_note=sku.scope_note,
        aliases=list(sku.aliases),
        prohibited_locations=sorted(sku.prohibited_locations),
        service_plans=[
            ProductServicePlan(
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
                applies_to=plan.applies_to,
                counts_as_duplicate=plan.counts_as_duplicate,
                prohibited_locations=sorted(plan.prohibited_locations),
            )
            for plan in catalog.plans_of(sku.service_plans)
        ],
    )


def _orders(bodies: list[ServicePlanBody]) -> list[ServicePlanOrder]:
    return [ServicePlanOrder(**msgspec.structs.asdict(body)) for body in bodies]


@get("/api/catalog/products", opt=needs(Permission.READ_LICENSES), summary="List products")
async def list_products(
    call: TheCall,
    *,
    search: FromQuery[str | None] = None,
    origin: FromQuery[SkuOrigin | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ProductShape]:
    """Every product that can be bought or assigned, with its service plans."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    after = int(keys[0]) if keys else 0
    catalog = await catalog_of(call)
    found = [
        sku
        for sku in catalog.skus.values()
        if sku.sku_no > after
        and (search is None or is_found(sku, search))
        and (origin is None or sku.origin is origin)
    ]
    return Page(
        value=[product_shape(sku, catalog) for sku in found[:size]],
        next_cursor=cursor_of(found[size - 1].sku_no) if len(found) > size else None,
    )


@get(
    "/api/catalog/products/{sku:str}",
    opt=needs(Permission.READ_LICENSES),
    summary="Read a product",
)
async def get_product(call: TheCall, sku: FromPath[str]) -> ProductShape:
    """By its id, part number or alias, whatever the case."""
    catalog = await catalog_of(call)
    return product_shape(catalog.require_sku(sku), catalog)


@post("/api/catalog/products", opt=needs(Permission.WRITE_CATALOG), summary="Add a product")
async def create_product(call: TheCall, data: JSONBody[NewProduct]) -> ProductShape:
    """A product of the tenant's own, with its own service plans or known ones."""
    made = await catalog_changes.add_product(
        call,
        ProductOrder(
            part_number=data.sku_part_number,
            display_name=data.display_name,
            sku_id=data.sku_id,
            applies_to=data.applies_to,
            service_plans=_orders(data.service_plans),
            aliases=data.aliases,
            in_strategy_scope=data.in_strategy_scope,
            scope_note=data.scope_note,
        ),
    )
    return product_shape(made.sku, made.catalog)


@patch(
    "/api/catalog/products/{sku:str}",
    opt=needs(Permission.WRITE_CATALOG),
    summary="Change a product",
)
async def change_product(
    call: TheCall, sku: FromPath[str], data: JSONBody[ProductChange]
) -> ProductShape:
    """Its name, scope and aliases; of an own product also its service plans."""
    edit = ProductEdit(
        display_name=data.display_name,
        is_legacy=data.is_legacy,
        in_strategy_scope=data.in_strategy_scope,
        scope_note=data.scope_note,
        aliases=data.aliases,
        service_plans=None if data.service_plans is None else _orders(data.service_plans),
    )
    changed = await catalog_changes.change_product(call, sku, edit)
    return product_shape(changed.sku, changed.catalog)


@put(
    "/api/catalog/products/{sku:str}/prohibited-locations",
    opt=needs(Permission.WRITE_CATALOG),
    summary="Say where a product may not be used",
)
async def put_prohibited_locations(
    call: TheCall, sku: FromPath[str], data: JSONBody[ProhibitedLocations]
) -> ProductShape:
    """Whoever has it there is looked at again at once, in the background."""
    changed = await catalog_changes.set_prohibited_locations(
        call, sku, locations=data.locations, service_plans=data.service_plans
    )
    return product_shape(changed.sku, changed.catalog)


@post(
    "/api/imports/catalog",
    opt=needs(Permission.WRITE_CATALOG),
    summary="Import Microsoft's table of products",
    status_code=200,
)
async def import_catalog(call: TheCall, request: Request[Any, Any, Any]) -> CatalogImportShape:
    """The CSV file as Microsoft offers it, as text/csv or as `file` of a form; safe to repeat."""
    upload = await read_upload(request)
    done = await catalog_changes.import_microsoft_table(call, upload.content)
    shape = CatalogImportShape(
        rows=done.rows,
        products_in_table=done.products_in_table,
        products_added=done.products_added,
        products_grown=done.products_grown,
        service_plans_added=done.service_plans_added,
        job_id=None if call.is_preview else done.job,
        warnings=[
            TableWarningShape(kind=one.kind.value, row=one.row, message=one.message)
            for one in done.warnings
        ],
    )
    return tell_result(request, shape)


CATALOG_ROUTES = (
    list_products,
    get_product,
    create_product,
    change_product,
    put_prohibited_locations,
    import_catalog,
)
