"""`/organization`: the tenant as its own one entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.app.domains import all_domains
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.domain.settings import usage_location_in
from seatwright.domain.tenants import TenantDomain
from seatwright.web.answers import Answer
from seatwright.web.graph.domains import SERVICES
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import route
from seatwright.web.graph.selection import cut

_MAY_READ: Final = (
    GraphPermission.ORGANIZATION_READ_ALL,
    GraphPermission.ORGANIZATION_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
    GraphPermission.USER_READ_ALL,
    GraphPermission.USER_READ_WRITE_ALL,
)


def _shape(call: Call, domains: Sequence[TenantDomain]) -> dict[str, Any]:
    tenant, location = call.tenant, usage_location_in(call.tenant.settings)
    return {
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "countryLetterCode": location,
        "defaultUsageLocation": location,
        "verifiedDomains": [
            {
                "name": one.name,
                "isDefault": one.is_default,
                "isInitial": one.is_initial,
                "type": "Managed",
                "capabilities": ", ".join(SERVICES),
            }
            # Scripts take the first for the one in which they make people.
            for one in sorted(domains, key=lambda one: not one.is_default)
        ],
        "assignedPlans": [],
        "provisionedPlans": [],
        "businessPhones": [],
        "technicalNotificationMails": [],
    }


@route(
    "GET",
    "organization",
    needs=(Permission.READ_LICENSES, Permission.READ_DIRECTORY),
    accepts=_MAY_READ,
)
async def list_organizations(request: GraphRequest) -> Answer:
    """The one organization that the caller belongs to."""
    shape = _shape(request.call, await all_domains(request.call))
    shapes = cut(request, [shape], kind="organization")
    return request.collection(shapes, "organization")


@route(
    "GET",
    "organization/{organization}",
    needs=(Permission.READ_LICENSES, Permission.READ_DIRECTORY),
    accepts=_MAY_READ,
)
async def get_organization(request: GraphRequest) -> Answer:
    """It again, by the tenant's id."""
    if request.keys["organization"].casefold() != str(request.call.tenant.id):
        raise resource_missing(request.keys["organization"])
    whole = _shape(request.call, await all_domains(request.call))
    (shape,) = cut(request, [whole], kind="organization")
    return request.entity(shape, "organization/$entity")


ORGANIZATION_ROUTES = (list_organizations, get_organization)
