"""An external PostgreSQL: whether it is there, new enough, and ready to serve."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from seatwright.postgres.grants import refuse_role_that_bypasses
from seatwright.postgres.migrate import MigrationError, migrate, pending_migrations

log = structlog.get_logger(__name__)

_OLDEST_VERSION: Final = 150_000
_UNREACHABLE_SECONDS_MAX: Final = 30.0
_PAUSE_SECONDS: Final = 0.5


class ServerError(Exception):
    """The external PostgreSQL cannot be used; the message says why and what to do."""


def prepare_database(
    app_url: str, *, owner_url: str | None, pause: Callable[[float], object] = time.sleep
) -> tuple[str, ...]:
    """Bring the database to this version's shape, and return the migrations that were applied.

    Without ``owner_url`` nothing is changed: a database that lacks migrations is refused.  Raises
    ServerError, MigrationError or RoleError, each with a sentence.
    """
    app_role = _role_when_reachable(app_url, pause=pause)
    applied: tuple[str, ...] = ()
    if owner_url is not None:
        applied = migrate(owner_url, app_role=app_role)
    else:
        _refuse_pending(app_url)
    refuse_role_that_bypasses(app_url)
    _warn_of_plain_letters(app_url)
    return applied


def _role_when_reachable(app_url: str, *, pause: Callable[[float], object]) -> str:
    """Return the app role's name, waiting a while for a server that starts beside us."""
    deadline = time.monotonic() + _UNREACHABLE_SECONDS_MAX
    while True:
        try:
            with psycopg.connect(app_url, connect_timeout=5) as connection:
                _refuse_old_version(connection.info.server_version)
                return connection.info.user
        except psycopg.OperationalError as unreachable:
            if time.monotonic() > deadline:
                raise ServerError(
                    f"PostgreSQL cannot be reached: {unreachable}. Check SEATWRIGHT_DATABASE_URL "
                    "and that the server runs and lets this role in."
                ) from unreachable
        pause(_PAUSE_SECONDS)


def _warn_of_plain_letters(app_url: str) -> None:
    """Say that filters take only A to Z for letters, where the database does."""
    with psycopg.connect(app_url) as connection:
        row = connection.execute("select lower(chr(201)) = chr(233)").fetchone()
    if row is not None and not row[0]:
        log.warning(
            "the database folds only the letters A to Z (its LC_CTYPE is C): filters on cities,"
            " titles and the like find É and é as two letters. Create it with a UTF-8 locale, and"
            " restore a backup into that"
        )


def _refuse_old_version(version: int) -> None:
    if version < _OLDEST_VERSION:
        raise ServerError(
            f"This PostgreSQL is version {version // 10_000}; seatwright needs 15 or later. "
            "Upgrade it, or unset SEATWRIGHT_DATABASE_URL to use the embedded one."
        )


def _refuse_pending(app_url: str) -> None:
    with psycopg.connect(app_url) as connection:
        pending = pending_migrations(connection)
    if pending:
        raise MigrationError(
            f"The database lacks {len(pending)} migrations, {pending[0]!r} first. Set "
            "SEATWRIGHT_MIGRATE_URL to the owner's connection string, so that this start applies "
            "them, or run `seatwright migrate` with it once."
        )
