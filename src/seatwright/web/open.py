"""What needs no token: health, metrics, and the description of the API with its pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec
import psycopg
import psycopg_pool
from litestar.types import HTTPScope, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST

from seatwright import __version__
from seatwright.domain.clock import Clock
from seatwright.postgres.delivery_lists import DeliveryCounts, read_delivery_counts
from seatwright.postgres.job_counts import JobCounts, read_job_counts
from seatwright.postgres.pool import Database
from seatwright.postgres.readiness import Readiness, read_readiness
from seatwright.postgres.reconcile_runs import Findings, read_findings
from seatwright.web.answers import Answer, answer_problem
from seatwright.web.docs import SECURITY_POLICY, docs_page, errors_page
from seatwright.web.metrics import render

READY_SECONDS_MAX = 5.0


class OpenPages:
    """The paths outside every surface."""

    __slots__ = ("_clock", "_database", "_describe", "_docs_html", "_pages", "_schema")

    def __init__(
        self, *, database: Database, clock: Clock, describe: Callable[[], dict[str, Any]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._describe = describe
        self._schema: bytes | None = None
        self._docs_html: bytes | None = None
        self._pages: Mapping[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._health,
            "/readyz": self._ready,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
            "/docs": self._docs,
            "/docs/errors": self._errors,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        path = scope["path"]
        method = cast(HTTPScope, scope)["method"]
        page = self._pages.get(path)
        if page is None:
            detail = f"There is nothing at {path}. GET /openapi.json lists every path of the API."
            await answer_problem(404, "unknownPath", detail).send(send)
        elif method != "GET":
            detail = f"{path} does not answer {method}: it is read only."
            allow = (b"allow", b"GET, HEAD")
            await answer_problem(405, "methodNotAllowed", detail, allow).send(send)
        else:
            await (await page()).send(send)

    async def _health(self) -> Answer:
        return _json(200, {"status": "ok", "version": __version__})

    async def _ready(self) -> Answer:
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
        return _json(200 if readiness.is_ready else 503, body)

    async def _metrics(self) -> Answer:
        return _answer(CONTENT_TYPE_LATEST, render(*await self._counted()))

    async def _counted(
        self,
    ) -> tuple[JobCounts | None, Findings | None, DeliveryCounts | None]:
        """What the database counts, over all tenants; nothing while it is away."""
        try:
            async with self._database.pool.connection(timeout=READY_SECONDS_MAX) as connection:
                return (
                    await read_job_counts(connection),
                    await read_findings(connection),
                    await read_delivery_counts(connection),
                )
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            return None, None, None

    async def _openapi(self) -> Answer:
        if self._schema is None:
            self._schema = msgspec.json.encode(self._describe())
        return _answer("application/json", self._schema)

    async def _docs(self) -> Answer:
        if self._docs_html is None:
            self._docs_html = docs_page(self._describe())
        return _page(self._docs_html)

    async def _errors(self) -> Answer:
        return _page(errors_page())


def _json(status: int, body: Mapping[str, Any]) -> Answer:
    answer = _answer("application/json", msgspec.json.encode(body))
    answer.status = status
    return answer


def _page(html: bytes) -> Answer:
    answer = _answer("text/html; charset=utf-8", html)
    answer.headers += [
        (b"content-security-policy", SECURITY_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    return answer


def _answer(content_type: str, body: bytes) -> Answer:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    return Answer(200, headers, body)
