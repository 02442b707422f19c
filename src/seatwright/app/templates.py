"""Templates: named sets of products and service plan choices, ready to be assigned together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.templates import (
    NewTemplate,
    StoredTemplate,
    StoredTemplateProduct,
    delete_template,
    find_template,
    insert_templates,
    list_templates,
    lock_template,
    rename_template,
    replace_products,
)

NAME_LENGTH_MAX = 120
DESCRIPTION_LENGTH_MAX = 1_000
PRODUCTS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProductOrder:
    """One product that a template should hold, as the caller named it.

    Service plans are named either by what is off or by what is on, so that a template can say
    “this and nothing else” (T-187).
    """

    sku: str
    disabled: Sequence[str] | None = None
    enabled: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEdit:
    """What changes about a template; None stays as it is."""

    name: str | None = None
    description: str | None = None
    products: Sequence[TemplateProductOrder] | None = None


async def list_page(call: Call, *, after: str, limit: int) -> list[StoredTemplate]:
    """Templates by name, one more than `limit` if there are more."""
    return await list_templates(call.tx, after=after, limit=limit + 1)


async def require_template(call: Call, text: str) -> StoredTemplate:
    """One template by its id or its name, whatever the case.

    Raises Refusal unknownTemplate.
    """
    found = await find_template(call.tx, template_id=_uuid(text), name=text)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_TEMPLATE,
            f"There is no template “{text}”: GET /api/templates lists which there are.",
            context={"template": text},
        )
    return found


async def add_template(
    call: Call, *, name: str, description: str | None, products: Sequence[TemplateProductOrder]
) -> StoredTemplate:
    """Store a template.

    Raises Refusal invalidValue for a name that is taken, empty or too long, or no products;
    unknownSku, notAssignableToUsers and servicePlanNotInSku for a product that cannot be in it.
    """
    new = NewTemplate(
        template_id=uuid4(),
        name=_checked_name(name),
        description=_checked_description(description),
        products=_checked_products(await catalog_of(call), products),
    )
    if not await insert_templates(call.tx, [new], at=call.now, by=call.principal.principal_no):
        raise _taken(new.name)
    await _record(
        call, HistoryAction.TEMPLATE_CREATED, new.template_id, before=None, after=new.name
    )
    return await require_template(call, str(new.template_id))


async def change_template(call: Call, text: str, edit: TemplateEdit) -> StoredTemplate:
    """Change a template; people who were assigned with it keep what they have.

    Raises Refusal unknownTemplate and what `add_template` raises.
    """
    await lock_template(call.tx, (await require_template(call, text)).template_id)
    stored = await require_template(call, text)
    wanted = replace(
        stored,
        name=stored.name if edit.name is None else _checked_name(edit.name),
        description=(
            stored.description
            if edit.description is None
            else _checked_description(edit.description)
        ),
        products=(
            stored.products
            if edit.products is None
            else _checked_products(await catalog_of(call), edit.products)
        ),
    )
    if wanted == stored:
        return stored
    if not await rename_template(call.tx, wanted):
        raise _taken(wanted.name)
    await replace_products(call.tx, wanted.template_no, wanted.products)
    await _record(
        call,
        HistoryAction.TEMPLATE_UPDATED,
        stored.template_id,
        before=stored.name,
        after=wanted.name,
    )
    return wanted


async def remove_template(call: Call, text: str) -> None:
    """Forget a template; people who were assigned with it keep what they have.

    Raises Refusal unknownTemplate.
    """
    stored = await require_template(call, text)
    await delete_template(call.tx, stored.template_no)
    await _record(
        call, HistoryAction.TEMPLATE_DELETED, stored.template_id, before=stored.name, after=None
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The template's name has {len(name)} characters: give 1 to {NAME_LENGTH_MAX}.",
        )
    if _uuid(name) is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The template's name “{name}” looks like an id: give a name that people can read.",
        )
    return name


def _checked_description(text: str | None) -> str | None:
    description = (text or "").strip()
    if len(description) > DESCRIPTION_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The template's description has {len(description)} characters: give at most"
            f" {DESCRIPTION_LENGTH_MAX}.",
        )
    return description or None


def _checked_products(
    catalog: TenantCatalog, orders: Sequence[TemplateProductOrder]
) -> tuple[StoredTemplateProduct, ...]:
    if not 1 <= len(orders) <= PRODUCTS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The template names {len(orders)} products: give 1 to {PRODUCTS_MAX}.",
        )
    products = [_checked_product(catalog, order) for order in orders]
    numbers = [product.sku_no for product in products]
    twice = next((no for no in numbers if numbers.count(no) > 1), None)
    if twice is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The template names {catalog.sku_name(twice)} twice: name it once.",
        )
    return tuple(sorted(products, key=lambda product: product.sku_no))


def _checked_product(catalog: TenantCatalog, order: TemplateProductOrder) -> StoredTemplateProduct:
    sku = catalog.require_sku(order.sku, is_in_body=True)
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organization, not for"
            f" people: leave it out. {sku.scope_note or ''}".strip(),
            context={"skuId": str(sku.sku_id)},
        )
    if order.disabled is not None and order.enabled is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"For {sku.display_name} give either what is off or what is on, not both.",
        )
    if order.enabled is None:
        disabled = catalog.disabled_bits(sku, order.disabled or ())
    else:
        disabled = catalog.all_but(sku, order.enabled)
    return StoredTemplateProduct(sku_no=sku.sku_no, disabled=disabled)


def _taken(name: str) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE, f"There is a template named “{name}” already: choose another name."
    )


async def _record(
    call: Call,
    action: HistoryAction,
    template_id: UUID,
    *,
    before: str | None,
    after: str | None,
) -> None:
    detail = {"templateId": str(template_id), "name": {"before": before, "after": after}}
    await record(call, HistoryLine(action=action, detail=detail))
