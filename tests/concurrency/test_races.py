"""Groups, jobs and people changed at the same time: nobody is forgotten, nothing stands still."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from tests.concurrency.conftest import Arena, arena
from tests.served import Served

ROUNDS = 6
JOINING = 24
HUNT_CALLERS = 24
HUNT_CALLS_EACH = 25
JOBS_SECONDS_MAX = 90.0
SKUS = ("SPE_E3", "SPE_E5", "POWER_BI_PRO")


async def test_who_joins_while_the_group_is_licensed_is_licensed(two_workers: Served) -> None:
    async with arena(two_workers, ROUNDS * JOINING, SPE_E3=ROUNDS * JOINING) as tenant:
        for number in range(ROUNDS):
            joining = tenant.addresses[number * JOINING : (number + 1) * JOINING]
            group = await tenant.group(f"Race {number}")
            answers = await asyncio.gather(
                *(_join(tenant, group, [address]) for address in joining[: JOINING // 2]),
                tenant.license_group(group, "SPE_E3"),
                *(_join(tenant, group, [address]) for address in joining[JOINING // 2 :]),
            )
            assert all(answer.is_success for answer in answers), [a.text for a in answers]
            await _jobs_done(tenant)
            assert set(joining) <= await tenant.holders("SPE_E3")
        assert tenant.audit() == []


async def test_who_leaves_while_the_group_is_unlicensed_keeps_nothing(
    two_workers: Served,
) -> None:
    async with arena(two_workers, ROUNDS * JOINING, SPE_E3=ROUNDS * JOINING) as tenant:
        # The brake would keep what is taken here; its own races are in test_brake_races.py.
        off = await tenant.api.patch("/api/settings", json={"brakeOnRemovals": False})
        assert off.status_code == 200, off.text
        for number in range(ROUNDS):
            leaving = tenant.addresses[number * JOINING : (number + 1) * JOINING]
            group = await tenant.group(f"Race {number}")
            await _join(tenant, group, leaving)
            await tenant.license_group(group, "SPE_E3")
            path = f"/api/identity/groups/{group}"
            answers = await asyncio.gather(
                *(tenant.api.delete(f"{path}/members/{address}") for address in leaving[::2]),
                tenant.api.delete(f"{path}/licenses/SPE_E3"),
            )
            assert all(answer.is_success for answer in answers), [a.text for a in answers]
            await _jobs_done(tenant)
            assert await tenant.holders("SPE_E3") == set()
        assert tenant.audit() == []


async def _join(tenant: Arena, group: str, addresses: Sequence[str]) -> httpx.Response:
    path = f"/api/identity/groups/{group}/members"
    return await tenant.api.post(path, json={"users": list(addresses)})


async def _jobs_done(tenant: Arena) -> None:
    """Wait until no job is open; none may have failed."""
    deadline = asyncio.get_running_loop().time() + JOBS_SECONDS_MAX
    while True:
        jobs: list[dict[str, Any]] = (await tenant.api.get("/api/jobs")).json()["value"]
        open_jobs = [job for job in jobs if job["state"] in {"queued", "running"}]
        failed = [job["error"] for job in jobs if job["state"] == "failed"]
        assert [error for error in failed if not error.startswith("All or nothing")] == []
        if not open_jobs:
            return
        assert asyncio.get_running_loop().time() < deadline, open_jobs
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_nothing_blocks_when_everything_happens_at_once(two_workers: Served) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    async with arena(two_workers, 300, SPE_E3=200, SPE_E5=150, POWER_BI_PRO=250) as tenant:
        groups = [await tenant.group(f"Hunt {number}") for number in range(4)]
        callers = [_Hunter(tenant, groups, random.Random(seed + n)) for n in range(HUNT_CALLERS)]
        results = await asyncio.gather(*(caller.hunt() for caller in callers))
        outcomes = Counter(outcome for result in results for outcome in result)
        unanswered = {one: n for one, n in outcomes.items() if int(one.split()[1]) >= 500}
        assert unanswered == {}
        await _jobs_done(tenant)
        assert tenant.audit() == []


class _Hunter:
    """A caller who does anything to anybody, and notes what was answered."""

    def __init__(self, tenant: Arena, groups: Sequence[str], chance: random.Random) -> None:
        self._tenant = tenant
        self._groups = groups
        self._chance = chance
        self._deeds: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
            self._assign,
            self._assign,
            self._unassign,
            self._swap,
            self._bulk,
            self._join,
            self._leave,
            self._license,
            self._unlicense,
        )

    async def hunt(self) -> list[str]:
        """Do some deeds; gives “deed status” of each."""
        outcomes = []
        for _ in range(HUNT_CALLS_EACH):
            deed = self._chance.choice(self._deeds)
            answer = await deed()
            outcomes.append(f"{deed.__name__} {answer.status_code}")
        return outcomes

    def _person(self) -> str:
        return self._chance.choice(self._tenant.addresses)

    def _group(self) -> str:
        return self._chance.choice(self._groups)

    def _sku(self) -> str:
        return self._chance.choice(SKUS)

    async def _assign(self) -> httpx.Response:
        return await self._tenant.assign(self._person(), self._sku())

    async def _unassign(self) -> httpx.Response:
        return await self._tenant.unassign(self._person(), self._sku())

    async def _swap(self) -> httpx.Response:
        new, old = self._chance.sample(SKUS, 2)
        return await self._tenant.api.post(
            f"/api/identity/users/{self._person()}/licenses",
            json={"skuPartNumber": new, "replaces": [old]},
        )

    async def _bulk(self) -> httpx.Response:
        people = self._chance.sample(self._tenant.addresses, 60)
        rows = [
            {"user": one, "sku": self._sku(), "action": self._chance.choice(["add", "remove"])}
            for one in people
        ]
        policy = self._chance.choice(["allOrNothing", "asMany", "wait"])
        return await self._tenant.api.post(
            "/api/identity/licenses/bulk-assign", json={"rows": rows, "fillPolicy": policy}
        )

    async def _join(self) -> httpx.Response:
        people = self._chance.sample(self._tenant.addresses, 20)
        return await _join(self._tenant, self._group(), people)

    async def _leave(self) -> httpx.Response:
        path = f"/api/identity/groups/{self._group()}/members/{self._person()}"
        return await self._tenant.api.delete(path)

    async def _license(self) -> httpx.Response:
        return await self._tenant.license_group(self._group(), self._sku())

    async def _unlicense(self) -> httpx.Response:
        path = f"/api/identity/groups/{self._group()}/licenses/{self._sku()}"
        return await self._tenant.api.delete(path)
