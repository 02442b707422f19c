"""Waking workers up, and a database that goes away meanwhile."""

from __future__ import annotations

import psycopg
import pytest

from seatwright.domain.ids import JobNo
from seatwright.postgres.queue import wake_worker
from tests.conftest import TestServer
from tests.office import Office
from tests.world import call_of


async def test_a_database_that_is_lost_while_a_worker_is_woken_is_lost_as_anywhere(
    office: Office, database_server: TestServer
) -> None:
    with pytest.raises(psycopg.OperationalError):
        await _wake_when_cut(office, database_server.urls.admin)


async def _wake_when_cut(office: Office, admin_url: str) -> None:
    async with call_of(office) as call:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            pid = call.tx.connection.info.backend_pid
            admin.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        await wake_worker(call.tx, JobNo(1))
