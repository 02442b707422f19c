"""Whatever is killed while everybody opens apps: who was told "granted" has it afterwards.

Meanwhile an administrator changes the policy, and seats are cut from outside and given back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg
import pytest

from seatwright.demo.draft import DraftPurchase
from seatwright.demo.generate import generate
from tests.books import audit
from tests.served import Furnished, Served, furnish, start_serving, stop_serving, wait_until

SKU = "POWERAPPS_PER_USER"
PEOPLE = 4000
SEATS = 3000
CALLERS = 16
ROUNDS = int(os.environ.get("SEATWRIGHT_TEST_ROUNDS", "3"))
LOAD_SECONDS = 6.0

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@dataclass(slots=True, kw_only=True)
class Crowd:
    """A served tenant, and everybody who was told that they were given the product."""

    served: Served
    furnished: Furnished
    people: list[str]
    told: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """What every call carries."""
        return {"authorization": f"Bearer {self.furnished.token}"}

    def storm(self, until: float, chance: random.Random) -> None:
        """Launch for anybody, again and again; what nobody answers is asked by somebody else."""
        while time.monotonic() < until:
            address = chance.choice(self.people)
            body = {"user": address, "event": "appLaunch", "app": "Expenses"}
            try:
                answer = httpx.post(
                    f"{self.served.url}/api/launch", json=body, headers=self.headers, timeout=20
                )
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            assert answer.status_code in {200, 403, 409, 503}, answer.text
            if answer.status_code == 200 and answer.json()["outcome"] == "granted":
                self.told.append(address)

    def meddle(self, until: float, chance: random.Random) -> None:
        """Change the policy, and cut seats from outside; whatever dies, the next call goes on."""
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError), self._api() as api:
                self._change(api, chance)
            time.sleep(0.1)

    def buy_back(self) -> None:
        """Have all seats again."""
        with self._api() as api:
            self._patch(api, f"subscriptions/{self._purchase(api)}", {"units": SEATS})

    def _change(self, api: httpx.Client, chance: random.Random) -> None:
        for row in api.get("/api/auto-claim/policies").json().get("value", ()):
            if row["product"] == "Power Apps Premium":
                fields = {"alertBelow": chance.randrange(1, 90)}
                self._patch(api, f"auto-claim/policies/{row['id']}", fields)
        units = SEATS - chance.randrange(1000)
        cut = {"units": units, "external": True}
        self._patch(api, f"subscriptions/{self._purchase(api)}", cut)

    def _purchase(self, api: httpx.Client) -> str:
        rows = api.get("/api/subscriptions").json().get("value", ())
        return str(rows[0]["id"]) if rows else ""

    def _patch(self, api: httpx.Client, path: str, body: Mapping[str, object]) -> None:
        answer = api.patch(f"/api/{path}", json=body)
        # 404 where the answer before was an error, and so named no purchase.
        assert answer.status_code in {200, 404, 405, 503}, answer.text

    def _api(self) -> httpx.Client:
        return httpx.Client(base_url=self.served.url, headers=self.headers, timeout=20)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """A tenant with fewer seats than people, and a premium app.

    Its policy is the one that seatwright makes for who has bought Power Apps premium.
    """
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-storms-"))
    root.chmod(0o711)
    served = start_serving(root / "data", workers=2)
    purchase = DraftPurchase(external_id="storm", sku=SKU, units=SEATS, price=Decimal(10))
    draft = replace(generate(PEOPLE, 29), purchases=(purchase,), groups=(), group_licenses=())
    furnished = asyncio.run(furnish(served.urls.app, draft, name="Storm"))
    made = Crowd(
        served=served,
        furnished=furnished,
        people=[person.user_principal_name for person in draft.people],
    )
    with httpx.Client(base_url=served.url, headers=made.headers, timeout=60) as api:
        for method, path, body in (
            ("PATCH", "auto-claim/settings", {"enabled": True}),
            ("POST", "platform/environments", {"displayName": "Field"}),
            (
                "POST",
                "platform/apps",
                {"displayName": "Expenses", "environment": "Field", "premium": True},
            ),
            ("POST", "platform/apps/Expenses/shares", {"everyone": True}),
        ):
            answer = api.request(method, f"/api/{path}", json=body)
            assert answer.status_code in {200, 201}, answer.text
        rows = api.get("/api/auto-claim/policies").json()["value"]
        if not any(row["product"] == "Power Apps Premium" for row in rows):
            policy = {"name": "Makers", "app": "powerApps"}
            assert api.post("/api/auto-claim/policies", json=policy).status_code == 201
    try:
        yield made
    finally:
        stop_serving(made.served)
        shutil.rmtree(root, ignore_errors=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("victim", ["seatwright web", "postgres -D", "parent"])
def test_who_was_told_is_licensed_whatever_dies(crowd: Crowd, victim: str) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        until = time.monotonic() + LOAD_SECONDS
        threads = [
            threading.Thread(target=crowd.storm, args=(until, random.Random(seed + number)))
            for number in range(CALLERS)
        ]
        threads.append(threading.Thread(target=crowd.meddle, args=(until, random.Random(seed))))
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.5, LOAD_SECONDS / 2))
        _kill(crowd, victim)
        for thread in threads:
            thread.join()
        crowd.served.wait_until_ready()
        owner, tenant = crowd.served.urls.owner, crowd.furnished.tenant_id
        assert audit(owner, tenant, is_cut=True) == []
        assert len(set(crowd.told)) == len(crowd.told), "somebody was told twice"
        assert set(crowd.told) <= _holders(owner, tenant)
        crowd.buy_back()


def _kill(crowd: Crowd, victim: str) -> None:
    if victim != "parent":
        pid = crowd.served.pid_of(victim)
        assert pid is not None, f"{victim} runs"
        os.kill(pid, signal.SIGKILL)
        return
    os.kill(crowd.served.process.pid, signal.SIGKILL)
    crowd.served.process.wait()
    port = int(crowd.served.url.rpartition(":")[2])
    assert crowd.served.process.stdout is not None
    crowd.served.process.stdout.close()
    crowd.served = start_serving(crowd.served.data_dir, workers=2, port=port)
    wait_until(crowd.served.is_ready, seconds_max=60)


def _holders(owner: str, tenant: int) -> set[str]:
    with psycopg.connect(owner) as connection:
        rows = connection.execute(
            "select u.upn from effective_license l join app_user u using (tenant_id, user_no)"
            " where l.tenant_id = %s",
            (tenant,),
        ).fetchall()
    return {str(row[0]) for row in rows}
