"""Templates: named sets of products and service plan choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.catalog import lookup_key
from seatwright.domain.ids import PrincipalNo, ServicePlanBits, SkuNo
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTemplateProduct:
    """One product of a stored template and the service plans that it leaves off."""

    sku_no: SkuNo
    disabled: ServicePlanBits


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTemplate:
    """A template as it is stored; `products` are in the order of their numbers."""

    template_no: int
    template_id: UUID
    name: str
    description: str | None
    created_at: datetime
    products: tuple[StoredTemplateProduct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """A template to store."""

    template_id: UUID
    name: str
    description: str | None
    products: tuple[StoredTemplateProduct, ...]


async def insert_templates(
    tx: Transaction, templates: Sequence[NewTemplate], *, at: datetime, by: PrincipalNo
) -> bool:
    """Store templates; False, and none of them stored, when a name is taken."""
    first = await take_numbers(tx, "template", len(templates))
    cursor = await tx.connection.execute(
        "insert into template (tenant_id, template_no, id, name, name_key, description,"
        " created_at, created_by)"
        " select %s, no, id, name, name_key, description, %s, %s"
        " from unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[])"
        " as new (no, id, name, name_key, description)"
        " where not exists (select from template t where t.tenant_id = %s"
        "  and t.name_key = any(%s)) on conflict do nothing",
        (
            tx.tenant_id,
            at,
            by,
            [first + i for i in range(len(templates))],
            [template.template_id for template in templates],
            [template.name for template in templates],
            [lookup_key(template.name) for template in templates],
            [template.description for template in templates],
            tx.tenant_id,
            [lookup_key(template.name) for template in templates],
        ),
    )
    if cursor.rowcount < len(templates):
        return False
    for number, template in enumerate(templates, start=first):
        await insert_products(tx, number, template.products)
    return True


async def insert_products(
    tx: Transaction, template_no: int, products: Sequence[StoredTemplateProduct]
) -> None:
    """Put products into a template."""
    sets = await tx.plan_set_ids(product.disabled for product in products)
    await tx.connection.execute(
        "insert into template_product (tenant_id, template_no, sku_no, disabled_set)"
        " select %s, %s, * from unnest(%s::int2[], %s::int4[])",
        (
            tx.tenant_id,
            template_no,
            [product.sku_no for product in products],
            [sets[product.disabled] for product in products],
        ),
    )
