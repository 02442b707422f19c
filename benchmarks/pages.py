"""The pages of the portal in a large town, beside the same pages in a small one.

Every page that a link leads to from the start page is found as a reader finds it, those that a form
or the search box asks for are named in `benchmarks/asked.py`, and all are asked for from this
process, without a network: what is compared is the server's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit
from uuid import uuid4

from rich.console import Console

from benchmarks.asked import ASKED
from benchmarks.report import Figure, against_floor
from benchmarks.stand import Stand, stand
from seatwright.app.portal_sessions import link_for_administrator
from seatwright.bootstrap import calm_collector
from seatwright.postgres.pool import Database
from seatwright.web.portal.application import Portal

SMALL: Final = 1_000
ROUNDS: Final = 7
RATIO_MAX: Final = 3.0
MILLISECONDS_MAX: Final = 100.0

_LINK: Final = re.compile(rb'<a [^>]*?href="([^"#]+)')
_SHEETS: Final = (".csv", ".xlsx")
_THING: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_WITH_NAMES: Final = frozenset({"users", "licenses", "groups"})
_HOST: Final = b"localhost"


def run(people: int) -> Iterator[Figure]:
    """Load a town of this size and one of a thousand, and measure every page of both."""
    calm_collector()
    console, begun = Console(stderr=True), time.perf_counter()
    with stand(SMALL, has_words=True) as small, stand(people, has_words=True) as large:
        console.print(f"A town of {people:,}, loaded in {time.perf_counter() - begun:.0f} s.")
        figures = asyncio.run(_measure(small, large))
    for figure in figures:
        yield replace(figure, people=people)
    slowest = max(figures, key=lambda one: one.measured)
    yield Figure(
        name="Portal: the slowest page ÷ 100 ms",
        unit="ms",
        measured=slowest.measured,
        floor=MILLISECONDS_MAX,
        ratio=slowest.measured / MILLISECONDS_MAX,
        target=1,
        note=slowest.name,
        people=people,
    )


class _Reader:
    """Somebody who has signed in to the portal of a stand."""

    def __init__(self, made: Stand, database: Database) -> None:
        self._portal = Portal(database=database, clock=made.clock, public_url="http://localhost")
        self._made = made
        self._database = database
        self._cookie = b""

    async def sign_in(self) -> None:
        """Use a link that works once."""
        async with self._made.call(self._database) as call:
            link = await link_for_administrator(call)
        _, headers, _ = await self._ask("POST", f"/sign-in/link/{link}")
        self._cookie = headers[b"set-cookie"].partition(b";")[0]

    async def get(self, path: str) -> bytes:
        """The body of a page."""
        status, _, body = await self._ask("GET", path)
        assert status == 200, f"{path}: {status} {body.decode()}"
        return body

    async def seconds(self, path: str) -> float:
        """How long a page takes."""
        started = time.perf_counter()
        await self.get(path)
        return time.perf_counter() - started

    async def pages(self) -> Mapping[str, str]:
        """One path for each shape of page that links lead to."""
        found: dict[str, str] = {}
        waiting = ["/"]
        while waiting:
            path = waiting.pop(0)
            if shape_of(path) in found:
                continue
            found[shape_of(path)] = path
            links = (unescape(one.decode()) for one in _LINK.findall(await self.get(path)))
            waiting += [urljoin(path, one) for one in links if _is_page(urljoin(path, one))]
        return found

    async def _ask(self, method: str, path: str) -> tuple[int, dict[bytes, bytes], bytes]:
        bare, _, query = path.partition("?")
        scope: Any = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": bare,
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", _HOST),
                (b"cookie", self._cookie),
                (b"sec-fetch-site", b"same-origin"),
            ],
            "client": ("127.0.0.1", 1),
            "state": {"correlation": uuid4()},
        }
        status, body = 0, b""
        headers: dict[bytes, bytes] = {}

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, body, headers
            status = message.get("status", status)
            headers = dict(message.get("headers", headers))
            body += message.get("body", b"")

        await self._portal(scope, receive, send)
        return status, headers, body


def _is_page(link: str) -> bool:
    bare = urlsplit(link)
    return not bare.netloc and link.startswith("/") and not bare.path.endswith(_SHEETS)


def shape_of(link: str) -> str:
    """A link without what it is about: one page of each shape is measured."""
    parts = urlsplit(link)
    head, *rest = _THING.sub("*", parts.path).removeprefix("/").split("/")
    if head in _WITH_NAMES and rest:
        rest[0] = "*"
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return "/" + "/".join([head, *rest]) + (f"?{'&'.join(names)}" if names else "")


async def _measure(small: Stand, large: Stand) -> list[Figure]:
    async with _reading(small) as in_small, _reading(large) as in_large:
        floor = {**await in_small.pages(), **ASKED}
        measured = {**await in_large.pages(), **ASKED}
        return [
            await _compared(shape, (in_large, measured[shape]), (in_small, floor[shape]))
            for shape in sorted(floor.keys() & measured.keys())
        ]


@contextlib.asynccontextmanager
async def _reading(made: Stand) -> AsyncIterator[_Reader]:
    database = Database(made.urls.app, connections_max=2)
    await database.open()
    try:
        reader = _Reader(made, database)
        await reader.sign_in()
        yield reader
    finally:
        await database.close()


async def _compared(shape: str, *asked: tuple[_Reader, str]) -> Figure:
    """The milliseconds of a page in both towns, in interleaved rounds; the first one warms up."""
    times = [
        [await reader.seconds(path) * 1000 for reader, path in asked] for _ in range(ROUNDS + 1)
    ][1:]
    return against_floor(
        f"Portal: {shape} ÷ the same of {SMALL:,} people",
        unit="ms",
        measured=[one for one, _ in times],
        floor=[one for _, one in times],
        target=RATIO_MAX,
    )
