"""Two administrators mend the same list at once, while a job assigns and a group changes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.concurrency.conftest import Arena, arena
from tests.served import Served

SKU = "SPE_E3"
PEOPLE = 1_200
DOUBLES = {"kind": "directBesideInherited"}
BULK = "/api/identity/licenses/bulk-assign"


async def ended(room: Arena, answer: httpx.Response) -> dict[str, Any]:
    """The job that a call started, once it has ended."""
    assert answer.status_code in {200, 202}, answer.text
    while True:
        job: dict[str, Any] = (await room.api.get(answer.headers["location"])).json()
        if job["state"] not in {"queued", "running"}:
            return job
        await asyncio.sleep(0.05)


async def licensed_twice(room: Arena) -> str:
    """Everybody has a product by a group, and directly; gives the group."""
    group = await room.group("Everybody")
    path = f"/api/identity/groups/{group}"
    joined = await room.api.post(f"{path}/members", json={"users": room.addresses})
    assert joined.status_code < 300, joined.text
    await ended(room, await room.license_group(group, SKU))
    await ended(
        room, await room.api.post(BULK, json={"users": room.addresses, "skuPartNumber": SKU})
    )
    return group


async def test_two_who_mend_the_same_list_beside_a_bulk_job_take_nothing_from_anybody(
    two_workers: Served,
) -> None:
    async with arena(two_workers, PEOPLE, SPE_E3=PEOPLE, VISIOCLIENT=PEOPLE) as room:
        await licensed_twice(room)
        before = await room.holders(SKU)
        again = {"users": room.addresses[::2], "skuPartNumber": SKU}
        other = {"users": room.addresses[::3], "skuPartNumber": "VISIOCLIENT"}
        mend = [room.api.post("/api/conflicts/mend", json=DOUBLES) for _ in range(2)]
        bulk = [room.api.post(BULK, json=body) for body in (again, other)]
        jobs = [await ended(room, one) for one in await asyncio.gather(*mend, *bulk)]
        assert {(job["state"], job["failed"]) for job in jobs} == {("completed", 0)}
        assert await room.holders(SKU) == before
        assert room.audit() == []
        # What the bulk job gave after the two had passed is mended by another.
        rest = await room.api.post("/api/conflicts/mend", json=DOUBLES)
        if rest.status_code != 400:
            await ended(room, rest)
        assert (await room.api.post("/api/conflicts/mend", json=DOUBLES)).status_code == 400
        assert await room.holders(SKU) == before
        assert room.audit() == []


async def test_a_group_that_ceases_to_give_while_others_mend_takes_from_nobody_unsaid(
    two_workers: Served,
) -> None:
    async with arena(two_workers, PEOPLE, SPE_E3=PEOPLE) as room:
        group = await licensed_twice(room)
        mend = [room.api.post("/api/conflicts/mend", json=DOUBLES) for _ in range(2)]
        cease = room.api.delete(f"/api/identity/groups/{group}/licenses/{SKU}")
        answers = await asyncio.gather(*mend, cease, return_exceptions=False)
        jobs = [await ended(room, one) for one in answers if one.status_code == 202]
        assert {job["state"] for job in jobs} == {"completed"}
        # Who still has the direct assignment holds the product; who was mended before lost it by
        # the group, and no row of a mending took it.
        assert room.audit() == []
