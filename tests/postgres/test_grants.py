"""What the app role may do."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from seatwright.postgres.grants import RoleError, grant_to_app_role, refuse_role_that_bypasses
from tests.conftest import Database, TestServer


def test_the_app_role_is_good_to_serve_as(database: Database) -> None:
    refuse_role_that_bypasses(database.app_url)


def test_the_owner_is_refused_as_a_role_to_serve_as(database: Database) -> None:
    with pytest.raises(RoleError, match="seatwright_owner"):
        refuse_role_that_bypasses(database.owner_url)


def test_a_superuser_is_refused_as_a_role_to_serve_as(
    database: Database, database_server: TestServer
) -> None:
    with pytest.raises(RoleError, match="BYPASSRLS"):
        refuse_role_that_bypasses(database_server.url("admin", database.name))


def test_a_member_of_the_owner_role_is_refused(
    database: Database, database_server: TestServer
) -> None:
    with psycopg.connect(database_server.urls.admin, autocommit=True) as admin:
        admin.execute("grant seatwright_owner to seatwright_app")
        try:
            with pytest.raises(RoleError, match="may become its owner"):
                refuse_role_that_bypasses(database.app_url)
        finally:
            admin.execute("revoke seatwright_owner from seatwright_app")


def test_the_app_role_cannot_touch_the_record_of_migrations(database: Database) -> None:
    with (
        psycopg.connect(database.app_url) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        app.execute("delete from schema_migration")


def test_a_partition_of_history_takes_rows_and_loses_none(empty_database: Database) -> None:
    with psycopg.connect(empty_database.owner_url, autocommit=True) as owner:
        owner.execute("create table schema_migration (name text)")
        owner.execute("create table history_event (at date) partition by range (at)")
        owner.execute(
            "create table history_part partition of history_event "
            "for values from ('2026-01-01') to ('2027-01-01')"
        )
        grant_to_app_role(owner, app_role="seatwright_app")
    with psycopg.connect(empty_database.app_url, autocommit=True) as app:
        app.execute("insert into history_event values ('2026-02-03')")
        for table in ("history_event", "history_part"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


def test_the_app_role_may_defer_a_procrastinate_job(database: Database) -> None:
    with psycopg.connect(database.app_url) as app:
        row = app.execute(
            "select procrastinate_defer_jobs_v1(array[row('q', 'task', 0, null, null, '{}', null)"
            "::procrastinate_job_to_defer_v1])"
        ).fetchone()
    assert row is not None
