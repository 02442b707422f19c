"""Templates: named sets of products and service plan choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from seatwright.domain.catalog import lookup_key
from seatwright.domain.ids import PrincipalNo, ServicePlanBits, ServicePlanSetId, SkuNo
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.transaction import Transaction

_COLUMNS = "template_no, id, name, description, created_at"


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


async def list_templates(
    tx: Transaction, *, after: str = "", limit: int | None = None
) -> list[StoredTemplate]:
    """Templates in the order of their names."""
    return await _templates(
        tx,
        f"select {_COLUMNS} from template where tenant_id = %s and name_key > %s"
        " order by name_key limit %s",
        (tx.tenant_id, after, limit),
    )


async def find_template(
    tx: Transaction, *, template_id: UUID | None = None, name: str | None = None
) -> StoredTemplate | None:
    """One template, by its id or its name."""
    found = await _templates(
        tx,
        f"select {_COLUMNS} from template where tenant_id = %s and (id = %s or name_key = %s)",
        (tx.tenant_id, template_id, None if name is None else lookup_key(name)),
    )
    return found[0] if found else None


async def lock_template(tx: Transaction, template_id: UUID) -> None:
    """Hold a template until the transaction ends, so that two edits add up."""
    await tx.connection.execute(
        "select from template where tenant_id = %s and id = %s for update",
        (tx.tenant_id, template_id),
    )


async def rename_template(tx: Transaction, one: StoredTemplate) -> bool:
    """Store a template's name and description; False when another has the name."""
    try:
        cursor = await tx.connection.execute(
            "update template t set name = %s, name_key = %s, description = %s"
            " where tenant_id = %s and template_no = %s and not exists (select from template other"
            "  where other.tenant_id = %s and other.name_key = %s and other.template_no <> %s)",
            (
                one.name,
                lookup_key(one.name),
                one.description,
                tx.tenant_id,
                one.template_no,
                tx.tenant_id,
                lookup_key(one.name),
                one.template_no,
            ),
        )
    except UniqueViolation:
        # Another session took the name since; the caller refuses and everything is rolled back.
        return False
    return cursor.rowcount == 1


async def replace_products(
    tx: Transaction, template_no: int, products: Sequence[StoredTemplateProduct]
) -> None:
    """Make these the products of a template."""
    await tx.connection.execute(
        "delete from template_product where tenant_id = %s and template_no = %s",
        (tx.tenant_id, template_no),
    )
    await insert_products(tx, template_no, products)


async def delete_template(tx: Transaction, template_no: int) -> None:
    """Forget a template; what was assigned with it stays."""
    await tx.connection.execute(
        "delete from template where tenant_id = %s and template_no = %s",
        (tx.tenant_id, template_no),
    )


async def _templates(
    tx: Transaction, statement: str, values: tuple[object, ...]
) -> list[StoredTemplate]:
    cursor = await tx.connection.execute(statement, values)
    rows = await cursor.fetchall()
    products = await _products(tx, [row[0] for row in rows])
    return [
        StoredTemplate(
            template_no=row[0],
            template_id=row[1],
            name=row[2],
            description=row[3],
            created_at=row[4],
            products=tuple(products[row[0]]),
        )
        for row in rows
    ]


async def _products(
    tx: Transaction, template_nos: Sequence[int]
) -> dict[int, list[StoredTemplateProduct]]:
    cursor = await tx.connection.execute(
        "select template_no, sku_no, disabled_set from template_product"
        " where tenant_id = %s and template_no = any(%s) order by template_no, sku_no",
        (tx.tenant_id, list(template_nos)),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({row[2] for row in rows})
    products: dict[int, list[StoredTemplateProduct]] = defaultdict(list)
    for template_no, sku_no, disabled in rows:
        products[template_no].append(
            StoredTemplateProduct(sku_no=SkuNo(sku_no), disabled=bits[ServicePlanSetId(disabled)])
        )
    return products
