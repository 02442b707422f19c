"""How a command ends: the exit codes, and saying what went wrong with the step that mends it."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import NoReturn

import typer

from seatwright.cli.screen import error_screen, visible


@unique
class Ending(IntEnum):
    """The exit code of every command; the list is part of the interface."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    PARTLY_FAILED = 4


EXIT_CODES = (
    "Exit codes: 0 done; 1 refused, with the reason on stderr; 2 the command line is wrong;"
    " 3 the server or its database cannot be reached; 4 done in part, some rows failed."
)
"""The epilog of every `--help`."""


def stop(ending: Ending, sentence: str, *, small: str = "", fix: str = "") -> NoReturn:
    """End the command: what was wrong, small print for the help desk, and the step that mends it.

    The fix comes last, because the last line is what people read first in a terminal.
    """
    screen = error_screen()
    screen.print(
        visible(sentence), style="bold red" if ending is not Ending.PARTLY_FAILED else "yellow"
    )
    if small:
        screen.print(small, style="dim")
    if fix:
        # Not wrapped by us, so that the command can be copied whole.
        screen.print(fix, soft_wrap=True)
    raise typer.Exit(int(ending))
