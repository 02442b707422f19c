"""Many callers on few seats: every seat is given once, and nobody is refused for another reason."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from tests.books import GRANTS, HOLDERS, count
from tests.concurrency.conftest import Arena, arena
from tests.served import Served

CALLERS = 64
SEATS = 1000
PEOPLE = 1400


@pytest.mark.slow
async def test_sixty_four_callers_share_a_thousand_seats(two_workers: Served) -> None:
    async with arena(two_workers, PEOPLE, SPE_E3=SEATS) as tenant:
        queue = iter(tenant.addresses)
        answers: list[httpx.Response] = []

        async def call() -> None:
            for address in queue:
                answers.append(await tenant.assign(address, "SPE_E3"))  # noqa: PERF401  Shared.

        await asyncio.gather(*(call() for _ in range(CALLERS)))

        assert Counter(answer.status_code for answer in answers) == {
            201: SEATS,
            409: PEOPLE - SEATS,
        }
        refusals = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert refusals == {"noSeatLeft"}
        owner, tenant_id = two_workers.urls.owner, tenant.furnished.tenant_id
        assert count(owner, HOLDERS, tenant_id) == SEATS
        assert count(owner, GRANTS, tenant_id) == SEATS
        assert tenant.audit() == []


async def test_two_administrators_on_one_person_take_turns(two_workers: Served) -> None:
    async with arena(two_workers, 40, SPE_E3=40) as tenant:
        answers = await asyncio.gather(
            *(_to_and_fro(tenant, address) for address in tenant.addresses for _ in range(2))
        )
        statuses = Counter(status for one in answers for status in one)
        assert set(statuses) <= {200, 201, 204, 404}, statuses
        assert tenant.audit() == []


async def _to_and_fro(tenant: Arena, address: str) -> list[int]:
    statuses = []
    for _ in range(4):
        statuses.append((await tenant.assign(address, "SPE_E3")).status_code)
        statuses.append((await tenant.unassign(address, "SPE_E3")).status_code)
    return statuses
