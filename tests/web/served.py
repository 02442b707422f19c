"""A real server on loopback for tests that need a socket: uvicorn in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from litestar.types import ASGIApp

from seatwright.app.tenants import NewTenant, create_tenant
from seatwright.bootstrap import assemble_web_app
from seatwright.postgres.pool import Database
from seatwright.settings import OffsetClock


@dataclass(frozen=True, slots=True)
class Served:
    """Where the server listens, and the token of its tenant's administrator."""

    url: str
    token: str


@contextlib.contextmanager
def serve(app_url: str, *, log_level: str = "critical") -> Iterator[Served]:
    """Make a tenant and serve it as `serve` does, until the block ends."""
    token = asyncio.run(_make_tenant(app_url))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        app: ASGIApp = assemble_web_app(
            database=Database(app_url), clock=OffsetClock(), public_host=host
        )
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level=log_level,
            access_log=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(f"http://{host}", token)
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive(), "the server did not end"


async def _make_tenant(app_url: str) -> str:
    database = Database(app_url)
    await database.open()
    try:
        made = await create_tenant(
            database, NewTenant(name="Contoso", usage_location="NO"), now=OffsetClock().now()
        )
    finally:
        await database.close()
    return made.token
