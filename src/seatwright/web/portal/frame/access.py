"""Which permission a page needs, and the guard that asks for it before the page is made."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.web.portal.frame.forms import Form

TheCall: TypeAlias = NamedDependency[Call]
"""The type of every page's `call` parameter: what the edge opened."""

AnyRequest: TypeAlias = Request[Any, Any, Any]


def needs(permission: Permission | None) -> dict[str, Any]:
    """The `opt` of a page that needs a permission; None: everybody who is signed in may see it."""
    return {"permission": permission}


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a page whose permission the principal lacks, naming the roles that have it."""
    permission = cast("Permission | None", handler.opt["permission"])
    if permission is not None:
        require(call_of(connection), permission)


def require(call: Call, permission: Permission) -> None:
    """Refuse what the principal may not do, naming the roles that may."""
    if call.principal.may(permission):
        return
    needed = [role.value for role in roles_permitting(permission)]
    raise Refusal(
        Reason.ROLE_MISSING,
        f"You may not {permission.value}. Ask an administrator for one of these roles:"
        f" {', '.join(needed)}.",
        context={"rolesNeeded": needed},
    )


def call_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Call:
    """The call that the edge put on the connection."""
    return cast(Call, connection.scope["state"]["call"])


def form_of(request: AnyRequest) -> Form:
    """The form that the edge read."""
    return cast(Form, request.scope["state"]["form"])


def session_of(request: AnyRequest) -> str:
    """The secret of the session that the call came with."""
    return cast(str, request.scope["state"]["session"])
