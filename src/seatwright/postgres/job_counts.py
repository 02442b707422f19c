"""How many jobs there are, over all tenants: the one thing that a scrape may know of them."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

JobCounts = Mapping[tuple[str, str], int]
"""Jobs by kind and state."""


async def read_job_counts(connection: AsyncConnection[TupleRow]) -> JobCounts:
    """Count the jobs of all tenants by kind and state."""
    cursor = await connection.execute("select kind, state, jobs from job_counts()")
    return {(kind, state): jobs for kind, state, jobs in await cursor.fetchall()}
