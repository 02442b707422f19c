"""Who calls: the bearer token of a call, looked up before any surface sees the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.errors import Reason
from seatwright.domain.tenants import Principal, TenantState
from seatwright.identity.secrets import digest_of
from seatwright.postgres.principals import Authenticated, authenticate


@dataclass(frozen=True, slots=True)
class Stranger:
    """Someone who may not call at all, and why; each surface tells it in its own form."""

    reason: Reason
    detail: str


def only_for_graph(principal: Principal) -> str | None:
    """Why a principal may not call this surface; None where it may.

    Graph's permissions name calls of `/v1.0` alone. A client that was narrowed to some of them has
    nothing elsewhere: its whole roles there would be more than it was given.
    """
    if principal.graph_permissions is None:
        return None
    return (
        f"“{principal.name}” was made for these permissions of Microsoft Graph only:"
        f" {', '.join(principal.graph_permissions) or 'none'}. They open /v1.0 and /beta. For other"
        " calls use a client made without --permission, or a token: its roles decide."
    )


async def who_calls(
    connection: AsyncConnection[TupleRow],
    authorization: str,
    *,
    at: datetime,
    correlation: UUID | None = None,
) -> Authenticated | Stranger:
    """Whom the token of a call belongs to; the connection's transaction then sees their tenant.

    `authorization` is the value of that header, empty without one.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return Stranger(
            Reason.NOT_SIGNED_IN,
            "This needs a token. Send it as “Authorization: Bearer TOKEN”;"
            " `seatwright token create NAME --role ROLE` makes one.",
        )
    who = await authenticate(connection, digest_of(token.strip()), at=at, correlation=correlation)
    if who is None:
        return Stranger(
            Reason.NOT_SIGNED_IN,
            "The token is unknown, has expired or was revoked. `seatwright token create NAME --role"
            " ROLE` makes a new one; a client asks for one at the token endpoint.",
        )
    if who.tenant.state is TenantState.SUSPENDED:
        return Stranger(
            Reason.ROLE_MISSING,
            f"The tenant “{who.tenant.name}” is suspended: every call is refused until the"
            " operator lets it work again with `seatwright tenant resume`.",
        )
    return who
