"""The database for commands that work on it directly: embedded, running or not, or external."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from seatwright.postgres.embedded import opened
from seatwright.postgres.server import prepare_database
from seatwright.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDatabase:
    """Connection strings of a migrated database; ``owner_url`` only where it is known."""

    app_url: str
    owner_url: str | None
    migrations_applied: tuple[str, ...]


@contextlib.contextmanager
def opened_database(settings: Settings) -> Iterator[OpenedDatabase]:
    """Give the database that the settings name, migrated.

    An embedded server that does not run is started for this block.
    """
    with contextlib.ExitStack() as stack:
        if settings.database_url is not None:
            app_url, owner_url = settings.database_url, settings.migrate_url
        else:
            urls = stack.enter_context(opened(settings.data_dir))
            app_url, owner_url = urls.app, urls.owner
        applied = prepare_database(app_url, owner_url=owner_url)
        yield OpenedDatabase(app_url=app_url, owner_url=owner_url, migrations_applied=applied)
