"""`/subscribedSkus`: products with their units (`entra-graph.md` §2.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscribed_skus import subscribed_skus
from seatwright.domain.catalog import capability_status
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.subscribed_skus import SkuUnits
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import route
from seatwright.web.graph.selection import cut

MAY_READ_LICENSES: Final = (
    GraphPermission.LICENSE_ASSIGNMENT_READ_ALL,
    GraphPermission.LICENSE_ASSIGNMENT_READ_WRITE_ALL,
    GraphPermission.ORGANIZATION_READ_ALL,
    GraphPermission.ORGANIZATION_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
"""Who may read products, the least privileged first (SKU-012)."""

# Clients filter by themselves: Graph has no option for this resource but these (SKU-009).
_NO_OPTIONS: Final = ("$filter", "$expand", "$orderby", "$search", "$count", "$top", "$skip")

_KIND: Final = "subscribedSku"
_KEPT_MAX: Final = 64
_kept: OrderedDict[tuple[UUID, int], dict[SkuNo, msgspec.Raw]] = OrderedDict()


def service_plans_of(call: Call, catalog: TenantCatalog, sku: CatalogSku) -> msgspec.Raw:
    """The service plans of a product as JSON (SKU-020, SKU-021).

    Written once for each version of a catalogue: a list of products is hundreds of service plans.
    """
    key = (call.tenant.id, catalog.version)
    written = _kept.get(key)
    if written is None:
        written = _kept[key] = {}
        while len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    found = written.get(sku.sku_no)
    if found is None:
        plans = [
            {
                "servicePlanId": plan.service_plan_id,
                "servicePlanName": plan.name,
                "provisioningStatus": "Success",
                "appliesTo": plan.applies_to.value,
            }
            for plan in catalog.plans_of(sku.service_plans)
        ]
        found = written[sku.sku_no] = msgspec.Raw(msgspec.json.encode(plans))
    return found


def _shape(call: Call, catalog: TenantCatalog, one: SkuUnits) -> Mapping[str, Any]:
    sku, tenant = catalog.skus[one.sku_no], call.tenant
    return {
        "id": f"{tenant.id}_{sku.sku_id}",
        "accountId": tenant.id,
        "accountName": tenant.name,
        "appliesTo": sku.applies_to.value,
        "capabilityStatus": capability_status(one.units).value,
        "consumedUnits": one.consumed,
        "prepaidUnits": {
            "enabled": one.units.enabled,
            "suspended": one.units.suspended,
            "warning": one.units.warning,
            "lockedOut": one.units.locked_out,
        },
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": one.subscriptions,
        "servicePlans": service_plans_of(call, catalog, sku),
    }


@route("GET", "subscribedSkus", needs=Permission.READ_LICENSES, accepts=MAY_READ_LICENSES)
async def list_subscribed_skus(request: GraphRequest) -> Answer:
    """Every product of the organization (SKU-010)."""
    request.refuse_options(*_NO_OPTIONS)
    catalog = await catalog_of(request.call)
    rows = await subscribed_skus(request.call)
    shapes = cut(request, (_shape(request.call, catalog, one) for one in rows), kind=_KIND)
    return request.collection(shapes, "subscribedSkus")


@route("GET", "subscribedSkus/{sku}", needs=Permission.READ_LICENSES, accepts=MAY_READ_LICENSES)
async def get_subscribed_sku(request: GraphRequest) -> Answer:
    """One product, by `<tenant>_<skuId>` (SKU-002)."""
    request.refuse_options(*_NO_OPTIONS)
    catalog = await catalog_of(request.call)
    tenant, _, sku_id = request.keys["sku"].casefold().partition("_")
    for one in await subscribed_skus(request.call):
        if (tenant, sku_id) == (str(request.call.tenant.id), str(catalog.skus[one.sku_no].sku_id)):
            (shape,) = cut(request, [_shape(request.call, catalog, one)], kind=_KIND)
            return request.entity(shape, "subscribedSkus/$entity")
    raise resource_missing(request.keys["sku"])


SKU_ROUTES = (list_subscribed_skus, get_subscribed_sku)
