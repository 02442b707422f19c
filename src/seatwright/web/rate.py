"""A limit on how many calls one client address may make, for those who set one.

A bucket for each address fills at the rate and holds one second's worth; a call takes one from it.
Every process counts for itself, so each gets its part of the rate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar.types import ASGIApp, Receive, Send

from seatwright.web.problems import problem

ADDRESSES_MAX: Final = 10_000
"""How many addresses are remembered; past that, the one seen first is forgotten."""


class RateLimit:
    """Answers 429 to an address that calls too often; everything else goes on to the app."""

    __slots__ = ("_app", "_buckets", "_capacity", "_per_second", "_seconds")

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_second: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._seconds = seconds
        # Address to (calls left, when that was counted).
        self._buckets: dict[str, tuple[float, float]] = {}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        if scope["type"] == "http":
            client = scope.get("client")
            wait = self._take(client[0] if client else "")
            if wait > 0:
                await _refuse(send, wait_seconds=wait)
                return
        await self._app(scope, receive, send)

    def _take(self, address: str) -> float:
        """Take one call of this address; return the seconds to wait if there is none left."""
        now = self._seconds()
        left, counted = self._buckets.pop(address, (self._capacity, now))
        left = min(self._capacity, left + (now - counted) * self._per_second)
        is_allowed = left >= 1
        if is_allowed:
            left -= 1
        if len(self._buckets) >= ADDRESSES_MAX:
            # Addresses are put back at the end when they call, so the first was silent longest.
            del self._buckets[next(iter(self._buckets))]
        self._buckets[address] = (left, now)
        return 0.0 if is_allowed else (1 - left) / self._per_second


async def _refuse(send: Send, *, wait_seconds: float) -> None:
    body = msgspec.json.encode(
        problem(
            status=429,
            code="tooManyCalls",
            detail="This address calls more often than this server allows. Wait as long as"
            " Retry-After says, or ask whoever runs it to raise SEATWRIGHT_RATE_LIMIT.",
        )
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(math.ceil(wait_seconds)).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
