"""The ``seatwright`` command.  Each module is a noun; ``program.py`` lists every command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    # Imported when a command runs, so that importing this package costs nothing.
    from seatwright.cli.program import run

    run()
