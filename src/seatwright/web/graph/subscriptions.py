"""`/directory/subscriptions`: commercial purchases (`entra-graph.md` §2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from seatwright.app.catalog import catalog_of
from seatwright.app.subscriptions import list_page
from seatwright.domain.filters import (
    SUBSCRIPTION_PROPERTIES,
    Scope,
    check_filter,
    finds,
    parse_filter,
)
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import SUBSCRIPTIONS_MAX, Subscription
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.paths import unquoted
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import route
from seatwright.web.graph.selection import cut
from seatwright.web.graph.skus import MAY_READ_LICENSES, service_plans_of

_NO_OPTIONS: Final = ("$expand", "$orderby", "$search", "$count", "$top", "$skip")
_ALTERNATE: Final = re.compile(r"commerceSubscriptionId\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)
# Prices are told by the REST surface alone, so whoever may read products may read these.
_NEEDS: Final = (Permission.READ_SUBSCRIPTIONS, Permission.READ_LICENSES)


def _shape(request: GraphRequest, catalog: TenantCatalog, one: Subscription) -> Mapping[str, Any]:
    sku = catalog.skus[one.sku_no]
    return {
        "id": one.subscription_id,
        "commerceSubscriptionId": one.external_id or one.subscription_id,
        "createdDateTime": one.created_at,
        "isTrial": one.is_trial,
        "nextLifecycleDateTime": one.next_lifecycle_at,
        "ownerId": None,
        "ownerTenantId": None,
        "ownerType": None,
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "status": one.status.value,
        "totalLicenses": one.units,
        "serviceStatus": service_plans_of(request.call, catalog, sku),
    }


def _written(shape: Mapping[str, Any]) -> dict[str, object]:
    """The values with ids as the answer writes them: as texts."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in shape.items()}


async def _all(request: GraphRequest) -> list[Mapping[str, Any]]:
    """Every purchase: a tenant has 300 at most (SUB-005)."""
    request.refuse_options(*_NO_OPTIONS)
    catalog = await catalog_of(request.call)
    rows = await list_page(request.call, after=None, limit=SUBSCRIPTIONS_MAX)
    return [_shape(request, catalog, one) for one in rows]


@route("GET", "directory/subscriptions", needs=_NEEDS, accepts=MAY_READ_LICENSES)
async def list_subscriptions(request: GraphRequest) -> Answer:
    """What was bought, product by product, or what of it a filter finds (SUB-004)."""
    found, text = await _all(request), request.option("$filter")
    if text is not None:
        # Nothing of this list needs an advanced query, `not` included.
        scope = Scope(noun="subscriptions", properties=SUBSCRIPTION_PROPERTIES, is_advanced=True)
        tree = check_filter(parse_filter(text), scope)
        found = [one for one in found if finds(tree, _written(one))]
    rows = cut(request, found, kind="companySubscription")
    return request.collection(rows, "directory/subscriptions")


@route("GET", "directory/subscriptions/{subscription}", needs=_NEEDS, accepts=MAY_READ_LICENSES)
async def get_subscription(request: GraphRequest) -> Answer:
    """One purchase, by its id or `commerceSubscriptionId='…'` (SUB-001)."""
    request.refuse_options("$filter")
    key = request.keys["subscription"]
    alternate = _ALTERNATE.fullmatch(key)
    name = "commerceSubscriptionId" if alternate else "id"
    wanted = unquoted(alternate[1]) if alternate else key
    for shape in await _all(request):
        if str(shape[name]).casefold() == wanted.casefold():
            (one,) = cut(request, [shape], kind="companySubscription")
            return request.entity(one, "directory/subscriptions/$entity")
    raise resource_missing(key)


SUBSCRIPTION_ROUTES = (list_subscriptions, get_subscription)
