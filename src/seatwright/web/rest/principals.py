"""`/api/tokens` and `/api/clients`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import access
from seatwright.app.call import Call
from seatwright.domain.ids import UserNo
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.postgres.labels import UserLabel
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class NewToken(Body, kw_only=True, frozen=True):
    """A token to make: its roles are slugs.

    `user` is the UPN or id of the person whom it acts as: for what people do themselves.
    """

    name: str
    roles: list[str]
    scim: bool = False
    user: str | None = None


class NewClient(Body, kw_only=True, frozen=True):
    """A client to make; without `permissions` it has those that its roles imply."""

    name: str
    roles: list[str]
    permissions: list[str] | None = None


class ActsAs(Shape, kw_only=True, frozen=True):
    """The person of the directory whom a token acts as."""

    id: UUID
    user_principal_name: str
    display_name: str


class PrincipalShape(Shape, kw_only=True, frozen=True):
    """A token or client as lists show it: never with its secret.

    `permissions` are the Graph permissions that a client was narrowed to; null: those that its
    roles imply.
    """

    id: UUID
    name: str
    roles: list[str]
    permissions: list[str] | None
    user: ActsAs | None
    created_at: datetime | None


class IssuedToken(PrincipalShape, kw_only=True, frozen=True):
    """A new token: `token` is shown this once."""

    token: str


class IssuedClient(Shape, kw_only=True, frozen=True):
    """A new client: `clientSecret` is shown this once."""

    tenant_id: UUID
    client_id: UUID
    client_secret: str
    name: str
    roles: list[str]


def _shape(principal: Principal, people: Mapping[UserNo, UserLabel]) -> PrincipalShape:
    label = None if principal.user_no is None else people.get(principal.user_no)
    permissions = principal.graph_permissions
    return PrincipalShape(
        id=principal.id,
        name=principal.name,
        roles=[role.value for role in principal.roles],
        permissions=None if permissions is None else list(permissions),
        user=None
        if label is None
        else ActsAs(id=label.id, user_principal_name=label.upn, display_name=label.display_name),
        created_at=principal.created_at,
    )


async def _page(
    call: Call, kind: PrincipalKind, cursor: str | None, limit: int | None
) -> Page[PrincipalShape]:
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await access.list_all(call, kind, after=int(keys[0]) if keys else 0, limit=size)
    more = len(rows) > size
    people = await access.people_of(call, rows)
    return Page(
        value=[_shape(row, people) for row in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].principal_no) if more else None,
    )


async def _issued_token(call: Call, issued: access.Issued) -> IssuedToken:
    shape = _shape(issued.principal, await access.people_of(call, (issued.principal,)))
    return IssuedToken(
        **{name: getattr(shape, name) for name in PrincipalShape.__struct_fields__},
        token=issued.secret,
    )


def _issued_client(call: Call, issued: access.Issued) -> IssuedClient:
    return IssuedClient(
        tenant_id=call.tenant.id,
        client_id=issued.principal.id,
        client_secret=issued.secret,
        name=issued.principal.name,
        roles=[role.value for role in issued.principal.roles],
    )


@get("/api/tokens", opt=needs(Permission.MANAGE_ACCESS), summary="List tokens")
async def list_tokens(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PrincipalShape]:
    """Tokens that were not revoked, oldest first."""
    return await _page(call, PrincipalKind.TOKEN, cursor, limit)


@post("/api/tokens", opt=needs(Permission.MANAGE_ACCESS, shows_secret=True), summary="Make a token")
async def create_token(call: TheCall, data: JSONBody[NewToken]) -> IssuedToken:
    """The answer holds the token, this once."""
    issued = await access.issue(
        call,
        access.NewPrincipal(
            kind=PrincipalKind.TOKEN,
            name=data.name,
            roles=access.parse_roles(data.roles),
            is_scim=data.scim,
            user=data.user,
        ),
    )
    return await _issued_token(call, issued)


@post(
    "/api/tokens/{principal_id:uuid}/rotate",
    opt=needs(Permission.MANAGE_ACCESS, shows_secret=True),
    summary="Replace a token",
    status_code=200,
)
async def rotate_token(call: TheCall, principal_id: FromPath[UUID]) -> IssuedToken:
    """The old token stops working at once."""
    return await _issued_token(call, await access.rotate(call, PrincipalKind.TOKEN, principal_id))


@delete(
    "/api/tokens/{principal_id:uuid}",
    opt=needs(Permission.MANAGE_ACCESS),
    summary="Revoke a token",
)
async def revoke_token(call: TheCall, principal_id: FromPath[UUID]) -> None:
    """It stops working at once, for good."""
    await access.revoke(call, PrincipalKind.TOKEN, principal_id)


@get("/api/clients", opt=needs(Permission.MANAGE_ACCESS), summary="List API clients")
async def list_clients(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PrincipalShape]:
    """Clients that were not revoked, oldest first."""
    return await _page(call, PrincipalKind.CLIENT, cursor, limit)


@post(
    "/api/clients",
    opt=needs(Permission.MANAGE_ACCESS, shows_secret=True),
    summary="Make an API client",
)
async def create_client(call: TheCall, data: JSONBody[NewClient]) -> IssuedClient:
    """The answer holds the client's secret, this once."""
    issued = await access.issue(
        call,
        access.NewPrincipal(
            kind=PrincipalKind.CLIENT,
            name=data.name,
            roles=access.parse_roles(data.roles),
            permissions=None if data.permissions is None else tuple(data.permissions),
        ),
    )
    return _issued_client(call, issued)


@post(
    "/api/clients/{principal_id:uuid}/rotate",
    opt=needs(Permission.MANAGE_ACCESS, shows_secret=True),
    summary="Replace a client's secret",
    status_code=200,
)
async def rotate_client(call: TheCall, principal_id: FromPath[UUID]) -> IssuedClient:
    """The old secret stops working at once."""
    return _issued_client(call, await access.rotate(call, PrincipalKind.CLIENT, principal_id))


@delete(
    "/api/clients/{principal_id:uuid}",
    opt=needs(Permission.MANAGE_ACCESS),
    summary="Revoke an API client",
)
async def revoke_client(call: TheCall, principal_id: FromPath[UUID]) -> None:
    """It stops working at once, for good."""
    await access.revoke(call, PrincipalKind.CLIENT, principal_id)


PRINCIPAL_ROUTES = (
    list_tokens,
    create_token,
    rotate_token,
    revoke_token,
    list_clients,
    create_client,
    rotate_client,
    revoke_client,
)
