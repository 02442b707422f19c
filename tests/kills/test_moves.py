"""Whatever is killed in the middle of a move: nobody is ever without, and nothing happens twice.

A real ``seatwright serve`` moves a group of some thousands from one product to the other and back
while one of its processes is killed without warning. A constraint trigger in its database lets no
commit pass that leaves somebody with neither product.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.demo.draft import DraftPurchase
from seatwright.demo.generate import generate
from tests.books import audit, count
from tests.gaps import watch_gaps
from tests.served import Furnished, Served, furnish, start_serving, stop_serving, wait_until

PEOPLE = 6_000
ROUNDS = 4
PAIR = ("SPE_E3", "SPE_E5")
ROUND_SECONDS_MAX = 150.0
KILL_WITHIN_SECONDS = 5.0
HOLDERS = """
select count(*) from effective_license l join sku s
    on s.tenant_id = l.tenant_id and s.sku_no = l.sku_no
 where l.tenant_id = %(tenant)s and s.part_number = '{sku}'
"""
OWN = """
select count(*) from assignment where tenant_id = %(tenant)s and user_no is not null
"""

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@dataclass(slots=True, kw_only=True)
class Ward:
    """A served tenant whose people are all in one group."""

    served: Served
    furnished: Furnished
    group: str = ""

    def ask(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        """One call; None when nobody answered it, or the database is away."""
        headers = {"authorization": f"Bearer {self.furnished.token}"}
        try:
            answer = httpx.request(
                method, f"{self.served.url}{path}", timeout=60, headers=headers, **options
            )
        except httpx.TransportError:
            return None
        if answer.status_code >= 500 or answer.status_code == httpx.codes.CONFLICT:
            return None
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def insist(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The same until it is answered."""
        deadline = time.monotonic() + ROUND_SECONDS_MAX
        while True:
            found = self.ask(method, path, **options)
            if found is not None:
                return found
            assert time.monotonic() < deadline, "the call is answered in time"
            time.sleep(0.1)

    def insert_group(self, addresses: list[str]) -> str:
        """A group of these people that gives the first product; its id."""
        group = str(self.insist("POST", "/api/identity/groups", json={"displayName": "All"})["id"])
        path = f"/api/identity/groups/{group}"
        self.insist("POST", f"{path}/members", json={"users": addresses})
        licensed = self.insist("POST", f"{path}/licenses", json={"skuPartNumber": PAIR[0]})
        assert self.ended(licensed["jobId"])["state"] == "completed"
        return group

    def ended(self, job_id: str) -> dict[str, Any]:
        """A job once it has ended."""
        deadline = time.monotonic() + ROUND_SECONDS_MAX
        while True:
            job = self.insist("GET", f"/api/jobs/{job_id}")
            if job["state"] not in {"queued", "running"}:
                return job
            assert time.monotonic() < deadline, f"the job ends in time: {job}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    """Some thousands in a group that gives the first product, with a seat of either for each."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-moves-"))
    root.chmod(0o711)
    served = start_serving(root / "data", workers=1)
    bought = tuple(
        DraftPurchase(external_id=sku, sku=sku, units=PEOPLE, price=Decimal(10)) for sku in PAIR
    )
    draft = replace(generate(PEOPLE, 29), purchases=bought, groups=(), group_licenses=())
    furnished = asyncio.run(furnish(served.urls.app, draft, name="Moved"))
    made = Ward(served=served, furnished=furnished)
    try:
        made.group = made.insert_group([one.user_principal_name for one in draft.people])
        watch_gaps(served.urls.owner, *PAIR)
        yield made
    finally:
        stop_serving(made.served)
        shutil.rmtree(root, ignore_errors=True)


@pytest.mark.timeout(2 * ROUNDS * ROUND_SECONDS_MAX)
@pytest.mark.parametrize("victim", ["seatwright worker", "postgres -D"])
def test_a_killed_process_leaves_nobody_without(ward: Ward, victim: str) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    chance = random.Random(seed)
    for number in range(ROUNDS):
        old, new = PAIR if number % 2 == 0 else PAIR[::-1]
        body = {"kind": "productToProduct", "fromSku": old, "toSku": new, "group": ward.group}
        job = ward.insist("POST", "/api/moves", json=body)
        time.sleep(chance.uniform(0, KILL_WITHIN_SECONDS))
        _kill(ward.served, victim)
        ended = ward.ended(job["jobId"])
        assert ended["state"] == "completed", ended
        assert (ended["total"], ended["succeeded"]) == (PEOPLE, PEOPLE), ended
        owner, tenant = ward.served.urls.owner, ward.furnished.tenant_id
        assert audit(owner, tenant) == []
        assert count(owner, HOLDERS.format(sku=new), tenant) == PEOPLE
        assert count(owner, HOLDERS.format(sku=old), tenant) == 0
        assert count(owner, OWN, tenant) == 0
        print(f"{victim}: round {number + 1} of {ROUNDS}")  # noqa: T201


def _kill(served: Served, victim: str) -> None:
    wait_until(lambda: served.pid_of(victim) is not None, seconds_max=20)
    pid = served.pid_of(victim)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in served.children(), seconds_max=10)
