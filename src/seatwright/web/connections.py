"""Connections that calls borrow, and running a call again that another stood in the way of."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.postgres.pool import Database, is_standoff
from seatwright.web.metrics import CONNECTIONS, DATABASE_WAIT, RERUNS

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

RUNS_MAX: Final = 4
"""A call is run once and at most three times again: more would only lengthen the queue."""

PAUSE_SECONDS: Final = 0.02
"""About how long the first pause is; each is twice the last, and random so that two part ways."""


@asynccontextmanager
async def borrowed(database: Database) -> AsyncIterator[AsyncConnection[TupleRow]]:
    """A connection for one call; it goes back with nothing open on it.

    The pool replaces one that is broken.
    """
    with DATABASE_WAIT.time():
        connection = await database.pool.getconn()
    CONNECTIONS.inc()
    try:
        yield connection
    finally:
        CONNECTIONS.dec()
        with contextlib.suppress(psycopg.OperationalError, psycopg.InterfaceError):
            await connection.rollback()
        await database.pool.putconn(connection)


async def run_again(run: Callable[[], Awaitable[Result]]) -> Result | None:
    """What a run comes to, each in a transaction of its own.

    It is run again when another transaction stood in its way; None when one did each time.
    """
    for number in range(RUNS_MAX):
        try:
            return await run()
        except psycopg.OperationalError as error:
            if not is_standoff(error):
                raise
            RERUNS.inc()
            log.info("another call stood in the way", run=number + 1, cause=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS * 2**number * random.uniform(0.5, 1.5))  # noqa: S311
    return None
