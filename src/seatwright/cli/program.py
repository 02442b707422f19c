"""The list of commands, and how their expected failures end."""

from __future__ import annotations

import typer

from seatwright.cli import serve
from seatwright.cli.backup import backup, restore
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.migrate import migrate
from seatwright.cli.nouns import add_nouns

program = typer.Typer(
    name="seatwright",
    help="Give every person the licenses they should have, and say why.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    # Drawn traces print the values of variables, which may be names and tokens, and fill a log.
    pretty_exceptions_enable=False,
)
program.command()(serve.serve)
program.command()(serve.worker)
program.command(hidden=True)(serve.web)
program.command(hidden=True)(serve.prepare)
program.command()(migrate)
program.command()(backup)
program.command()(restore)
add_nouns(program)


def run() -> None:
    """Run the command that was asked for; an expected failure ends in a sentence, not a trace."""
    try:
        program()
    except SystemExit:
        # The way typer ends. Named first, so that only a failure loads the kinds of failures.
        raise
    except tuple(kind for kind, _ in endings()) as failed:
        ending = next(ending for kind, ending in endings() if isinstance(failed, kind))
        try:
            stop(ending, str(failed))
        except typer.Exit as finished:
            raise SystemExit(finished.exit_code) from None


def endings() -> tuple[tuple[type[Exception], Ending], ...]:
    """The failures that carry their own sentence, and the exit code that each ends with."""
    from seatwright.cli.supervision import ServeError
    from seatwright.postgres.account import AccountError
    from seatwright.postgres.backup import BackupError
    from seatwright.postgres.binaries import BinariesError
    from seatwright.postgres.cluster import EmbeddedServerError
    from seatwright.postgres.grants import RoleError
    from seatwright.postgres.migrate import MigrationError
    from seatwright.postgres.server import ServerError
    from seatwright.settings import SettingsError

    return (
        (SettingsError, Ending.USAGE),
        (BackupError, Ending.REFUSED),
        (RoleError, Ending.REFUSED),
        (MigrationError, Ending.REFUSED),
        (ServeError, Ending.UNREACHABLE),
        (ServerError, Ending.UNREACHABLE),
        (EmbeddedServerError, Ending.UNREACHABLE),
        (AccountError, Ending.UNREACHABLE),
        (BinariesError, Ending.UNREACHABLE),
    )
