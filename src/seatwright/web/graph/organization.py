"""`/organization`: the tenant as its own one entry."""

from __future__ import annotations

from typing import Any, Final

from seatwright.app.call import Call
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.domain.settings import usage_location_in
from seatwright.web.answers import Answer
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


def _shape(call: Call) -> dict[str, Any]:
    tenant, location = call.tenant, usage_location_in(call.tenant.settings)
    return {
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "countryLetterCode": location,
        "defaultUsageLocation": location,
        "verifiedDomains": [
            {
                "name": tenant.domain,
                "isDefault": True,
                "isInitial": True,
                "type": "Managed",
                "capabilities": "Email, OfficeCommunicationsOnline",
            }
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
    shapes = cut(request, [_shape(request.call)], kind="organization")
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
    (shape,) = cut(request, [_shape(request.call)], kind="organization")
    return request.entity(shape, "organization/$entity")


ORGANIZATION_ROUTES = (list_organizations, get_organization)
