"""The list of commands, and how their expected failures end."""

from __future__ import annotations

from typing import Final

import typer

from seatwright.cli import serve
from seatwright.cli.backup import backup, restore
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.migrate import migrate
from seatwright.cli.nouns import add_nouns
from seatwright.cli.supervision import ServeError
from seatwright.postgres.account import AccountError
from seatwright.postgres.backup import BackupError
from seatwright.postgres.binaries import BinariesError
from seatwright.postgres.cluster import EmbeddedServerError
from seatwright.postgres.grants import RoleError
from seatwright.postgres.migrate import MigrationError
from seatwright.postgres.server import ServerError
from seatwright.settings import SettingsError

# Failures that carry their own sentence, and the exit code each ends with.
_ENDINGS: Final[tuple[tuple[type[Exception], Ending], ...]] = (
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
    except tuple(kind for kind, _ in _ENDINGS) as failed:
        ending = next(ending for kind, ending in _ENDINGS if isinstance(failed, kind))
        try:
            stop(ending, str(failed))
        except typer.Exit as finished:
            raise SystemExit(finished.exit_code) from None
