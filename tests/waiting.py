"""Calls that begin while another transaction is open, watched until they wait for it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.office import Office

Answer = asyncio.Task[httpx.Response]


def begin(office: Office, method: str, path: str, **sent: Any) -> Answer:
    """Send a call of an administrator, and let it run beside."""
    return asyncio.create_task(office.admin.request(method, path, **sent))


async def as_far_as_it_comes(office: Office, calling: Answer) -> Answer:
    """Until a call has been answered, or waits for a lock that somebody else has."""
    query = (
        "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
        " where l.locktype = 'advisory' and not l.granted and d.datname = current_database()"
    )
    async with asyncio.timeout(30), office.database.connection() as connection:
        while not calling.done():
            cursor = await connection.execute(query)
            row = await cursor.fetchone()
            if row is not None and row[0]:
                break
            await asyncio.sleep(0.02)
    return calling
