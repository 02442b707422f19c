"""Brings a database to the shape that this version of seatwright expects.

Numbered files of ``migrations/`` are applied in order, each in its own transaction, and recorded
with a checksum in ``schema_migration``.  procrastinate's tables come from the installed package.
With each the app role is granted exactly what it may do.  The whole is safe to run at every start,
from several machines at once, and while machines of the version before serve.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, LiteralString

import psycopg

from seatwright.postgres.cluster import APP_ROLE
from seatwright.postgres.grants import grant_to_app_role
from seatwright.postgres.history_partitions import make_partitions_as_owner

# Any fixed number does; two migrating processes must only agree on it.
_ADVISORY_LOCK: Final = 7_328_104_416
_ADVISORY_LOCK_SECONDS_MAX: Final = 120.0
# A migration that waits for a lock makes every later query wait behind it: it gives up instead,
# and tries again when the long transaction in its way may have ended.
_LOCK_TIMEOUT: Final = "5s"
_LOCK_ATTEMPTS_MAX: Final = 6
_LOCK_PAUSE_SECONDS: Final = 2.0
_PROCRASTINATE_BASE: Final = "procrastinate/schema.sql"


class MigrationError(Exception):
    """The database cannot be brought to this version; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step: its name in ``schema_migration``, its SQL and the SQL's SHA-256."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the SQL, as it is recorded."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped_migrations() -> tuple[Migration, ...]:
    """Return seatwright's own migrations, in the order of their numbers."""
    return _read("seatwright.postgres", "migrations")


def pending_migrations(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, ...]:
    """Return the names of seatwright's migrations that this database lacks.

    Readable by the app role, so that a server can say that it is not ready.
    """
    if not _has_table(connection):
        return tuple(migration.name for migration in shipped_migrations())
    recorded = _recorded(connection)
    return tuple(m.name for m in shipped_migrations() if m.name not in recorded)


def migrate(
    owner_url: str,
    *,
    app_role: str = APP_ROLE,
    migrations: Sequence[Migration] | None = None,
) -> tuple[str, ...]:
    """Apply what is missing, as the owner, and return the names of what was applied.

    ``app_role`` is the role that web, jobs and commands connect as.  Raises MigrationError when a
    recorded migration has changed or is unknown here, or a lock was not to be had.
    """
    steps = shipped_migrations() if migrations is None else tuple(migrations)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(f"set lock_timeout = '{_LOCK_TIMEOUT}'")
        with _alone(owner):
            _create_table(owner)
            recorded = _recorded(owner)
            _refuse_changed(recorded, steps)
            applied = _apply_procrastinate(owner, recorded, app_role=app_role)
            missing = [step for step in steps if step.name not in recorded]
            applied += [_apply(owner, step, app_role=app_role) for step in missing]
            if _value(owner, "select to_regproc('make_history_partition') is not null"):
                make_partitions_as_owner(owner, datetime.now(UTC).date())
            grant_to_app_role(owner, app_role=app_role)
    return tuple(applied)


@contextlib.contextmanager
def _alone(owner: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    """Hold the advisory lock that lets one process migrate at a time."""
    deadline = time.monotonic() + _ADVISORY_LOCK_SECONDS_MAX
    while not _value(owner, "select pg_try_advisory_lock(%s)", _ADVISORY_LOCK):
        if time.monotonic() > deadline:
            raise MigrationError(
                "Another seatwright has been migrating this database for "
                f"{_ADVISORY_LOCK_SECONDS_MAX:.0f} seconds. Wait until it has finished, then start "
                "this one again."
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        # Also released when the connection ends, which is what happens after a failure in it.
        with contextlib.suppress(psycopg.Error):
            owner.execute("select pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))


def _create_table(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    owner.execute(
        """
        create table if not exists schema_migration (
            name text primary key,
            checksum text not null,
            applied_at timestamptz not null
        )
        """
    )


def _has_table(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return bool(_value(connection, "select to_regclass('schema_migration') is not null"))


def _recorded(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, str]:
    rows = connection.execute("select name, checksum from schema_migration").fetchall()
    return {str(name): str(checksum) for name, checksum in rows}


def _refuse_changed(recorded: dict[str, str], steps: Sequence[Migration]) -> None:
    known = {step.name: step for step in steps}
    for name, checksum in sorted(recorded.items()):
        if name.startswith("procrastinate/"):
            continue
        if name not in known:
            raise MigrationError(
                f"This database has the migration {name!r}, which this seatwright does not know: a "
                "newer version has used it. Start that version, or restore a backup from before."
            )
        if known[name].checksum != checksum:
            raise MigrationError(
                f"The migration {name!r} differs from the one that this database was given. "
                "A released migration is never edited: restore the file, and put the change in a "
                "new one."
            )


def _apply(owner: psycopg.Connection[tuple[object, ...]], step: Migration, *, app_role: str) -> str:
    """Run one migration and record it, in one transaction; try again when a lock is not free.

    What it makes is granted in it too: machines of the version before go on writing meanwhile, and
    meet its triggers and their tables as soon as it commits.
    """
    for attempt in range(1, _LOCK_ATTEMPTS_MAX + 1):
        try:
            with owner.transaction():
                owner.execute(step.text)
                _record(owner, step)
                grant_to_app_role(owner, app_role=app_role)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as held:
            if attempt == _LOCK_ATTEMPTS_MAX:
                raise MigrationError(
                    f"The migration {step.name!r} did not get its lock in {attempt} attempts: a "
                    "long transaction is in its way. End it (see pg_stat_activity) and start again."
                ) from held
            time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return step.name
    raise AssertionError("the loop returns or raises")


def _record(owner: psycopg.Connection[tuple[object, ...]], step: Migration) -> None:
    owner.execute(
        "insert into schema_migration (name, checksum, applied_at) values (%s, %s, %s)",
        (step.name, step.checksum, datetime.now(UTC)),
    )


def _apply_procrastinate(
    owner: psycopg.Connection[tuple[object, ...]], recorded: dict[str, str], *, app_role: str
) -> list[str]:
    """Bring procrastinate's tables to the installed version's shape.

    Its ``schema.sql`` is the sum of all its migrations, so a new database gets that and has the
    migrations recorded as done; an older one gets the migrations it lacks.
    """
    later = [
        Migration(name=f"procrastinate/{step.name}", text=step.text)
        for step in _read("procrastinate.sql", "migrations")
    ]
    if _PROCRASTINATE_BASE in recorded:
        missing = [step for step in later if step.name not in recorded]
        return [_apply(owner, step, app_role=app_role) for step in missing]
    text = importlib.resources.files("procrastinate.sql").joinpath("schema.sql").read_text()
    with owner.transaction():
        owner.execute(text)
        for step in (Migration(name=_PROCRASTINATE_BASE, text=text), *later):
            _record(owner, step)
    return [_PROCRASTINATE_BASE]


def _read(package: str, folder: str) -> tuple[Migration, ...]:
    files = importlib.resources.files(package).joinpath(folder).iterdir()
    found = [
        Migration(name=file.name, text=file.read_text(encoding="utf-8"))
        for file in files
        if file.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda migration: migration.name))


def _value(
    connection: psycopg.Connection[tuple[object, ...]], query: LiteralString, *arguments: object
) -> object:
    row = connection.execute(query, arguments).fetchone()
    return None if row is None else row[0]
