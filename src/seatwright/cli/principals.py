"""`seatwright token` and `seatwright client`: who may call, made on the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import typer

from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.operator import Operator, operate
from seatwright.cli.options import AsJson, Roles, TenantName
from seatwright.cli.screen import print_json, result_screen, say, warn
from seatwright.cli.tables import Column, moment, show_facts, show_list
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.tenants import Principal, PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatwright.app import access
    from seatwright.app.call import Call
    from seatwright.domain.ids import UserNo
    from seatwright.postgres.labels import UserLabel

token_commands = typer.Typer(
    help="Make, list, revoke and rotate long-lived tokens (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
client_commands = typer.Typer(
    help="Make, list, revoke and rotate API clients (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

NewName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")]
Named: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="Its name or id.")]

PAGE_ROWS = 1000

_COLUMNS = (
    Column(title="Name", cell="name"),
    Column(title="Roles", cell="roles", is_prose=True),
    Column(title="Only", cell="permissions", is_prose=True, is_optional=True),
    Column(title="Acts as", cell="user", is_optional=True),
    Column(title="Made (UTC)", cell=moment("createdAt")),
    Column(title="Id", cell="id", is_small=True),
)


@token_commands.command("create", epilog=EXIT_CODES)
def create_token(
    name: NewName,
    *,
    role: Roles,
    scim: Annotated[bool, typer.Option("--scim", help="For SCIM provisioning.")] = False,
    user: Annotated[
        str | None,
        typer.Option(metavar="UPN", help="The person whom it acts as, beside --role person."),
    ] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once."""
    from seatwright.app import access

    async def work(operator: Operator) -> access.Issued:
        async with operator.in_tenant(tenant) as call:
            return await access.issue(
                call,
                access.NewPrincipal(
                    kind=PrincipalKind.TOKEN,
                    name=name,
                    roles=access.parse_roles(role),
                    is_scim=scim,
                    user=user,
                ),
            )

    _show_token(operate(work), as_json=as_json)


@client_commands.command("create", epilog=EXIT_CODES)
def create_client(
    name: NewName,
    *,
    role: Roles,
    permission: Annotated[
        list[str] | None,
        typer.Option(
            help="A Graph permission such as User.Read.All, and only those named. Default: what"
            " the roles imply."
        ),
    ] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Make an API client and print its secret, this once."""
    from seatwright.app import access

    async def work(operator: Operator) -> tuple[UUID, access.Issued]:
        async with operator.in_tenant(tenant) as call:
            issued = await access.issue(
                call,
                access.NewPrincipal(
                    kind=PrincipalKind.CLIENT,
                    name=name,
                    roles=access.parse_roles(role),
                    permissions=tuple(permission) if permission else None,
                ),
            )
            return call.tenant.id, issued

    tenant_id, issued = operate(work)
    _show_client(tenant_id, issued, as_json=as_json)


@token_commands.command("list", epilog=EXIT_CODES)
def list_tokens(*, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """List the tokens that were not revoked, oldest first."""
    _show_list(PrincipalKind.TOKEN, tenant, as_json=as_json)


@client_commands.command("list", epilog=EXIT_CODES)
def list_clients(*, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """List the clients that were not revoked, oldest first."""
    _show_list(PrincipalKind.CLIENT, tenant, as_json=as_json)


@token_commands.command("revoke", epilog=EXIT_CODES)
def revoke_token(name: Named, *, tenant: TenantName = None) -> None:
    """End a token at once, for good."""
    say(f"Revoked the token “{_revoke(PrincipalKind.TOKEN, name, tenant).name}”.")


@client_commands.command("revoke", epilog=EXIT_CODES)
def revoke_client(name: Named, *, tenant: TenantName = None) -> None:
    """End a client at once, for good."""
    say(f"Revoked the client “{_revoke(PrincipalKind.CLIENT, name, tenant).name}”.")


@token_commands.command("rotate", epilog=EXIT_CODES)
def rotate_token(name: Named, *, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Replace a token and print the new one; the old one stops working at once."""
    _, issued = _rotate(PrincipalKind.TOKEN, name, tenant)
    _show_token(issued, as_json=as_json)


@client_commands.command("rotate", epilog=EXIT_CODES)
def rotate_client(name: Named, *, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Replace a client's secret; the old one stops working at once."""
    tenant_id, issued = _rotate(PrincipalKind.CLIENT, name, tenant)
    _show_client(tenant_id, issued, as_json=as_json)


def _revoke(kind: PrincipalKind, name: str, tenant: str | None) -> Principal:
    from seatwright.app import access

    async def work(operator: Operator) -> Principal:
        async with operator.in_tenant(tenant) as call:
            principal = await _named(call, kind, name)
            await access.revoke(call, kind, principal.id)
            return principal

    return operate(work)


def _rotate(kind: PrincipalKind, name: str, tenant: str | None) -> tuple[UUID, access.Issued]:
    from seatwright.app import access

    async def work(operator: Operator) -> tuple[UUID, access.Issued]:
        async with operator.in_tenant(tenant) as call:
            principal = await _named(call, kind, name)
            return call.tenant.id, await access.rotate(call, kind, principal.id)

    return operate(work)


async def _named(call: Call, kind: PrincipalKind, name: str) -> Principal:
    for principal in await _all(call, kind):
        if name in (principal.name, str(principal.id)):
            return principal
    raise Refusal(
        Reason.UNKNOWN_PRINCIPAL,
        f"There is no {kind.value} “{name}”, or it was revoked: `seatwright {kind.value} list`"
        " shows which there are.",
    )


async def _all(call: Call, kind: PrincipalKind) -> list[Principal]:
    from seatwright.app import access

    found: list[Principal] = []
    is_more = True
    while is_more:
        after = found[-1].principal_no if found else 0
        page = await access.list_all(call, kind, after=after, limit=PAGE_ROWS)
        is_more = len(page) > PAGE_ROWS
        found += page[:PAGE_ROWS]
    return found


def _show_list(kind: PrincipalKind, tenant: str | None, *, as_json: bool) -> None:
    from seatwright.app import access

    async def work(operator: Operator) -> tuple[list[Principal], Mapping[UserNo, UserLabel]]:
        async with operator.in_tenant(tenant) as call:
            found = await _all(call, kind)
            return found, await access.people_of(call, found)

    found, people = operate(work)
    rows = [_shape(principal, people) for principal in found]
    empty = f"There is no {kind.value} yet: `seatwright {kind.value} create NAME --role ROLE`."
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


def _shape(principal: Principal, people: Mapping[UserNo, UserLabel]) -> dict[str, object]:
    made = principal.created_at
    person = None if principal.user_no is None else people.get(principal.user_no)
    permissions = principal.graph_permissions
    return {
        "id": str(principal.id),
        "name": principal.name,
        "roles": [role.value for role in principal.roles],
        "permissions": None if permissions is None else list(permissions),
        "user": None if person is None else person.upn,
        "createdAt": None if made is None else made.isoformat(),
    }


def _show_token(issued: access.Issued, *, as_json: bool) -> None:
    if as_json:
        print_json({"token": issued.secret})
        return
    # Alone on stdout, so that SEATWRIGHT_TOKEN=$(seatwright token create …) works.
    result_screen().print(issued.secret)
    warn(f"The token “{issued.principal.name}” is shown this once: keep it.")


def _show_client(tenant_id: UUID, issued: access.Issued, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "tenantId": str(tenant_id),
                "clientId": str(issued.principal.id),
                "clientSecret": issued.secret,
            }
        )
        return
    show_facts(
        [
            ("Tenant id", tenant_id),
            ("Client id", issued.principal.id),
            ("Client secret", issued.secret),
        ]
    )
    warn(f"The secret of “{issued.principal.name}” is shown this once: keep it.")
