"""The catalogue: what a new tenant starts with, and the copy that every process keeps of it."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.domain.catalog import SkuGrowth
from seatwright.domain.ids import service_plan_bits
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.catalog_write import (
    insert_rules,
    insert_service_plans,
    insert_sku_service_plans,
    insert_skus,
)
from seatwright.postgres.templates import NewTemplate, StoredTemplateProduct, insert_templates
from seatwright.shipped.reader import load_catalog, load_templates

_KEPT_MAX = 256
"""Catalogues kept in one process; a catalogue is about 0.3 MB, and the least used go first."""

_kept: OrderedDict[tuple[UUID, int], TenantCatalog] = OrderedDict()


async def load_shipped_catalog(call: Call) -> None:
    """Copy the shipped catalogue and templates into a new tenant.

    A copy, so that own products, imported ones and shipped ones are the same rows, and a tenant
    keeps what it had when a later seatwright ships other facts.
    """
    content = load_catalog()
    plan_nos = await insert_service_plans(call.tx, content.service_plans)
    sku_nos = await insert_skus(call.tx, content.skus)
    held = [
        SkuGrowth(sku_id=sku.sku_id, service_plan_ids=sku.service_plan_ids) for sku in content.skus
    ]
    await insert_sku_service_plans(call.tx, held, sku_nos=sku_nos, plan_nos=plan_nos)
    await insert_rules(call.tx, content, plan_nos)
    templates = [
        NewTemplate(
            template_id=uuid4(),
            name=template.name,
            description=template.description,
            products=tuple(
                StoredTemplateProduct(
                    sku_no=sku_nos[product.sku_id],
                    disabled=service_plan_bits(
                        *(plan_nos[plan] for plan in product.disabled_service_plan_ids)
                    ),
                )
                for product in template.products
            ),
        )
        for template in load_templates()
    ]
    await insert_templates(call.tx, templates, at=call.now, by=call.principal.principal_no)


async def catalog_of(call: Call) -> TenantCatalog:
    """Give the tenant's catalogue, kept by version: one object for as long as nothing changes.

    A call that has changed the catalogue gets it as it has written it, and no other call does: it
    is not committed, and a preview never will be.
    """
    if call.tx.has_changed_catalog:
        return await read_catalog(call.tx)
    # By the tenant's id, not its number: numbers repeat from one database to the next.
    key = (call.tenant.id, call.tenant.catalog_version)
    kept = _kept.get(key)
    if kept is not None:
        _kept.move_to_end(key)
        return kept
    catalog = await read_catalog(call.tx)
    if catalog.version != call.tenant.catalog_version:
        # It changed since the caller was recognised: right for this call, wrong under that version.
        return catalog
    _kept[key] = catalog
    while len(_kept) > _KEPT_MAX:
        _kept.popitem(last=False)
    return catalog
