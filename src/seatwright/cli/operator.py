"""The operator's way in: commands that work on the database itself, as seatwright."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from seatwright.cli.endings import Ending, stop
from seatwright.domain.errors import Refusal
from seatwright.domain.tenants import SYSTEM_PRINCIPAL
from seatwright.settings import OffsetClock, Settings

if TYPE_CHECKING:
    from seatwright.app.call import Call
    from seatwright.postgres.pool import Database

Result = TypeVar("Result")

CONNECTIONS = 2
"""One command needs one; the second is for the tenant that is looked up beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What an operator's command works with."""

    database: Database
    settings: Settings
    now: datetime

    @asynccontextmanager
    async def in_tenant(self, name: str | None) -> AsyncIterator[Call]:
        """A call in one tenant by seatwright itself; committed at the end, or rolled back."""
        from seatwright.app.call import Call
        from seatwright.app.tenants import choose_tenant
        from seatwright.postgres.principals import principal_by_number

        tenant = await choose_tenant(self.database, name)
        async with self.database.transaction(tenant.tenant_id) as tx:
            principal = await principal_by_number(tx, SYSTEM_PRINCIPAL)
            assert principal is not None, "every tenant is made with its system principal"
            yield Call(tx=tx, tenant=tenant, principal=principal, now=self.now, correlation=uuid4())


def operate(work: Callable[[Operator], Awaitable[Result]], *, as_owner: bool = False) -> Result:
    """Do some work on the database that the environment names; a refusal ends the command.

    `as_owner` works as the role that owns the tables: only it may take rows out of the history,
    which is done for a tenant that is deleted and for nothing else.
    """
    # Imported when it is needed: the commands that talk to a server do without a database.
    from seatwright.cli.database import opened_database

    settings = Settings.from_environment()
    with opened_database(settings) as opened:
        url = opened.owner_url if as_owner else opened.app_url
        if url is None:
            stop(
                Ending.USAGE,
                "This needs the role that owns the tables, because the history is append-only for"
                " every other.",
                fix="→ set SEATWRIGHT_MIGRATE_URL to the owner's connection string, beside"
                " SEATWRIGHT_DATABASE_URL",
            )
        try:
            return asyncio.run(_work_on(url, settings=settings, work=work))
        except Refusal as refusal:
            return stop(Ending.REFUSED, refusal.detail, small=refusal.reason.value)


async def _work_on(
    url: str, *, settings: Settings, work: Callable[[Operator], Awaitable[Result]]
) -> Result:
    from seatwright.postgres.pool import Database

    database = Database(url, connections_max=CONNECTIONS)
    await database.open()
    try:
        now = OffsetClock(settings.clock_offset).now()
        return await work(Operator(database=database, settings=settings, now=now))
    finally:
        await database.close()
