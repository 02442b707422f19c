"""The inside of an embedded server: its files on disk, its settings, its roles, its database."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from seatwright.postgres.account import Account
from seatwright.postgres.binaries import Binaries

ADMIN_ROLE: Final = "postgres"
OWNER_ROLE: Final = "seatwright_owner"
APP_ROLE: Final = "seatwright_app"
DATABASE_NAME: Final = "seatwright"
_MAJOR_WITH_BUILTIN_LOCALES = 17
_ROLE_EXISTS: Final = "select exists (select from pg_roles where rolname = %s)"
_DATABASE_EXISTS: Final = "select exists (select from pg_database where datname = %s)"

# Modest for the 2 cores and 24 GB that seatwright is built for, and safe on much less.
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    # Compiling a query costs more than any query of seatwright's takes.
    "jit": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # Statements and the values in their details may hold people's names: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "cluster_name": "seatwright",
}


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Connection strings, one per role.

    ``owner`` owns the tables, for migrations and backups; ``app`` is what web, jobs and commands
    use, bound by row-level security; ``admin`` is the superuser, for making databases in tests.
    """

    owner: str
    app: str
    admin: str


def urls_at(socket_dir: Path) -> Urls:
    """Return the connection strings of the server whose socket is in ``socket_dir``."""
    return Urls(
        owner=f"postgresql://{OWNER_ROLE}@/{DATABASE_NAME}?host={socket_dir}",
        app=f"postgresql://{APP_ROLE}@/{DATABASE_NAME}?host={socket_dir}",
        admin=f"postgresql://{ADMIN_ROLE}@/postgres?host={socket_dir}",
    )


def server_options(*, socket_dir: Path | None, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the settings to start the server with, given on its command line at every start."""
    return {**_SETTINGS, "unix_socket_directories": str(socket_dir), **overrides}


def create_cluster(cluster: Path, *, binaries: Binaries, account: Account) -> None:
    """Make the files of an empty server at ``cluster``, mode 0700, owned by ``account``.

    Raises EmbeddedServerError with what ``initdb`` said.
    """
    # Made beside and renamed: a start killed half-way leaves nothing that looks like a server.
    unfinished = cluster.with_name(cluster.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    account.own(unfinished)
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if binaries.major >= _MAJOR_WITH_BUILTIN_LOCALES
        else ["--locale=C.UTF-8"]
    )
    finished = subprocess.run(
        [binaries.program("initdb"), "-D", str(unfinished), "-U", ADMIN_ROLE]
        + ["--auth=peer", "--encoding=UTF8", "--data-checksums", *locale],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
        **account.process_identity(),
    )
    if finished.returncode != 0:
        raise EmbeddedServerError(
            f"PostgreSQL's files could not be made in {unfinished}: {finished.stderr.strip()}"
        )
    unfinished.rename(cluster)


def refuse_other_major(cluster: Path, *, binaries: Binaries) -> None:
    """Raise EmbeddedServerError when another major version of PostgreSQL made ``cluster``."""
    found = (cluster / "PG_VERSION").read_text().strip()
    if found == str(binaries.major):
        return
    raise EmbeddedServerError(
        f"The data directory {cluster.parent} was made by PostgreSQL {found}, and this seatwright "
        f"brings PostgreSQL {binaries.major}, which cannot read it. Nothing was changed. Start the "
        "seatwright version that made it and run `seatwright backup FILE` there; then start this "
        "one with an empty directory (--data-dir or SEATWRIGHT_DATA_DIR) and run "
        "`seatwright restore FILE`."
    )


def create_roles_and_database(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the two roles and the database where they are missing.

    Looked for at every start, so that a first start killed between two of them is completed.
    """
    for role in (OWNER_ROLE, APP_ROLE):
        if not _exists(admin, query=_ROLE_EXISTS, name=role):
            admin.execute(
                sql.SQL("create role {} login nosuperuser nobypassrls").format(sql.Identifier(role))
            )
    if not _exists(admin, query=_DATABASE_EXISTS, name=DATABASE_NAME):
        create_database(admin, name=DATABASE_NAME)


def create_database(
    admin: psycopg.Connection[tuple[object, ...]],
    *,
    name: str,
    template: str = "template0",
    strategy: str = "wal_log",
) -> None:
    """Make a database of the owner role that only the two roles may enter.

    `strategy`: PostgreSQL's own, `file_copy` is faster where a checkpoint disturbs nobody.
    """
    database = sql.Identifier(name)
    admin.execute(
        sql.SQL("create database {} owner {} template {} strategy {}").format(
            database,
            sql.Identifier(OWNER_ROLE),
            sql.Identifier(template),
            sql.Identifier(strategy),
        )
    )
    admin.execute(sql.SQL("revoke all on database {} from public").format(database))
    # Temporary tables are the app role's way to COPY: under row-level security it may not do so
    # into a tenant table.
    admin.execute(
        sql.SQL("grant connect, temporary on database {} to {}").format(
            database, sql.Identifier(APP_ROLE)
        )
    )


def _exists(
    admin: psycopg.Connection[tuple[object, ...]], *, query: LiteralString, name: str
) -> bool:
    row = admin.execute(query, (name,)).fetchone()
    return row is not None and row[0] is True
