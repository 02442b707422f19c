"""`seatwright accounts`: who signs in with a password, and the links that set one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.operator import Operator, operate
from seatwright.cli.options import AsJson, TenantName
from seatwright.cli.screen import print_json, result_screen, say, warn
from seatwright.cli.tables import Column, moment, show_list

if TYPE_CHECKING:
    from seatwright.app.accounts import AccountLink
    from seatwright.postgres.accounts import Account

account_commands = typer.Typer(
    help="Let people sign in with a password (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Login: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="A user principal name, or any mail address.")
]

PAGE_ROWS = 1000

_COLUMNS = (
    Column(title="Name", cell="name"),
    Column(title="Signs in as", cell="login"),
    Column(title="Roles", cell="roles", is_prose=True),
    Column(title="Password set (UTC)", cell=moment("passwordSetAt"), is_optional=True),
    Column(title="Id", cell="id", is_small=True),
)


@account_commands.command("create", epilog=EXIT_CODES)
def create_account(
    login: Login,
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(help="A role to give; needed for somebody who is not in the directory."),
    ] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody sign in with a password, and print the link that sets it."""

    async def work(operator: Operator) -> tuple[str, AccountLink]:
        from seatwright.app import access, accounts

        async with operator.in_tenant(tenant) as call:
            roles = access.parse_roles(role) if role else ()
            made = await accounts.make_account(call, login, roles=roles)
        return operator.settings.resolved_public_url, made

    _show_link(*operate(work), as_json=as_json)


@account_commands.command("link", epilog=EXIT_CODES)
def make_link(login: Login, *, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Print a new link that sets a password; the present one works until it is used."""

    async def work(operator: Operator) -> tuple[str, AccountLink]:
        from seatwright.app import accounts

        async with operator.in_tenant(tenant) as call:
            account = await accounts.account_named(call, login)
            made = await accounts.make_password_link(call, account.id)
        return operator.settings.resolved_public_url, made

    _show_link(*operate(work), as_json=as_json)


@account_commands.command("list", epilog=EXIT_CODES)
def list_accounts(*, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """List who signs in with a password."""

    async def work(operator: Operator) -> list[Account]:
        from seatwright.app import accounts

        found: list[Account] = []
        async with operator.in_tenant(tenant) as call:
            is_more = True
            while is_more:
                after = found[-1].principal_no if found else 0
                page = await accounts.list_accounts(call, after=after, limit=PAGE_ROWS)
                is_more = len(page) > PAGE_ROWS
                found += page[:PAGE_ROWS]
        return found

    rows = [_shape(one) for one in operate(work)]
    empty = "Nobody signs in with a password: `seatwright accounts create NAME` lets somebody."
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


@account_commands.command("end", epilog=EXIT_CODES)
def end_account(login: Login, *, tenant: TenantName = None) -> None:
    """Let somebody sign in with a password no more; their sessions end."""

    async def work(operator: Operator) -> str:
        from seatwright.app import accounts

        async with operator.in_tenant(tenant) as call:
            account = await accounts.account_named(call, login)
            await accounts.end_account(call, account.id)
        return account.login

    say(f"{operate(work)} signs in with a password no more.")


def _shape(account: Account) -> dict[str, object]:
    set_at = account.password_set_at
    return {
        "id": str(account.id),
        "login": account.login,
        "name": account.name,
        "roles": [role.value for role in account.roles],
        "passwordSetAt": None if set_at is None else set_at.isoformat(),
        "createdAt": account.made_at.isoformat(),
    }


def _show_link(url: str, made: AccountLink, *, as_json: bool) -> None:
    address = f"{url}/sign-in/password/{made.secret}"
    if as_json:
        print_json(
            {**_shape(made.account), "url": address, "expiresAt": made.expires_at.isoformat()}
        )
        return
    result_screen().print(address, soft_wrap=True)
    warn(
        f"It sets the password of {made.account.login} once, within three days, for whoever opens"
        " it: send it to nobody else."
    )
