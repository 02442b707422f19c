"""`/domains`: the domains that the tenant owns. They are added and removed over REST alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from seatwright.app.domains import all_domains
from seatwright.domain.domain_names import as_domain_name
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import TenantDomain
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import route
from seatwright.web.graph.selection import cut

SERVICES: Final = ("Email", "OfficeCommunicationsOnline")
"""What Graph says that a managed domain is for."""

_MAY_READ: Final = (
    GraphPermission.DOMAIN_READ_ALL,
    GraphPermission.DOMAIN_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
_NO_OPTIONS: Final = ("$filter", "$expand", "$orderby", "$search", "$count", "$top", "$skip")
_NEEDS: Final = (Permission.READ_LICENSES, Permission.READ_DIRECTORY)


def _shape(one: TenantDomain, names: Collection[str]) -> dict[str, Any]:
    """A domain as Graph documents it; a root is one that is below no other of the tenant."""
    parents = one.name.split(".")[1:]
    return {
        "id": one.name,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": one.is_default,
        "isInitial": one.is_initial,
        "isRoot": not any(".".join(parents[at:]) in names for at in range(len(parents))),
        "isVerified": True,
        "manufacturer": None,
        "model": None,
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "state": None,
        "supportedServices": SERVICES,
    }


@route("GET", "domains", needs=_NEEDS, accepts=_MAY_READ)
async def list_domains(request: GraphRequest) -> Answer:
    """Every domain of the tenant, by name."""
    request.refuse_options(*_NO_OPTIONS)
    found = await all_domains(request.call)
    names = {one.name for one in found}
    shapes = cut(request, (_shape(one, names) for one in found), kind="domain")
    return request.collection(shapes, "domains")


@route("GET", "domains/{domain}", needs=_NEEDS, accepts=_MAY_READ)
async def get_domain(request: GraphRequest) -> Answer:
    """One of them, by its name."""
    request.refuse_options(*_NO_OPTIONS)
    found = await all_domains(request.call)
    names = {one.name for one in found}
    name = as_domain_name(request.keys["domain"])
    for one in found:
        if one.name == name:
            (shape,) = cut(request, [_shape(one, names)], kind="domain")
            return request.entity(shape, "domains/$entity")
    raise resource_missing(request.keys["domain"])


DOMAIN_ROUTES = (list_domains, get_domain)
