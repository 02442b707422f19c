"""Which permission a route needs, and the guard that asks for it before the route runs."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.types import HTTPScope

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission, roles_permitting

TheCall: TypeAlias = NamedDependency[Call]
"""The type of every route's `call` parameter: what the edge opened."""


def needs(permission: Permission, *, shows_secret: bool = False) -> dict[str, Any]:
    """The `opt` of a route that needs a permission: `@get(..., opt=needs(Permission.X))`.

    `shows_secret`: the answer holds a secret, so it is not kept for a repeated Idempotency-Key.
    """
    return {"permission": permission, "shows_secret": shows_secret}


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a call whose principal lacks the route's permission, naming the roles that have it.

    It waits for nothing, yet is no plain function: Litestar would run that in another thread.
    """
    if cast(HTTPScope, connection.scope)["method"] == "OPTIONS":
        # Litestar makes these by itself, and forgets the methods of a path's other functions.
        raise MethodNotAllowedException
    permission = cast(Permission, handler.opt["permission"])
    call = call_of(connection)
    if call.principal.may(permission):
        connection.scope["state"]["shows_secret"] = handler.opt.get("shows_secret", False)
        return
    held = ", ".join(call.principal.roles) or "none"
    needed = [role.value for role in roles_permitting(permission)]
    raise Refusal(
        Reason.ROLE_MISSING,
        f"“{call.principal.name}” may not {permission.value}: its roles are {held}."
        f" Use a principal with one of: {', '.join(needed)}.",
        context={"rolesNeeded": needed},
    )


def call_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Call:
    """The call that the edge put on the connection."""
    return cast(Call, connection.scope["state"]["call"])
