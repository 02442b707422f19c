"""Whether a caller may run a route: the roles in any case, and Graph permissions where named."""

from __future__ import annotations

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import roles_permitting
from seatwright.domain.tenants import Principal
from seatwright.web.graph.routing import Route


def check_may(principal: Principal, route: Route) -> None:
    """Let a principal by who may call the route (`entra-graph.md` ASN-009 to ASN-011).

    Raises Refusal roleMissing, naming what would be enough.
    """
    if not any(principal.may(permission) for permission in route.needs):
        held = ", ".join(principal.roles) or "none"
        needed = list(
            dict.fromkeys(role.value for one in route.needs for role in roles_permitting(one))
        )
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{principal.name}” may not {route.needs[0].value}: its roles are {held}. Use a"
            f" principal with one of: {', '.join(needed)}.",
            context={"rolesNeeded": needed},
        )
    accepted = [permission.value for permission in route.accepts]
    if principal.may_in_graph(accepted):
        return
    named = principal.graph_permissions or ()
    raise Refusal(
        Reason.ROLE_MISSING,
        f"“{principal.name}” was made with the Graph permissions {', '.join(named) or 'none'} only."
        f" Use a client that has one of: {', '.join(accepted)}.",
        context={"permissionsNeeded": accepted},
    )


def only_for(what: str, accepts: tuple[GraphPermission, ...]) -> Refusal:
    """The refusal of a caller whose Graph permission is enough for a part of a route only."""
    accepted = [permission.value for permission in accepts]
    return Refusal(
        Reason.ROLE_MISSING,
        f"To {what} takes a client that has one of: {', '.join(accepted)}.",
        context={"permissionsNeeded": accepted},
    )
