"""Graph's reads on a town: beside a call of the same surface that does nothing, and each other.

The surface is called in this process, without a network: what is compared is what a route costs
beyond the token check, the transaction and the envelope, which a call that does nothing has too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

import numpy as np
from rich.console import Console

from benchmarks.report import Figure, against_floor
from benchmarks.stand import Stand, stand
from seatwright.app import access
from seatwright.bootstrap import calm_collector
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission, Role
from seatwright.domain.tenants import PrincipalKind
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer
from seatwright.web.graph.application import GraphApplication
from seatwright.web.graph.request import GraphRequest, json_answer
from seatwright.web.graph.routes import GRAPH_ROUTES
from seatwright.web.graph.routing import route

ROUNDS: Final = 5
CALLERS: Final = 16
CALLS: Final = 600
"""In one round of calls that are compared with one that does nothing."""

PAGES: Final = 15
SEED: Final = 20261121


@route(
    "GET",
    "nothing",
    needs=Permission.READ_DIRECTORY,
    accepts=(GraphPermission.USER_READ_ALL,),
)
async def do_nothing(_: GraphRequest) -> Answer:
    """What every call costs."""
    return json_answer({})


def run(people: int) -> Iterator[Figure]:
    """Load a town of this size and measure the surface on it."""
    calm_collector()
    console, begun = Console(stderr=True), time.perf_counter()
    with stand(people) as made:
        console.print(f"A town of {people:,}, loaded in {time.perf_counter() - begun:.0f} s.")
        yield from made.run(lambda database: _measure(made, database))


class _Surface:
    """The Graph surface, called as a server would call it."""

    def __init__(self, made: Stand, database: Database, token: str) -> None:
        self._application = GraphApplication(
            database=database, clock=made.clock, routes=(*GRAPH_ROUTES, do_nothing)
        )
        self._headers = [
            (b"authorization", f"Bearer {token}".encode()),
            (b"host", b"localhost"),
        ]

    async def ask(self, path: str) -> bytes:
        """The body of a successful answer."""
        bare, _, query = path.partition("?")
        scope: Any = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": f"/v1.0{bare}",
            "raw_path": f"/v1.0{bare}".encode(),
            "query_string": query.replace(" ", "%20").encode(),
            "headers": self._headers,
            "state": {"correlation": uuid4()},
        }
        status, body = 0, b""

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        await self._application(scope, receive, send)
        assert status == 200, body
        return body

    async def each(self, paths: Sequence[str], *, callers: int) -> float:
        """The milliseconds of one of these calls, by so many callers at once."""
        queue = iter(paths)

        async def call() -> None:
            for path in queue:
                await self.ask(path)

        started = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(callers)))
        return (time.perf_counter() - started) * 1000 / len(paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Calls that are measured, and those that they are held against."""

    name: str
    measured: Sequence[str]
    floor: Sequence[str]
    callers: int = 1
    target: float


async def _measure(made: Stand, database: Database) -> list[Figure]:
    async with made.call(database) as call:
        issued = await access.issue(
            call,
            access.NewPrincipal(
                kind=PrincipalKind.TOKEN,
                name=f"benchmark {uuid4()}",
                roles=(Role.GLOBAL_ADMINISTRATOR,),
            ),
        )
    surface = _Surface(made, database, issued.secret)
    people = made.owner.execute(
        "select count(*) from app_user where tenant_id = %s", (made.town.tenant_id,)
    ).fetchone()
    count = int(people[0]) if people else 0
    random = np.random.default_rng(SEED)
    users = [f"user{number}@town.example" for number in random.integers(1, count + 1, CALLS)]
    sku = made.owner.execute(
        "select s.id from sku s join sku_pool p using (tenant_id, sku_no)"
        " where s.tenant_id = %s order by p.consumed desc limit 1",
        (made.town.tenant_id,),
    ).fetchone()
    assert sku is not None, "the town has products"
    has = f"/users?$filter=assignedLicenses/any(x:x/skuId eq {sku[0]})"
    big = "?$select=id,displayName,userPrincipalName,assignedLicenses&$top="
    asks = (
        _Comparison(
            name="licenseDetails ÷ a call that does nothing",
            measured=[f"/users/{user}/licenseDetails" for user in users],
            floor=["/nothing"] * CALLS,
            callers=CALLERS,
            target=1 / 0.35,
        ),
        _Comparison(
            name="subscribedSkus ÷ a call that does nothing",
            measured=["/subscribedSkus"] * (CALLS // 4),
            floor=["/nothing"] * (CALLS // 4),
            callers=CALLERS,
            target=1 / 0.25,
        ),
        _Comparison(
            name="a page of 999 people with licenses ÷ a page of 20",
            measured=[f"/users{big}999"] * PAGES,
            floor=[f"/users{big}20"] * PAGES,
            target=12,
        ),
        _Comparison(
            name="the first page of assignedLicenses/any ÷ that of /users",
            measured=[has] * PAGES,
            floor=["/users"] * PAGES,
            target=3,
        ),
    )
    return [await _compared(surface, one, people=count) for one in asks]


async def _compared(surface: _Surface, asked: _Comparison, *, people: int) -> Figure:
    """The milliseconds of a call of each kind, in interleaved rounds; the first one warms up."""
    measured, floor = [], []
    for _ in range(ROUNDS + 1):
        measured.append(await surface.each(asked.measured, callers=asked.callers))
        floor.append(await surface.each(asked.floor, callers=asked.callers))
    figure = against_floor(
        f"Graph: {asked.name}",
        unit="ms",
        measured=measured[1:],
        floor=floor[1:],
        target=asked.target,
        note=f"{asked.callers} callers" if asked.callers > 1 else "one caller",
    )
    return replace(figure, people=people)
