"""What looks through everybody is given up after two seconds, whatever the machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import error_of

if TYPE_CHECKING:
    from tests.conftest import Database

SECONDS_MAX = 2.0


@pytest.fixture
async def busy(office: Office, database: Database) -> AsyncIterator[Office]:
    """An office where whoever looks through people waits a minute at each.

    Who calls is looked up by the tables' owner, whom policies do not concern.
    """
    await Graph(office).person("ada")
    async with await psycopg.AsyncConnection.connect(database.owner_url, autocommit=True) as owner:
        await owner.execute(
            "create policy slow on app_user as restrictive for select"
            " using (pg_sleep(60) is not null)"
        )
        try:
            yield office
        finally:
            await owner.execute("drop policy slow on app_user")


async def test_a_query_that_does_not_end_is_refused_after_two_seconds(busy: Office) -> None:
    for path in ("/v1.0/users?$filter=jobTitle eq 'x'", "/v1.0/users/$count"):
        began = time.monotonic()
        answer = await busy.admin.get(path, headers={"consistencylevel": "eventual"})
        seconds = time.monotonic() - began
        assert answer.status_code == 400, answer.text
        assert error_of(answer)["code"] == "Request_UnsupportedQuery"
        assert "2 seconds" in error_of(answer)["message"]
        assert SECONDS_MAX <= seconds < SECONDS_MAX + 2
    # The limit ends with the call that it was set for.
    async with busy.database.transaction(busy.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("show statement_timeout")
        assert await cursor.fetchone() == ("0",)
