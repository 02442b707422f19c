"""Whether seatwright can do its work right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

WORKER_SILENT_SECONDS_MAX = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What is there: a database, its migrations, and a job worker that was heard of lately."""

    database: bool
    migrations: bool
    worker: bool

    @property
    def is_ready(self) -> bool:
        """Calls can be served; without a worker they can, but jobs stay queued."""
        return self.database and self.migrations


async def read_readiness(connection: AsyncConnection[TupleRow]) -> Readiness:
    """Look at the migrations applied and the last sign of life of a worker."""
    cursor = await connection.execute(
        "select (select count(*) from schema_migration) > 0,"
        " exists (select 1 from procrastinate_workers"
        " where last_heartbeat > clock_timestamp() - %s)",
        (timedelta(seconds=WORKER_SILENT_SECONDS_MAX),),
    )
    row = await cursor.fetchone()
    assert row is not None, "a select without a from clause has one row"
    return Readiness(database=True, migrations=row[0], worker=row[1])
