"""Backup and restore with PostgreSQL's own programs, as the owner of the tables."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import psycopg

from seatwright.postgres.binaries import Binaries
from seatwright.postgres.migrate import shipped_migrations

_CHUNK_BYTES: Final = 1024 * 1024
# pg_restore writes this for every server, and versions before 17 do not know it.
_UNKNOWN_TO_OLD_SERVERS: Final = b"SET transaction_timeout = 0;\n"
_HEAD_LINES_MAX: Final = 200
_BEGIN: Final = b"begin;\ndrop schema public cascade;\ncreate schema public;\n"
# Readers of the feed of changes begin anew: what a restore takes back was told to them, and the
# transactions of the other server had other numbers. Older backups have neither table nor column;
# the migration that comes after makes both.
_NEW_FEED: Final = b"""
do $$
begin
    if to_regclass('public.directory_change') is not null then
        truncate public.directory_change;
    end if;
    if exists (select from pg_catalog.pg_attribute
                where attrelid = to_regclass('public.tenant') and attname = 'feed_epoch') then
        update public.tenant set feed_epoch = pg_catalog.gen_random_uuid();
    end if;
end $$;
"""
_COMMIT: Final = b"\ncommit;\n"


class BackupError(Exception):
    """A backup or restore was refused or failed; the message says why and what to do."""


def write_backup(owner_url: str, *, file: Path, binaries: Binaries) -> None:
    """Write the whole database to ``file`` (PostgreSQL's custom format), consistent as of now.

    The file appears only when it is complete, readable by oneself only.  Raises BackupError when
    it exists already or ``pg_dump`` fails.
    """
    if file.exists():
        raise BackupError(f"{file} exists already. Give another name, or remove it first.")
    if not file.absolute().parent.is_dir():
        raise BackupError(f"There is no directory {file.absolute().parent}. Make it first.")
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.touch(mode=0o600)
    try:
        # Owners and rights are left out: a restore may be into a server with other role names,
        # and the migrations grant them again.
        _run(
            [binaries.program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
            + ["--compress=1", f"--file={unfinished}", f"--dbname={owner_url}"]
        )
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore_backup(
    owner_url: str, *, file: Path, binaries: Binaries, may_replace: bool = False
) -> None:
    """Put the database of ``file`` in place of what is there, in one transaction.

    The caller migrates afterwards.  Raises BackupError when the file is no backup of seatwright or
    of a newer one, or when the database holds tenants and ``may_replace`` is not given.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    _refuse_newer(file, binaries=binaries)
    tenants = _count_tenants(owner_url)
    if tenants and not may_replace:
        raise BackupError(
            f"The database holds {tenants} tenants, and a restore would replace everything. Take "
            "a backup of it first, then give --replace."
        )
    _replay(owner_url, file=file, binaries=binaries)


def _count_tenants(owner_url: str) -> int:
    with psycopg.connect(owner_url) as owner:
        row = owner.execute("select to_regclass('tenant') is not null").fetchone()
        if row is None or not row[0]:
            return 0
        counted = owner.execute("select count(*) from tenant").fetchone()
    assert counted is not None, "count(*) always has a row"
    return int(counted[0])


def _refuse_newer(file: Path, *, binaries: Binaries) -> None:
    """Look at the migrations recorded in the backup before anything is touched."""
    script = _run(
        [binaries.program("pg_restore"), "--data-only", "--table=schema_migration"]
        + ["--file=-", str(file)]
    )
    names = {line.partition("\t")[0] for line in script.splitlines() if "\t" in line}
    if not names:
        raise BackupError(f"{file} is no backup of seatwright: it has no migrations in it.")
    known = {migration.name for migration in shipped_migrations()}
    unknown = sorted(
        name for name in names if not name.startswith("procrastinate/") and name not in known
    )
    if unknown:
        raise BackupError(
            f"{file} was made by a newer seatwright: this one does not know its migration "
            f"{unknown[0]!r}. Restore it with that version or a later one."
        )


def _replay(owner_url: str, *, file: Path, binaries: Binaries) -> None:
    """Run the backup's SQL through psql: all of it or nothing, on every supported version."""
    source = subprocess.Popen(
        [binaries.program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)],
        stdout=subprocess.PIPE,
    )
    target = subprocess.Popen(
        [binaries.program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
        + ["--output=/dev/null", f"--dbname={owner_url}"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert source.stdout is not None
    assert target.stdin is not None
    assert target.stderr is not None
    try:
        with source.stdout, target.stdin:
            for part in _script(source.stdout):
                target.stdin.write(part)
            # Said only now: when the backup turns out to be cut short, psql's session ends
            # without it and the server takes everything back.
            if source.wait() == 0:
                target.stdin.write(_NEW_FEED + _COMMIT)
    except BrokenPipeError:
        # psql has stopped at an error and says below at which.
        source.kill()
    with target.stderr:
        said = target.stderr.read().decode(errors="replace").strip()
    if target.wait() != 0 or source.wait() != 0:
        raise BackupError(f"The restore failed and nothing was changed: {said or 'cut short'}")


def _script(source: IO[bytes]) -> Iterator[bytes]:
    yield _BEGIN
    for _ in range(_HEAD_LINES_MAX):
        line = source.readline()
        if line == _UNKNOWN_TO_OLD_SERVERS:
            break
        yield line
    while part := source.read(_CHUNK_BYTES):
        yield part


def _run(arguments: list[str]) -> str:
    finished = subprocess.run(arguments, check=False, capture_output=True, text=True)
    if finished.returncode != 0:
        name = Path(arguments[0]).name
        raise BackupError(f"{name} failed: {finished.stderr.strip() or finished.returncode}")
    return finished.stdout
