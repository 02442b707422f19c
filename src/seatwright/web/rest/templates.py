"""`/api/templates`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import templates
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.templates import TemplateEdit, TemplateProductOrder
from seatwright.domain.catalog import lookup_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.templates import StoredTemplate, StoredTemplateProduct
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class TemplateProductBody(Body, kw_only=True, frozen=True):
    """A product of a template, by `skuId` or `skuPartNumber`.

    Give the service plans that are off, or those that are on and nothing else; neither leaves all
    of them on.
    """

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None
    enabled_service_plans: list[str] | None = None


class NewTemplateBody(Body, kw_only=True, frozen=True):
    """A template to store; its name is unique, whatever the case."""

    name: str
    description: str | None = None
    products: list[TemplateProductBody]


class TemplateChange(Body, kw_only=True, frozen=True):
    """What changes about a template: what is left out stays; `products` replaces all of them."""

    name: str | None = None
    description: str | None = None
    products: list[TemplateProductBody] | None = None


class TemplateServicePlan(Shape, kw_only=True, frozen=True):
    """A service plan of a product, and whether the template leaves it on."""

    service_plan_id: UUID
    name: str
    display_name: str
    enabled: bool


class TemplateProductShape(Shape, kw_only=True, frozen=True):
    """A product of a template with every service plan of it."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    disabled_service_plans: list[str]
    service_plans: list[TemplateServicePlan]


class TemplateShape(Shape, kw_only=True, frozen=True):
    """A template."""

    id: UUID
    name: str
    description: str | None
    created_at: datetime
    products: list[TemplateProductShape]


def _shape(one: StoredTemplate, catalog: TenantCatalog) -> TemplateShape:
    return TemplateShape(
        id=one.template_id,
        name=one.name,
        description=one.description,
        created_at=one.created_at,
        products=[_product(product, catalog) for product in one.products],
    )


def _product(product: StoredTemplateProduct, catalog: TenantCatalog) -> TemplateProductShape:
    sku = catalog.skus[product.sku_no]
    return TemplateProductShape(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        disabled_service_plans=[plan.name for plan in catalog.plans_of(product.disabled)],
        service_plans=[
            TemplateServicePlan(
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
                enabled=not product.disabled >> plan.service_plan_no & 1,
            )
            for plan in catalog.plans_of(sku.service_plans)
        ],
    )


def _order(body: TemplateProductBody) -> TemplateProductOrder:
    if (body.sku_id is None) == (body.sku_part_number is None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Name each product of the template once: give either skuId or skuPartNumber.",
        )
    return TemplateProductOrder(
        sku=body.sku_id or body.sku_part_number or "",
        disabled=body.disabled_service_plans,
        enabled=body.enabled_service_plans,
    )


async def _answer(call: Call, one: StoredTemplate) -> TemplateShape:
    return _shape(one, await catalog_of(call))


@get("/api/templates", opt=needs(Permission.READ_TEMPLATES), summary="List templates")
async def list_templates(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[TemplateShape]:
    """By name, each with every service plan that is on or off."""
    size = page_limit(limit)
    keys = keys_of(cursor, str)
    rows = await templates.list_page(call, after=str(keys[0]) if keys else "", limit=size)
    catalog = await catalog_of(call)
    return Page(
        value=[_shape(row, catalog) for row in rows[:size]],
        next_cursor=cursor_of(lookup_key(rows[size - 1].name)) if len(rows) > size else None,
    )


@post("/api/templates", opt=needs(Permission.WRITE_TEMPLATES), summary="Store a template")
async def create_template(call: TheCall, data: JSONBody[NewTemplateBody]) -> TemplateShape:
    """A set of products and service plan choices under a name."""
    made = await templates.add_template(
        call,
        name=data.name,
        description=data.description,
        products=[_order(product) for product in data.products],
    )
    return await _answer(call, made)


@get(
    "/api/templates/{template:str}",
    opt=needs(Permission.READ_TEMPLATES),
    summary="Read a template",
)
async def get_template(call: TheCall, template: FromPath[str]) -> TemplateShape:
    """By its id or its name, whatever the case."""
    return await _answer(call, await templates.require_template(call, template))


@patch(
    "/api/templates/{template:str}",
    opt=needs(Permission.WRITE_TEMPLATES),
    summary="Change a template",
)
async def change_template(
    call: TheCall, template: FromPath[str], data: JSONBody[TemplateChange]
) -> TemplateShape:
    """People who were assigned with it keep what they have."""
    edit = TemplateEdit(
        name=data.name,
        description=data.description,
        products=None if data.products is None else [_order(one) for one in data.products],
    )
    return await _answer(call, await templates.change_template(call, template, edit))


@delete(
    "/api/templates/{template:str}",
    opt=needs(Permission.WRITE_TEMPLATES),
    summary="Delete a template",
)
async def delete_template(call: TheCall, template: FromPath[str]) -> None:
    """People who were assigned with it keep what they have."""
    await templates.remove_template(call, template)


TEMPLATE_ROUTES = (
    list_templates,
    create_template,
    get_template,
    change_template,
    delete_template,
)
