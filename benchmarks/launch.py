"""C1, C2, C3, C5, C6, D2: launches, beside what the database and the surface cost without them.

C1 runs the desk in this process, rules in, against `pgbench -N` on the same server in the same
rounds; C2 a batch of 56 against a bare insert of its rows; C3 one caller at a time against the same
rows by hand. C5 and D2 go over HTTP, driven by wrk where it is installed. C4, that nothing is
oversold, is a test (`tests/concurrency/test_launches.py`).
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx
import uvloop

from benchmarks import floor
from benchmarks.pgbench import Pgbench
from benchmarks.report import Figure, against_floor, of_floor
from benchmarks.stage import ROUNDS, SKU, Stage, staged, unlicensed
from benchmarks.wrk import Load
from seatwright.app.launch import batch as batches
from seatwright.app.launch.desk import LaunchDesk
from seatwright.app.launch.orders import Asked, Knock, order_of
from seatwright.app.launch.turns import Turns
from seatwright.domain.launch import Outcome
from seatwright.identity.secrets import digest_of
from seatwright.postgres.pool import Database
from seatwright.settings import OffsetClock
from tests.served import furnish

CALLERS: Final = 64
CLAIMS: Final = 3000
"""In one round of C1."""

BATCH: Final = 56
BATCHES: Final = 30
SINGLES: Final = 150
TENANTS: Final = 50

CROWD: Final = 50_000
"""In the group of C6."""

MEMBERS_AT_ONCE: Final = 5_000

APP: Final = "Expenses"


def run() -> list[Figure]:
    """Measure everything that this machine has the tools for."""
    people = ROUNDS * (CLAIMS + BATCH * BATCHES * 2 + SINGLES * 2) + CROWD + 80_000
    with staged(people, seats=2 * people) as stage:
        _prepare(stage.api)
        taken = (one.user_principal_name for one in stage.draft.people if one.is_enabled)
        # On the loop that the server runs on.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return [*runner.run(_in_process(stage, taken)), *_over_http(stage, taken)]


def _prepare(api: httpx.Client) -> None:
    """An own app that needs the product, and its policy."""
    app = api.post(
        "/api/platform/apps",
        json={"displayName": APP, "kind": "other", "requires": [{"skuPartNumber": SKU}]},
    )
    assert app.status_code == 201, app.text
    for method, path, body in (
        ("POST", f"platform/apps/{APP}/shares", {"everyone": True}),
        ("PATCH", "auto-claim/settings", {"enabled": True}),
        (
            "POST",
            "auto-claim/policies",
            {"name": APP, "app": app.json()["id"], "products": [{"skuPartNumber": SKU}]},
        ),
    ):
        answer = api.request(method, f"/api/{path}", json=body)
        assert answer.status_code in {200, 201}, answer.text


async def _in_process(stage: Stage, taken: Iterator[str]) -> list[Figure]:
    database = Database(stage.served.urls.app)
    await database.open()
    try:
        desk = LaunchDesk(database, clock=OffsetClock(), public_url="http://localhost")
        parts = _Parts()
        asker = _Asker(stage.furnished.token, desk)
        await asker.claim(next(taken))
        return [
            await _claims(stage, asker, taken),
            await _claims_of_many(stage, desk),
            *await _batches(stage, asker, taken, parts=parts),
            await _singles(stage, asker, taken),
            await _during_a_job(stage, asker, taken),
        ]
    finally:
        await database.close()


class _Asker:
    """Launches the app in this process, as the surface would."""

    def __init__(self, token: str, desk: LaunchDesk) -> None:
        self.desk = desk
        self.digest = digest_of(token)

    def knock(self, person: str) -> Knock:
        asked = Asked(event="appLaunch", user=person, app=APP)
        return Knock(order=order_of(asked), digest=self.digest, correlation=uuid4())

    async def claim(self, person: str) -> float:
        """One claim; the seconds that it took."""
        who = await self.desk.recognise(self.digest)
        assert who is not None, "the stage's token is good"
        started = time.perf_counter()
        answer = await self.desk.launch(self.knock(person), who)
        assert answer.outcome is Outcome.GRANTED, answer.message
        return time.perf_counter() - started

    async def claims(self, people: Sequence[str], *, callers: int = CALLERS) -> list[float]:
        """A claim for each, by so many callers at once; the seconds of each."""
        queue = iter(people)
        seconds: list[float] = []

        async def call() -> None:
            for person in queue:
                seconds.append(await self.claim(person))  # noqa: PERF401  Shared by the callers.

        await asyncio.gather(*(call() for _ in range(callers)))
        return seconds


async def _claims(stage: Stage, asker: _Asker, taken: Iterator[str]) -> Figure:
    """C1: claims a second beside transactions a second of pgbench -N."""
    pgbench = Pgbench(stage.served.urls.owner)
    product, bare, waits = [], [], []
    for _ in range(ROUNDS):
        people = [next(taken) for _ in range(CLAIMS)]
        started = time.perf_counter()
        waits += await asker.claims(people)
        product.append(CLAIMS / (time.perf_counter() - started))
        bare.append(await asyncio.to_thread(pgbench.measure))
    return of_floor(
        "C1 launch that claims, one product, 64 callers",
        measured=product,
        floor=bare,
        at_least=4,
        note=f"times pgbench -N; p50 {_ms(waits, 50):.1f}, p99 {_ms(waits, 99):.1f} ms",
    )


async def _claims_of_many(stage: Stage, desk: LaunchDesk) -> Figure:
    """C1 with many tenants: the same callers, each batch of another tenant's people."""
    askers, queues = [], []
    for number in range(TENANTS):
        draft = unlicensed(CLAIMS // TENANTS * ROUNDS * 2, seats=CLAIMS)
        made = await furnish(stage.served.urls.app, draft, name=f"Tenant {number}")
        with httpx.Client(
            base_url=stage.served.url, headers={"authorization": f"Bearer {made.token}"}
        ) as api:
            await asyncio.to_thread(_prepare, api)
        askers.append(_Asker(made.token, desk))
        queues.append(one.user_principal_name for one in draft.people if one.is_enabled)
    pgbench = Pgbench(stage.served.urls.owner)
    product, bare = [], []
    for round_no in range(-1, ROUNDS):
        people = [
            (a, next(q))
            for _ in range(CLAIMS // TENANTS)
            for a, q in zip(askers, queues, strict=True)
        ]
        turns = iter(people)

        async def call(turns: Iterator[tuple[_Asker, str]] = turns) -> None:
            for asker, person in turns:
                await asker.claim(person)

        started = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLERS)))
        if round_no >= 0:  # The first learns who everybody is.
            product.append(len(people) / (time.perf_counter() - started))
            bare.append(await asyncio.to_thread(pgbench.measure))
    return of_floor(
        f"C1 launch that claims, {TENANTS} tenants, 64 callers",
        measured=product,
        floor=bare,
        at_least=4,
        note="times pgbench -N",
    )


async def _batches(
    stage: Stage, asker: _Asker, taken: Iterator[str], *, parts: _Parts
) -> list[Figure]:
    """C2: a batch of 56, and a bare insert of the same rows; as a whole, and on the server alone.

    The server's part of either is when this process, which does nothing else, uses no processor.
    """
    run_batch = asker.desk.batches.run
    tenant = stage.furnished.tenant_id
    product, bare = [], []
    for _ in range(ROUNDS * BATCHES):
        knocks = [asker.knock(next(taken)) for _ in range(BATCH)]
        with parts, _Watch() as watch:
            done = await run_batch(tenant, knocks, is_reading=False)
        assert done.has_given, "the batch gave something"
        product.append(watch)
        numbers = stage.numbers([next(taken) for _ in range(BATCH)])
        with _Watch() as watch:
            await asyncio.to_thread(_insert, stage, numbers)
        bare.append(watch)
    whole = [statistics.median(one.whole for one in runs) for runs in (product, bare)]
    served = [statistics.median(one.waited for one in runs) for runs in (product, bare)]
    return [
        Figure(
            name=f"C2 claims in a batch of {BATCH} by bare inserts of their rows{where}",
            unit="/s",
            measured=BATCH / measured,
            floor=BATCH / limit,
            ratio=limit / measured,
            at_least=0.6,
            note=note,
        )
        for where, (measured, limit), note in (
            ("", whole, parts.words(whole[0])),
            (", server alone", served, f"{served[0] * 1000:.2f} and {served[1] * 1000:.2f} ms"),
        )
    ]


class _Watch:
    """The seconds of a block: as a whole, and those in which this process waited."""

    def __enter__(self) -> _Watch:
        self._started, self._used = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.whole = time.perf_counter() - self._started
        self.waited = self.whole - (time.process_time() - self._used)


def _insert(stage: Stage, numbers: Sequence[int]) -> None:
    with stage.database.pipeline():
        floor.see(stage.database, stage.floor)
        floor.write_assignments(stage.database, stage.floor, list(numbers), at=datetime.now(UTC))
        stage.database.execute(
            "update sku_pool set consumed = consumed + %s where tenant_id = %s and sku_no = %s",
            (len(numbers), stage.floor.tenant_id, stage.floor.sku_no),
        )
        stage.database.commit()


async def _singles(stage: Stage, asker: _Asker, taken: Iterator[str]) -> Figure:
    """C3: one caller at a time, beside the same rows by hand."""
    product, hand = [], []
    for _ in range(ROUNDS):
        claims, by_hand = [], []
        for _ in range(SINGLES):
            claims.append(await asker.claim(next(taken)))
            by_hand.append(await asyncio.to_thread(_by_hand, stage, next(taken)))
        product.append(statistics.median(claims) * 1000)
        hand.append(statistics.median(by_hand) * 1000)
    return against_floor(
        "C3 launch that claims, one caller, p50",
        unit="ms",
        measured=product,
        floor=hand,
        target=1.3,
        note="floor = the same lock, reads and rows by hand",
    )


def _by_hand(stage: Stage, person: str) -> float:
    started = time.perf_counter()
    floor.assign_one(stage.database, stage.floor, person, at=datetime.now(UTC))
    return time.perf_counter() - started


async def _during_a_job(stage: Stage, asker: _Asker, taken: Iterator[str]) -> Figure:
    """C6: claims of a product while a job writes the licenses of a large group of it back."""
    group = await asyncio.to_thread(_crowd, stage.api, [next(taken) for _ in range(CROWD)])
    idle = await asker.claims([next(taken) for _ in range(600)], callers=8)
    answer = await asyncio.to_thread(
        stage.api.post, f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": SKU}
    )
    assert answer.status_code == 202, answer.text
    path, busy = answer.headers["location"], list[float]()
    while (await asyncio.to_thread(stage.api.get, path)).json()["state"] in {"queued", "running"}:
        busy += await asker.claims([next(taken) for _ in range(40)], callers=8)
    return Figure(
        name=f"C6 launch that claims while a job gives {CROWD:,} people the product, p99",
        unit="ms",
        measured=_ms(busy, 99),
        floor=_ms(idle, 99),
        ratio=_ms(busy, 99) / _ms(idle, 99),
        target=3.0,
        note=f"p50 {_ms(busy, 50):.1f} ms, idle {_ms(idle, 50):.1f} ms; {len(busy)} claims",
    )


def _crowd(api: httpx.Client, people: Sequence[str]) -> str:
    """A group of these people, without a license yet."""
    made = api.post("/api/identity/groups", json={"displayName": "Crowd"})
    assert made.status_code == 201, made.text
    group = str(made.json()["id"])
    for start in range(0, len(people), MEMBERS_AT_ONCE):
        body = {"users": people[start : start + MEMBERS_AT_ONCE]}
        answer = api.post(f"/api/identity/groups/{group}/members", json=body)
        assert answer.status_code in {200, 202}, answer.text
    return group


class _Parts:
    """How long reading, deciding and writing take, of the batches that run inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {"read": [], "decide": [], "write": []}

    def __enter__(self) -> None:
        self._read, self._take = vars(batches)["read_scene"], Turns.take
        self._decided = 0.0
        take = self._take

        async def read(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            found = await self._read(*given, **named)
            self.seconds["read"].append(time.perf_counter() - started)
            return found

        def timed(*given: Any) -> Any:
            started = time.perf_counter()
            answer = take(*given)
            self._decided += time.perf_counter() - started
            return answer

        setattr(batches, "read_scene", read)  # noqa: B010  It is looked at, not changed.
        setattr(Turns, "take", timed)  # noqa: B010

    def __exit__(self, *_: object) -> None:
        self.seconds["decide"].append(self._decided)
        setattr(batches, "read_scene", self._read)  # noqa: B010
        setattr(Turns, "take", self._take)  # noqa: B010

    def words(self, whole: float) -> str:
        """The medians in milliseconds; what is neither read nor decided is written and sent."""
        read, decide = (statistics.median(self.seconds[one]) for one in ("read", "decide"))
        return (
            f"read {read * 1000:.2f}, decide {decide * 1000:.2f},"
            f" write and commit {(whole - read - decide) * 1000:.2f} ms"
        )


def _over_http(stage: Stage, taken: Iterator[str]) -> Iterator[Figure]:
    wrk = shutil.which("wrk")
    if wrk is None:
        return
    load = Load(wrk, url=stage.served.url, token=stage.furnished.token, app=APP)
    nothing, claims, again = [], [], []
    for _ in range(ROUNDS):
        people = [next(taken) for _ in range(15_000)]
        nothing.append(load.measure("GET", [""]))
        claims.append(load.measure("POST", people))
        load.measure("POST", people[:2000])
        again.append(load.measure("POST", people[:2000]))
    for name, runs in (
        ("C5 launch that claims, over HTTP, 64 connections", claims),
        ("D2 launch of somebody entitled, over HTTP, 64 connections", again),
    ):
        yield of_floor(
            name,
            measured=[one[0] for one in runs],
            floor=[one[0] for one in nothing],
            at_least=0.4,
            note=f"of a call that does nothing; p99 {statistics.median(one[1] for one in runs):.1f}"
            f" ms, of nothing {statistics.median(one[1] for one in nothing):.1f} ms",
        )


def _ms(seconds: Sequence[float], percent: int) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000
