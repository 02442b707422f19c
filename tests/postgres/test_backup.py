"""Backup and restore: what was there comes back, and nothing is replaced by accident."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from seatwright.postgres.backup import BackupError, restore_backup, write_backup
from seatwright.postgres.binaries import wheel_binaries
from seatwright.postgres.migrate import migrate
from tests.conftest import Database

_MARK = "create table mark as select 'kept: ' || n as note from generate_series(1, 1000) n"


def _mark(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(_MARK)


def _marks(database: Database) -> int | None:
    with psycopg.connect(database.owner_url) as owner:
        if owner.execute("select to_regclass('mark')").fetchone() == (None,):
            return None
        row = owner.execute("select count(*) from mark where note like 'kept: %'").fetchone()
    return int(row[0]) if row else None


def _tenants(database: Database) -> int:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute("select count(*) from tenant").fetchone()
    return int(row[0]) if row else 0


def test_a_backup_comes_back_whole(
    database: Database, empty_database: Database, tmp_path: Path
) -> None:
    _mark(database)
    file = tmp_path / "all.backup"
    write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    assert file.stat().st_mode & 0o777 == 0o600
    restore_backup(empty_database.owner_url, file=file, binaries=wheel_binaries())
    assert _marks(empty_database) == 1000
    assert migrate(empty_database.owner_url) == ()
    with psycopg.connect(empty_database.app_url) as app:
        app.execute("select * from tenant")


@pytest.mark.postgres15
def test_a_backup_comes_back_on_version_15(
    database: Database, empty_database: Database, tmp_path: Path
) -> None:
    _mark(database)
    file = tmp_path / "all.backup"
    write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    restore_backup(empty_database.owner_url, file=file, binaries=wheel_binaries())
    assert _marks(empty_database) == 1000


def test_an_existing_file_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "all.backup"
    file.write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    assert file.read_text() == "precious"


def test_a_failed_backup_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="pg_dump failed"):
        write_backup(
            "postgresql://nobody@/x?host=/nowhere",
            file=tmp_path / "all.backup",
            binaries=wheel_binaries(),
        )
    assert list(tmp_path.iterdir()) == []


def test_tenants_are_replaced_only_on_request(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "all.backup"
    write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "with made as (insert into tenant (id, name, name_key, domain, created_at) values"
            " (gen_random_uuid(), 'Contoso', 'contoso', 'contoso.example', '2026-01-01')"
            " returning tenant_id, domain, created_at)"
            " insert into tenant_domain (tenant_id, name, added_at)"
            " select tenant_id, domain, created_at from made"
        )
    with pytest.raises(BackupError, match=r"holds 1 tenants.*--replace"):
        restore_backup(database.owner_url, file=file, binaries=wheel_binaries())
    assert _tenants(database) == 1
    restore_backup(database.owner_url, file=file, binaries=wheel_binaries(), may_replace=True)
    assert _tenants(database) == 0


def test_a_file_that_is_no_backup_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam")
    with pytest.raises(BackupError, match="pg_restore failed"):
        restore_backup(database.owner_url, file=file, binaries=wheel_binaries())
    with pytest.raises(BackupError, match="There is no file"):
        restore_backup(database.owner_url, file=tmp_path / "gone", binaries=wheel_binaries())


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_touched(
    database: Database, empty_database: Database, tmp_path: Path
) -> None:
    with psycopg.connect(empty_database.owner_url) as owner:
        owner.execute("create table schema_migration (name text, checksum text, applied_at date)")
        owner.execute("insert into schema_migration values ('9999_future.sql', 'x', '2040-01-01')")
    file = tmp_path / "future.backup"
    write_backup(empty_database.owner_url, file=file, binaries=wheel_binaries())
    _mark(database)
    with pytest.raises(BackupError, match=r"newer seatwright.*9999_future\.sql"):
        restore_backup(database.owner_url, file=file, binaries=wheel_binaries())
    assert _marks(database) == 1000


def test_a_restore_that_fails_half_way_changes_nothing(
    database: Database, empty_database: Database, tmp_path: Path
) -> None:
    with psycopg.connect(empty_database.owner_url) as owner:
        owner.execute("create table schema_migration (name text, checksum text, applied_at date)")
        owner.execute("insert into schema_migration values ('procrastinate/x', 'x', '2026-01-01')")
        owner.execute("create table big as select repeat('x', 1000) from generate_series(1, 2000)")
    file = tmp_path / "broken.backup"
    write_backup(empty_database.owner_url, file=file, binaries=wheel_binaries())
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - 600])
    _mark(database)
    with pytest.raises(BackupError):
        restore_backup(database.owner_url, file=file, binaries=wheel_binaries())
    assert _marks(database) == 1000


def test_the_wheel_has_the_programs_that_backup_needs() -> None:
    for name in ("pg_dump", "pg_restore", "psql"):
        finished = subprocess.run(
            [wheel_binaries().program(name), "--version"], check=True, capture_output=True
        )
        assert b"PostgreSQL" in finished.stdout


def _fingerprints(database: Database) -> dict[str, str]:
    """Return a digest of every row of every table, whatever the order of rows.

    Only the epoch of the feed of changes is another after a restore.
    """
    with psycopg.connect(database.owner_url) as owner:
        names = owner.execute(
            "select c.relname from pg_class c where c.relkind = 'r' and not c.relispartition "
            "and c.relnamespace = 'public'::regnamespace order by c.relname"
        ).fetchall()
        found = {}
        for (name,) in names:
            text = "(to_jsonb(t) - 'feed_epoch')::text" if name == "tenant" else "t::text"
            row = owner.execute(
                sql.SQL(
                    "select count(*) || ' ' || coalesce(sum(hashtextextended({}, 0)), 0) from {} t"
                ).format(sql.SQL(text), sql.Identifier(name))
            ).fetchone()
            found[str(name)] = str(row and row[0])
    return found


@pytest.mark.slow
def test_100_000_people_with_5_groups_each_come_back_row_for_row(
    database: Database, empty_database: Database, tmp_path: Path
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "with made as (insert into tenant (id, name, name_key, domain, created_at) values"
            " (gen_random_uuid(), 'Contoso', 'contoso', 'contoso.example', '2026-01-01')"
            " returning tenant_id, domain, created_at)"
            " insert into tenant_domain (tenant_id, name, added_at)"
            " select tenant_id, domain, created_at from made"
        )
        owner.execute(
            "insert into app_user (tenant_id, user_no, id, upn, upn_key, display_name, "
            "display_name_key, usage_location, created_at) "
            "select t.tenant_id, n, gen_random_uuid(), 'Person' || n || '@contoso.example', "
            "'person' || n || '@contoso.example', E'Zo\\u00eb \\\\ \\t ' || n, "
            "E'zo\\u00eb \\\\ \\t ' || n, 'DE', '2026-01-01' "
            "from tenant t, generate_series(1, 100000) n"
        )
        owner.execute(
            "insert into app_group (tenant_id, group_no, id, display_name, display_name_key, "
            "created_at) select tenant_id, n, gen_random_uuid(), 'G' || n, 'g' || n, '2026-01-01' "
            "from tenant, generate_series(1, 50) n"
        )
        owner.execute(
            "insert into membership (tenant_id, user_no, group_no, since) "
            "select tenant_id, u, 1 + (u * 7 + g * 11) % 50, '2026-01-01' "
            "from tenant, generate_series(1, 100000) u, generate_series(1, 5) g"
        )
    before = _fingerprints(database)
    assert before["app_user"].startswith("100000 ")
    assert before["membership"].startswith("500000 ")
    file = tmp_path / "all.backup"
    write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    restore_backup(empty_database.owner_url, file=file, binaries=wheel_binaries())
    assert migrate(empty_database.owner_url) == ()
    assert _fingerprints(empty_database) == before
