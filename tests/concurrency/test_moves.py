"""A move runs while others assign, remove, join and leave: nobody is ever without."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest

from tests.concurrency.conftest import Arena, arena
from tests.gaps import watching_gaps
from tests.served import Served

PEOPLE = 400
CALLERS = 8
CALLS_EACH = 30
JOBS_SECONDS_MAX = 90.0
PAIR = ("SPE_E3", "SPE_E5")


@pytest.mark.slow
async def test_moves_and_everything_else_at_once_leave_no_gap(two_workers: Served) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    seats = dict.fromkeys(PAIR, PEOPLE - 40)
    async with arena(two_workers, PEOPLE, **seats) as tenant:
        groups = [await tenant.group("Old"), await tenant.group("New")]
        half = tenant.addresses[: PEOPLE // 2]
        await _done(
            await tenant.api.post(f"/api/identity/groups/{groups[0]}/members", json={"users": half})
        )
        for group, sku in zip(groups, PAIR, strict=True):
            await _done(await tenant.license_group(group, sku))
        for address in tenant.addresses[PEOPLE // 2 : PEOPLE // 2 + 100]:
            await tenant.assign(address, PAIR[0])
        with watching_gaps(two_workers.urls.owner, *PAIR):
            callers = [_Meddler(tenant, groups, random.Random(seed + n)) for n in range(CALLERS)]
            results = await asyncio.gather(*(one.meddle() for one in callers))
            await _jobs_done(tenant)
        assert [status for one in results for status in one if status >= 500] == []
        assert tenant.audit() == []


async def _done(answer: httpx.Response) -> None:
    assert answer.is_success, answer.text


async def _jobs_done(tenant: Arena) -> None:
    """Wait until no job is open; none may have failed."""
    deadline = asyncio.get_running_loop().time() + JOBS_SECONDS_MAX
    while True:
        jobs: list[dict[str, Any]] = (await tenant.api.get("/api/jobs?limit=1000")).json()["value"]
        assert [job["error"] for job in jobs if job["state"] == "failed"] == []
        open_jobs = [job for job in jobs if job["state"] in {"queued", "running"}]
        if not open_jobs:
            return
        assert asyncio.get_running_loop().time() < deadline, open_jobs
        await asyncio.sleep(0.1)


class _Meddler:
    """A caller who moves people about, and changes them in other ways meanwhile."""

    def __init__(self, tenant: Arena, groups: list[str], chance: random.Random) -> None:
        self._tenant = tenant
        self._groups = groups
        self._chance = chance

    async def meddle(self) -> list[int]:
        """Do some deeds; gives the status of each."""
        deeds = (self._move, self._assign, self._unassign, self._join, self._leave)
        return [(await self._chance.choice(deeds)()).status_code for _ in range(CALLS_EACH)]

    async def _move(self) -> httpx.Response:
        chance, people = self._chance, self._chance.sample(self._tenant.addresses, 60)
        old, new = chance.sample(range(2), 2)
        body: dict[str, Any] = chance.choice(
            (
                {"kind": "productToProduct", "fromSku": PAIR[old], "toSku": PAIR[new]},
                {"kind": "directToGroup", "sku": PAIR[old], "group": self._groups[old]},
                {
                    "kind": "groupToGroup",
                    "fromGroup": self._groups[old],
                    "toGroup": self._groups[new],
                },
            )
        )
        return await self._tenant.api.post("/api/moves", json={**body, "users": people})

    def _person(self) -> str:
        return self._chance.choice(self._tenant.addresses)

    async def _assign(self) -> httpx.Response:
        return await self._tenant.assign(self._person(), self._chance.choice(PAIR))

    async def _unassign(self) -> httpx.Response:
        return await self._tenant.unassign(self._person(), self._chance.choice(PAIR))

    async def _join(self) -> httpx.Response:
        path = f"/api/identity/groups/{self._chance.choice(self._groups)}/members"
        return await self._tenant.api.post(path, json={"users": [self._person()]})

    async def _leave(self) -> httpx.Response:
        path = f"/api/identity/groups/{self._chance.choice(self._groups)}/members"
        return await self._tenant.api.delete(f"{path}/{self._person()}")
