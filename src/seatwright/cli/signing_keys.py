"""`seatwright signing-key`: the keys that sign clients' access tokens, on the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.operator import Operator, operate
from seatwright.cli.options import AsJson, TenantName
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, moment, show_list

if TYPE_CHECKING:
    from seatwright.app.graph_tokens import Rotated
    from seatwright.postgres.signing_keys import SigningKey

signing_key_commands = typer.Typer(
    help="List and rotate the keys that sign access tokens (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

_COLUMNS = (
    Column(title="Key id", cell="kid"),
    Column(title="Made (UTC)", cell=moment("createdAt")),
    Column(title="Signs from (UTC)", cell=moment("signsFrom")),
)


@signing_key_commands.command("list", epilog=EXIT_CODES)
def list_keys(*, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """List the keys, oldest first; the newest that signs by now is the one in use."""

    async def work(operator: Operator) -> tuple[SigningKey, ...]:
        from seatwright.app.graph_tokens import list_signing_keys

        async with operator.in_tenant(tenant) as call:
            return await list_signing_keys(call)

    rows = [
        {
            "kid": key.kid,
            "createdAt": key.created_at.isoformat(),
            "signsFrom": key.signs_from.isoformat(),
        }
        for key in operate(work)
    ]
    empty = "There is no key yet: the first access token makes one."
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


@signing_key_commands.command("rotate", epilog=EXIT_CODES)
def rotate_key(
    *,
    withdraw: Annotated[
        bool,
        typer.Option("--withdraw", help="A key leaked: end the older keys and their tokens now."),
    ] = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that signs from now on; keys rotate by themselves every 30 days, too."""

    async def work(operator: Operator) -> Rotated:
        from seatwright.app.graph_tokens import rotate_signing_key

        async with operator.in_tenant(tenant) as call:
            return await rotate_signing_key(call, withdraw=withdraw)

    done = operate(work)
    if as_json:
        print_json({"kid": done.key.kid, "tokensEnded": done.tokens_ended})
        return
    tokens = "1 access token" if done.tokens_ended == 1 else f"{done.tokens_ended} access tokens"
    rest = f"The older keys ended, with {tokens}." if withdraw else "The older ones fade out."
    say(f"Access tokens are signed with the key {done.key.kid} from now on. {rest}")
