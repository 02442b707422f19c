"""The limit on calls of one address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.web import rate
from seatwright.web.rate import RateLimit


class Seconds:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def _greeting(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def _client(app: Any, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")


async def _statuses(app: Any, address: str, calls: int) -> list[int]:
    async with _client(app, address) as client:
        return [(await client.get("/")).status_code for _ in range(calls)]


async def test_an_address_may_call_as_often_as_the_limit_and_no_more() -> None:
    seconds = Seconds()
    app = RateLimit(_greeting, per_second=3, seconds=seconds)
    assert await _statuses(app, "192.0.2.1", 4) == [200, 200, 200, 429]
    assert await _statuses(app, "192.0.2.2", 1) == [200]
    seconds.now += 0.34
    assert await _statuses(app, "192.0.2.1", 2) == [200, 429]


async def test_a_refusal_says_when_to_come_back() -> None:
    app = RateLimit(_greeting, per_second=0.25, seconds=Seconds())
    async with _client(app, "192.0.2.1") as client:
        await client.get("/")
        answer = await client.get("/")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "4"
    assert answer.json()["code"] == "tooManyCalls"


async def test_the_address_silent_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "ADDRESSES_MAX", 2)
    app = RateLimit(_greeting, per_second=1, seconds=Seconds())
    assert await _statuses(app, "192.0.2.1", 2) == [200, 429]
    assert await _statuses(app, "192.0.2.2", 1) == [200]
    assert await _statuses(app, "192.0.2.3", 1) == [200]
    assert await _statuses(app, "192.0.2.1", 1) == [200]
