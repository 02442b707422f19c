"""``seatwright migrate``."""

from __future__ import annotations

import typer

from seatwright.settings import Settings


def migrate() -> None:
    """Bring the database to this version's shape; `serve` does so by itself."""
    from seatwright.cli.database import opened_database

    with opened_database(Settings.from_environment()) as database:
        applied = database.migrations_applied
    if not applied:
        typer.echo("The database is up to date.")
    for name in applied:
        typer.echo(f"Applied {name}.")
