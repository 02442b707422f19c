"""Watching every call: its correlation id, its line in the log, its numbers in `/metrics`.

What is logged and counted is the template of the route, never the path: paths hold people's names.
"""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from litestar.types import ASGIApp, Message, Receive, Send

from seatwright.web.metrics import IN_FLIGHT, REQUEST_SECONDS, REQUESTS

log = structlog.get_logger(__name__)

PROBED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other method is counted as OTHER, so that a caller cannot make new series."""

OPEN_ROUTES: Final = frozenset(
    {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/errors"}
)

HUNG_UP: Final = 499
"""The status in log and metrics of a call whose caller left before there was an answer."""


class Watch:
    """The outermost layer: wraps the front door."""

    __slots__ = ("_app",)

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        correlation = _correlation(scope["headers"])
        state = scope.setdefault("state", {})
        state["correlation"] = correlation
        header = (b"x-correlation-id", str(correlation).encode())
        status = HUNG_UP

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(correlation=header[1].decode())
        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, watched)
        finally:
            IN_FLIGHT.dec()
            _tell(scope, method, status=status, seconds=time.perf_counter() - began)
            structlog.contextvars.reset_contextvars(**tokens)


def _tell(scope: Any, method: str, *, status: int, seconds: float) -> None:
    route = _route(scope)
    REQUESTS.labels(method, route, status).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    tenant, principal = scope["state"].get("caller", (None, None))
    # Probes ask every few seconds: their lines would bury the others.
    say = log.debug if route in PROBED_PATHS and status < 400 else log.info
    say(
        "call",
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000, 2),
        tenant=tenant,
        principal=principal,
    )


def _route(scope: Any) -> str:
    """The template of the route that served a call, or the surface where none did."""
    template: str = scope.get("path_template") or ""
    if template:
        return template
    path: str = scope["path"]
    if path in OPEN_ROUTES:
        return path
    return "/api/*" if path.startswith("/api/") else "*"


def _correlation(headers: list[tuple[bytes, bytes]]) -> UUID:
    """What the caller sent as X-Correlation-Id, if it is a UUID; else a new one."""
    for name, value in headers:
        if name == b"x-correlation-id":
            try:
                return UUID(value.decode("ascii"))
            except (ValueError, UnicodeDecodeError):
                break
    return uuid4()
