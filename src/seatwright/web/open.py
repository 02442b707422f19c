"""What needs no token: health, metrics, and the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
import psycopg
import psycopg_pool
from litestar import Litestar
from litestar.types import HTTPScope, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST

from seatwright import __version__
from seatwright.domain.clock import Clock
from seatwright.postgres.job_counts import JobCounts, read_job_counts
from seatwright.postgres.pool import Database
from seatwright.postgres.readiness import Readiness, read_readiness
from seatwright.web.metrics import render
from seatwright.web.problems import problem
from seatwright.web.rest.openapi import describe

READY_SECONDS_MAX = 5.0


class OpenPages:
    """The paths outside every surface."""

    __slots__ = ("_clock", "_database", "_rest", "_schema")

    def __init__(self, *, database: Database, clock: Clock, rest: Litestar) -> None:
        self._database = database
        self._clock = clock
        self._rest = rest
        self._schema: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        path = scope["path"]
        if cast(HTTPScope, scope)["method"] not in {"GET", "HEAD"}:
            await _send_json(send, 405, _unknown(405, "methodNotAllowed", f"{path} is read only."))
        elif path == "/healthz":
            await _send_json(send, 200, {"status": "ok", "version": __version__})
        elif path == "/readyz":
            await self._ready(send)
        elif path == "/metrics":
            await _send(send, 200, CONTENT_TYPE_LATEST, render(await self._jobs()))
        elif path == "/openapi.json":
            await _send(send, 200, "application/json", self._openapi())
        else:
            detail = f"There is nothing at {path}. GET /openapi.json lists every path of the API."
            await _send_json(send, 404, _unknown(404, "unknownPath", detail))

    async def _ready(self, send: Send) -> None:
        try:
            async with self._database.pool.connection(timeout=READY_SECONDS_MAX) as connection:
                readiness = await read_readiness(connection)
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            readiness = Readiness(database=False, migrations=False, worker=False)
        body = {
            "status": "ready" if readiness.is_ready else "notReady",
            "database": readiness.database,
            "migrations": readiness.migrations,
            "worker": readiness.worker,
            "time": self._clock.now().isoformat(),
        }
        await _send_json(send, 200 if readiness.is_ready else 503, body)

    async def _jobs(self) -> JobCounts | None:
        try:
            async with self._database.pool.connection(timeout=READY_SECONDS_MAX) as connection:
                return await read_job_counts(connection)
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            return None

    def _openapi(self) -> bytes:
        if self._schema is None:
            self._schema = msgspec.json.encode(describe(self._rest))
        return self._schema


def _unknown(status: int, code: str, detail: str) -> Mapping[str, object]:
    return problem(status=status, code=code, detail=detail)


async def _send_json(send: Send, status: int, body: Mapping[str, Any]) -> None:
    kind = "application/json" if "code" not in body else "application/problem+json"
    await _send(send, status, kind, msgspec.json.encode(body))


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
