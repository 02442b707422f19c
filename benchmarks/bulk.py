"""B1 and B2: thousands of people in one call over HTTP, beside the same rows by bare `unnest`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks import floor
from benchmarks.report import Figure, against_floor
from benchmarks.stage import ROUNDS, SKU, Stage, staged

ASSIGNED: Final = 10_000
REMOVED: Final = 1_000
MEMBERS_AT_ONCE: Final = 500
POLL_SECONDS: Final = 0.01
JOB_SECONDS_MAX: Final = 120.0


def run() -> list[Figure]:
    """Measure both, in rounds that take turns with their floors.

    In each round other people are assigned by either way, so the tables grow alike for both.
    """
    rounds = ROUNDS + 1
    with staged(2 * rounds * ASSIGNED, seats=2 * rounds * ASSIGNED) as stage:
        crowd = _Crowd(stage.addresses)
        return [_assignments(stage, crowd), _removals(stage, crowd), _mendings(stage, crowd)]


class _Crowd:
    """People in portions, and those who hold the product by now."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._rest = list(addresses)
        self.holders: list[str] = []

    def next(self, size: int) -> list[str]:
        """People who have nothing yet."""
        chosen, self._rest = self._rest[:size], self._rest[size:]
        self.holders += chosen
        return chosen

    def leaving(self, size: int) -> list[str]:
        """People who hold the product, first ones first."""
        chosen, self.holders = self.holders[:size], self.holders[size:]
        return chosen


def _assignments(stage: Stage, crowd: _Crowd) -> Figure:
    measured, by_hand = [], []
    _by_bulk(stage, crowd.next(ASSIGNED), action="add")
    _insert(stage, crowd.next(ASSIGNED))
    for _ in range(ROUNDS):
        measured.append(_by_bulk(stage, crowd.next(ASSIGNED), action="add"))
        by_hand.append(_insert(stage, crowd.next(ASSIGNED)))
    return against_floor(
        f"B1 {ASSIGNED:,} people in one bulk call",
        unit="s",
        measured=measured,
        floor=by_hand,
        target=25,
        note="first byte to job done; floor = bare unnest inserts",
    )


def _removals(stage: Stage, crowd: _Crowd) -> Figure:
    measured, by_hand = [], []
    _by_bulk(stage, crowd.leaving(REMOVED), action="remove")
    for _ in range(ROUNDS):
        measured.append(_by_bulk(stage, crowd.leaving(REMOVED), action="remove"))
        by_hand.append(_delete(stage, crowd.leaving(REMOVED)))
    return against_floor(
        f"B2 {REMOVED:,} removals in one bulk call",
        unit="s",
        measured=measured,
        floor=by_hand,
        target=15,
        note="first byte to job done; floor = bare deletes and inserts",
    )


def _mendings(stage: Stage, crowd: _Crowd) -> Figure:
    """Direct assignments that a group gives too: taken away, and brought back by the undo."""
    chosen = crowd.holders[:ASSIGNED]
    made = stage.api.post("/api/identity/groups", json={"displayName": "Everybody"})
    group = f"/api/identity/groups/{made.json()['id']}"
    for start in range(0, len(chosen), MEMBERS_AT_ONCE):
        members = {"users": chosen[start : start + MEMBERS_AT_ONCE]}
        joined = stage.api.post(f"{group}/members", json=members)
        assert joined.status_code < 300, joined.text
    licensed = stage.api.post(f"{group}/licenses", json={"skuPartNumber": SKU})
    wait_for_job(stage, licensed.headers["location"])
    measured = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answer = stage.api.post("/api/conflicts/mend", json={"kind": "directBesideInherited"})
        assert answer.status_code == 202, answer.text
        job = wait_for_job(stage, answer.headers["location"])
        measured.append(time.perf_counter() - started)
        assert job["succeeded"] == len(chosen), job
        undone = stage.api.post(f"/api/jobs/{job['id']}/undo")
        wait_for_job(stage, undone.headers["location"])
    return Figure(
        name=f"B4 {len(chosen):,} conflicts mended in one call",
        unit="s",
        measured=statistics.median(measured),
        note="first byte to job done; each looked at again under the locks",
    )


def _by_bulk(stage: Stage, addresses: Sequence[str], *, action: str) -> float:
    """Seconds from the first byte of the call to the end of its job."""
    lines = [f"{address},{SKU},{action}" for address in addresses]
    body = "\n".join(["UserPrincipalName,SkuPartNumber,Action", *lines]).encode()
    started = time.perf_counter()
    answer = stage.api.post(
        "/api/identity/licenses/bulk-assign",
        content=body,
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 202, answer.text
    job = wait_for_job(stage, answer.headers["location"])
    elapsed = time.perf_counter() - started
    assert job["succeeded"] == len(addresses), job
    return elapsed


def wait_for_job(stage: Stage, path: str) -> dict[str, Any]:
    """Ask for a job until it has ended well."""
    deadline = time.monotonic() + JOB_SECONDS_MAX
    while True:
        job: dict[str, Any] = stage.api.get(path).json()
        if job["state"] == "completed":
            return job
        assert job["state"] in {"queued", "running"}, job
        assert time.monotonic() < deadline, job
        time.sleep(POLL_SECONDS)


def _insert(stage: Stage, addresses: Sequence[str]) -> float:
    users = stage.numbers(addresses)
    started = time.perf_counter()
    floor.assign_many(stage.database, stage.floor, users, at=datetime.now(UTC))
    return time.perf_counter() - started


def _delete(stage: Stage, addresses: Sequence[str]) -> float:
    users = stage.numbers(addresses)
    started = time.perf_counter()
    floor.remove_many(stage.database, stage.floor, users, at=datetime.now(UTC))
    return time.perf_counter() - started
