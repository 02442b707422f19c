"""``seatwright backup`` and ``seatwright restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatwright.settings import Settings

if TYPE_CHECKING:
    from seatwright.cli.database import OpenedDatabase


def backup(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the whole database to FILE while seatwright goes on serving."""
    from seatwright.cli.database import opened_database
    from seatwright.postgres.backup import write_backup
    from seatwright.postgres.binaries import wheel_binaries

    with opened_database(Settings.from_environment()) as database:
        write_backup(_owner_url(database), file=file, binaries=wheel_binaries())
    typer.echo(f"Wrote {file} ({file.stat().st_size / 1_000_000:.1f} MB).")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `seatwright backup` wrote.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the tenants that are there.")
    ] = False,
) -> None:
    """Put the database of FILE in place; stop seatwright first."""
    from seatwright.cli.database import opened_database
    from seatwright.postgres.backup import BackupError, restore_backup
    from seatwright.postgres.binaries import wheel_binaries
    from seatwright.postgres.embedded import running_urls
    from seatwright.postgres.server import prepare_database

    settings = Settings.from_environment()
    if settings.database_url is None and running_urls(settings.data_dir) is not None:
        raise BackupError(
            f"A seatwright is serving from {settings.data_dir}. Stop it, then restore: its "
            "processes hold what a restore replaces."
        )
    with opened_database(settings) as database:
        owner_url = _owner_url(database)
        restore_backup(owner_url, file=file, binaries=wheel_binaries(), may_replace=replace)
        # A backup of an older version lacks this one's migrations, and every backup lacks grants.
        prepare_database(database.app_url, owner_url=owner_url)
    typer.echo(f"Restored {file}.")


def _owner_url(database: OpenedDatabase) -> str:
    from seatwright.postgres.backup import BackupError

    if database.owner_url is None:
        raise BackupError(
            "Backup and restore need the role that owns the tables. Set SEATWRIGHT_MIGRATE_URL to "
            "its connection string, beside SEATWRIGHT_DATABASE_URL."
        )
    return database.owner_url
