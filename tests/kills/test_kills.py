"""Whatever is killed in the middle of a large job: nothing is lost and nothing happens twice.

A real ``seatwright serve`` works on 20,000 rows when one of its processes is killed without
warning, at a moment drawn from a seed that is printed.  fsync is on.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from seatwright.demo.draft import DraftPurchase, TenantDraft
from seatwright.demo.generate import generate
from tests.books import GRANTS, HOLDERS, audit, count
from tests.served import Furnished, Served, furnish, start_serving, stop_serving, wait_until

PEOPLE = 20_000
ROUNDS = 10
SKU = "SPE_E3"
# Two pauses of ten seconds before what dies often is started again, the minute after which the
# tick finds a job that nobody was told of, and the job itself.
ROUND_SECONDS_MAX = 150.0
# A job of this size takes some seconds; a kill may come before its first row or after its last.
KILL_WITHIN_SECONDS = 4.0
RETRY_SECONDS = 0.1
REVOCATIONS = """
select count(*) from history_event
 where tenant_id = %(tenant)s and before_set is not null and after_set is null
"""

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@dataclass(slots=True, kw_only=True)
class Patient:
    """A served tenant that survives its operations, and how often everybody was (un)licensed."""

    served: Served
    draft: TenantDraft
    furnished: Furnished
    grants: int = 0
    revocations: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """What every call of the administrator carries."""
        return {"authorization": f"Bearer {self.furnished.token}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        """One call; None when nobody answered it, or that the database is away."""
        try:
            answer = httpx.request(method, f"{self.served.url}{path}", timeout=30, **options)
        except httpx.TransportError:
            return None
        is_answered = answer.status_code < 500 and answer.status_code != httpx.codes.CONFLICT
        return answer if is_answered else None

    def revive(self) -> None:
        """Start again on the same data and port, at once."""
        port = int(self.served.url.rpartition(":")[2])
        assert self.served.process.stdout is not None
        self.served.process.stdout.close()
        self.served = start_serving(self.served.data_dir, workers=2, port=port)


@pytest.fixture(scope="module")
def patient() -> Iterator[Patient]:
    """Twenty thousand people and a seat for each, served by two web workers and a job worker."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-kills-"))
    root.chmod(0o711)
    served = start_serving(root / "data", workers=2)
    purchase = DraftPurchase(external_id="kill", sku=SKU, units=PEOPLE, price=Decimal(10))
    draft = replace(generate(PEOPLE, 23), purchases=(purchase,), groups=(), group_licenses=())
    furnished = asyncio.run(furnish(served.urls.app, draft, name="Killed"))
    made = Patient(served=served, draft=draft, furnished=furnished)
    # Everybody's removal at once would wait for a second administrator.
    answer = httpx.patch(
        f"{served.url}/api/settings", json={"brakeOnRemovals": False}, headers=made.headers
    )
    assert answer.status_code == 200, answer.text
    try:
        yield made
    finally:
        stop_serving(made.served)
        shutil.rmtree(root, ignore_errors=True)


@pytest.mark.timeout(ROUNDS * ROUND_SECONDS_MAX)
@pytest.mark.parametrize("victim", ["seatwright web", "seatwright worker", "parent", "postgres -D"])
def test_a_killed_process_costs_no_row_and_doubles_none(patient: Patient, victim: str) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    chance = random.Random(seed)
    for number in range(ROUNDS):
        action = "add" if patient.grants == patient.revocations else "remove"
        _round(patient, victim, action=action, chance=chance)
        print(f"{victim}: round {number + 1} of {ROUNDS}, {action}")  # noqa: T201


def _round(patient: Patient, victim: str, *, action: str, chance: random.Random) -> None:
    deadline = time.monotonic() + ROUND_SECONDS_MAX
    order = _Order(patient, action=action)
    sender = threading.Thread(target=order.send, args=(deadline,))
    sender.start()
    time.sleep(chance.uniform(0, KILL_WITHIN_SECONDS))
    _kill(patient, victim)
    sender.join()
    assert order.path is not None, "the call was answered in the end"
    job = _ended(patient, order.path, deadline)
    if action == "add":
        patient.grants += PEOPLE
    else:
        patient.revocations += PEOPLE
    assert job["state"] == "completed", job
    assert (job["total"], job["done"], job["succeeded"]) == (PEOPLE, PEOPLE, PEOPLE), job
    owner, tenant = patient.served.urls.owner, patient.furnished.tenant_id
    assert audit(owner, tenant) == []
    assert count(owner, HOLDERS, tenant) == patient.grants - patient.revocations
    assert count(owner, GRANTS, tenant) == patient.grants
    assert count(owner, REVOCATIONS, tenant) == patient.revocations


class _Order:
    """A bulk call that is sent until it is answered, under one Idempotency-Key."""

    def __init__(self, patient: Patient, *, action: str) -> None:
        self._patient = patient
        self._key = str(uuid4())
        lines = [f"{person.user_principal_name},{SKU},{action}" for person in patient.draft.people]
        self._body = "\n".join(["UserPrincipalName,SkuPartNumber,Action", *lines]).encode()
        self.path: str | None = None

    def send(self, deadline: float) -> None:
        """Send it; a sender whose call nobody answered sends the same once more."""
        while time.monotonic() < deadline:
            answer = self._patient.ask(
                "POST",
                "/api/identity/licenses/bulk-assign",
                content=self._body,
                headers={
                    **self._patient.headers,
                    "content-type": "text/csv",
                    "idempotency-key": self._key,
                },
            )
            if answer is not None:
                assert answer.status_code == httpx.codes.ACCEPTED, answer.text
                self.path = answer.headers["location"]
                return
            time.sleep(RETRY_SECONDS)


def _kill(patient: Patient, victim: str) -> None:
    served = patient.served
    if victim != "parent":
        # One that died often lately is started again after a pause.
        wait_until(lambda: served.pid_of(victim) is not None, seconds_max=20)
        pid = served.pid_of(victim)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in served.children(), seconds_max=10)
        return
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()
    patient.revive()
    assert audit(patient.served.urls.owner, patient.furnished.tenant_id) == []


def _ended(patient: Patient, path: str, deadline: float) -> dict[str, Any]:
    """The job once it has ended."""
    while True:
        answer = patient.ask("GET", path, headers=patient.headers)
        if answer is not None:
            job: dict[str, Any] = answer.json()
            if job["state"] not in {"queued", "running"}:
                return job
        assert time.monotonic() < deadline, "the job ends in time"
        time.sleep(RETRY_SECONDS)
