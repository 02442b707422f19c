"""`/templates`: named sets of products with explicit services; made, changed, applied, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seats import list_seats
from seatwright.app.templates import (
    TemplateEdit,
    TemplateProductOrder,
    add_template,
    change_template,
    list_page,
    remove_template,
    require_template,
)
from seatwright.domain.bulk import FillPolicy
from seatwright.domain.catalog import lookup_key
from seatwright.domain.errors import Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogServicePlan, CatalogSku, TenantCatalog
from seatwright.postgres.templates import StoredTemplate
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.problems import status_of

ROWS: Final = 50
PRODUCTS_MAX: Final = 1000
EMPTY_PLACES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A product of a template with every service of it, on or off (T-213)."""

    sku: CatalogSku
    on: tuple[CatalogServicePlan, ...]
    off: tuple[CatalogServicePlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A template as it stands in its form."""

    name: str
    description: str
    contents: tuple[Content, ...]


@get("/templates", opt=needs(Permission.READ_TEMPLATES))
async def templates(
    call: TheCall,
    request: AnyRequest,
    *,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """By name, each with its products."""
    keys = keys_of(cursor, str)
    found = await list_page(call, after=str(keys[0]) if keys else "", limit=ROWS)
    rows = found[:ROWS]
    more = None
    if len(found) > ROWS:
        more = "/templates?" + urlencode({"cursor": cursor_of(lookup_key(rows[-1].name))})
    return page(
        request,
        "templates.html",
        templates=rows,
        catalog=await catalog_of(call),
        more=more,
        done=done,
    )


@get("/templates/new", opt=needs(Permission.WRITE_TEMPLATES))
async def new_template(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """An empty form."""
    return await _form(call, request, Typed(name="", description="", contents=()))


@get("/templates/{template:str}", opt=needs(Permission.READ_TEMPLATES))
async def one_template(
    call: TheCall,
    request: AnyRequest,
    template: FromPath[str],
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What is on and what is off, product by product."""
    stored = await require_template(call, template)
    return page(
        request,
        "template.html",
        one=stored,
        contents=_contents(stored, await catalog_of(call)),
        fills=tuple(FillPolicy),
        done=done,
    )


@get("/templates/{template:str}/edit", opt=needs(Permission.WRITE_TEMPLATES))
async def edit_template(
    call: TheCall, request: AnyRequest, template: FromPath[str]
) -> Response[bytes]:
    """The same form, filled in."""
    stored = await require_template(call, template)
    typed = Typed(
        name=stored.name,
        description=stored.description or "",
        contents=_contents(stored, await catalog_of(call)),
    )
    return await _form(call, request, typed, template=stored)


@post("/templates", opt=needs(Permission.WRITE_TEMPLATES), status_code=303)
async def make_template(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Store what the form says, or show the services of what was chosen first."""
    form = form_of(request)
    if form.text("step") == "plans":
        return await _form(call, request, await _typed(call, form))
    try:
        made = await add_template(
            call,
            name=form.text("name") or "",
            description=form.text("description"),
            products=_orders(form),
        )
    except Refusal as refusal:
        return await _form(call, request, await _typed(call, form), refusal=refusal)
    return see(f"/templates/{made.template_id}?done=made")


@post("/templates/{template:str}", opt=needs(Permission.WRITE_TEMPLATES), status_code=303)
async def save_template(
    call: TheCall, request: AnyRequest, template: FromPath[str]
) -> Response[bytes] | Response[None]:
    """Change a template; people who were assigned with it keep what they have."""
    form = form_of(request)
    stored = await require_template(call, template)
    if form.text("step") == "plans":
        return await _form(call, request, await _typed(call, form), template=stored)
    edit = TemplateEdit(
        name=form.text("name") or "",
        description=form.text("description") or "",
        products=_orders(form),
    )
    try:
        await change_template(call, str(stored.template_id), edit)
    except Refusal as refusal:
        typed = await _typed(call, form)
        return await _form(call, request, typed, template=stored, refusal=refusal)
    return see(f"/templates/{stored.template_id}?done=changed")


@post("/templates/{template:str}/delete", opt=needs(Permission.WRITE_TEMPLATES), status_code=303)
async def delete_template(call: TheCall, template: FromPath[str]) -> Response[None]:
    """Forget a template; people keep what they were assigned with it."""
    await remove_template(call, template)
    return see("/templates?done=deleted")


def _orders(form: Form) -> tuple[TemplateProductOrder, ...]:
    """The products of the form, each with what is ticked where its services were shown."""
    shown = set(form.all("shown"))
    ticked = [one.partition("/") for one in form.all("on")]
    return tuple(
        TemplateProductOrder(
            sku=sku,
            enabled=[plan for of, _, plan in ticked if of == sku] if sku in shown else None,
        )
        for sku in form.all("product")
        if sku
    )


async def _typed(call: Call, form: Form) -> Typed:
    """What was typed, to be shown again; a product that is none is left out."""
    catalog = await catalog_of(call)
    contents = []
    for order in _orders(form):
        sku = catalog.sku_by_text(order.sku)
        if sku is not None:
            plans = catalog.plans_of(sku.service_plans)
            ticked = None if order.enabled is None else set(order.enabled)
            on = tuple(one for one in plans if ticked is None or one.name in ticked)
            off = tuple(one for one in plans if one not in on)
            contents.append(Content(sku=sku, on=on, off=off))
    return Typed(
        name=form.text("name") or "",
        description=form.text("description") or "",
        contents=tuple(contents),
    )


def _contents(stored: StoredTemplate, catalog: TenantCatalog) -> tuple[Content, ...]:
    found = []
    for product in stored.products:
        sku = catalog.skus[product.sku_no]
        off = tuple(catalog.plans_of(product.disabled))
        on = tuple(one for one in catalog.plans_of(sku.service_plans) if one not in off)
        found.append(Content(sku=sku, on=on, off=off))
    return tuple(found)


async def _form(
    call: Call,
    request: AnyRequest,
    typed: Typed,
    *,
    template: StoredTemplate | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    return page(
        request,
        "template_form.html",
        status=200 if refusal is None else status_of(refusal),
        typed=typed,
        one=template,
        error=None if refusal is None else refusal.detail,
        products=await _choices(call, typed),
        empty=range(EMPTY_PLACES if typed.contents else EMPTY_PLACES + 1),
    )


async def _choices(call: Call, typed: Typed) -> tuple[CatalogSku, ...]:
    """Products for people that were bought, and those of the form; others are typed by hand."""
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    found = {one.sku.sku_no: one.sku for one in seats if one.sku.is_assignable_to_users}
    found |= {one.sku.sku_no: one.sku for one in typed.contents}
    return tuple(sorted(found.values(), key=lambda sku: (sku.display_name, sku.sku_no)))


TEMPLATE_PAGES = (
    templates,
    new_template,
    one_template,
    edit_template,
    make_template,
    save_template,
    delete_template,
)
