"""`seatwright demo`: taking the demo tenant off a server."""

from __future__ import annotations

import typer

from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.operator import Operator, operate
from seatwright.cli.screen import say
from seatwright.domain.tenants import Tenant

demo_commands = typer.Typer(
    help="Remove the demo tenant (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


@demo_commands.callback()
def _demo() -> None:
    """Keep `remove` a word of its own, though it is the only command so far."""


@demo_commands.command("remove", epilog=EXIT_CODES)
def remove() -> None:
    """Remove the demo tenant with everything in it; other tenants stay as they are."""
    removed = operate(_remove, as_owner=True)
    say(f"Removed {removed.name} with everything it had. `seatwright serve --demo` makes it anew.")


async def _remove(operator: Operator) -> Tenant:
    # Imported when it runs: no other command needs what the demo is made with.
    from seatwright.app.access import is_valid_token
    from seatwright.demo.demo import remove_demo

    removed = await remove_demo(operator.database)
    file = operator.settings.token_file
    # The token that the first start left is the demo's, unless another tenant came before it.
    if file.exists() and not await is_valid_token(
        operator.database, file.read_text().strip(), at=operator.now
    ):
        file.unlink()
    return removed
