"""What a database takes for letters."""

from __future__ import annotations

import psycopg
from psycopg import sql
from structlog.testing import capture_logs

from seatwright.postgres.server import prepare_database
from tests.conftest import Database, TestServer


def test_a_database_that_folds_only_a_to_z_is_warned_of(
    database: Database, database_server: TestServer
) -> None:
    with capture_logs() as said:
        prepare_database(database.app_url, owner_url=None)
    assert said == []
    with psycopg.connect(database_server.urls.admin, autocommit=True) as admin:
        admin.execute(
            "create database plain_letters template template0 owner seatwright_owner"
            " encoding 'UTF8' locale_provider libc lc_ctype 'C' lc_collate 'C'"
        )
        try:
            prepare = {
                kind: database_server.url(kind, "plain_letters") for kind in ("app", "owner")
            }
            with capture_logs() as said:
                prepare_database(prepare["app"], owner_url=prepare["owner"])
            assert ["A to Z" in one["event"] for one in said] == [True]
        finally:
            drop = sql.SQL("drop database {} with (force)")
            admin.execute(drop.format(sql.Identifier("plain_letters")))
