"""A move says beforehand what becomes of everybody, and is applied only if that still holds."""

from __future__ import annotations

from typing import Any

import httpx

from tests.moves import MOVES, give, held, license_group, worked
from tests.office import Office
from tests.world import add_group, add_people, set_seats

SWAP = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5"}


async def preview(office: Office, body: dict[str, Any]) -> dict[str, Any]:
    answer = await office.admin.post(MOVES, params={"preview": "true"}, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def apply(office: Office, body: dict[str, Any], digest: str) -> httpx.Response:
    return await office.admin.post(MOVES, json=body, headers={"if-match": f'"{digest}"'})


async def scene(office: Office, *, e5: int) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    await set_seats(office, "SPE_E5", e5)
    await give(office, "ada bob", "SPE_E3")


async def test_a_preview_tells_of_everybody_and_keeps_nothing(office: Office) -> None:
    await scene(office, e5=1)
    seen = await preview(office, {**SWAP, "all": True})
    changes = [(one["user"]["displayName"], one["action"]) for one in seen["changes"]]
    assert sorted(changes) == [("ada", "grant"), ("ada", "revoke")]
    result = seen["result"]
    assert (result["total"], result["succeeded"], result["failed"]) == (2, 1, 1)
    assert [row["reason"] for row in result["rows"]] == [None, "noSeatLeft"]
    seats = {one["skuPartNumber"]: (one["freeBefore"], one["freeAfter"]) for one in seen["seats"]}
    assert seats == {"SPE_E3": (1, 2), "SPE_E5": (1, 0)}
    assert (await office.admin.get("/api/jobs")).json()["value"] == []
    assert await held(office, "ada") == {"SPE_E3": ["direct"]}


async def test_what_was_seen_is_applied_and_what_is_no_longer_so_is_not(office: Office) -> None:
    await scene(office, e5=2)
    body = {**SWAP, "all": True}
    seen = await preview(office, body)
    await add_people(office, "cleo")
    await give(office, "cleo", "SPE_E3")
    answer = await apply(office, body, seen["digest"])
    assert (answer.status_code, answer.json()["code"]) == (412, "worldMoved")
    seen = await preview(office, {**body})
    answer = await apply(office, body, seen["digest"])
    assert answer.status_code == 202, answer.text
    job = await worked(office, answer.json()["jobId"])
    assert (job["succeeded"], job["failed"]) == (2, 1)


async def test_the_preview_of_a_group_is_what_then_happens(office: Office) -> None:
    numbers = await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    await set_seats(office, "SPE_E5", 1)
    await license_group(office, await add_group(office, "Team", numbers), "SPE_E3")
    body = {**SWAP, "group": "Team"}
    result = (await preview(office, body))["result"]
    started = await office.admin.post(MOVES, json=body)
    job = await worked(office, started.json()["jobId"])
    assert [row["reason"] for row in job["rows"]] == [row["reason"] for row in result["rows"]]
    assert [row["message"] for row in job["rows"]] == [row["message"] for row in result["rows"]]
    assert (result["succeeded"], result["failed"]) == (1, 1)


async def test_the_service_plans_that_people_would_lose_are_listed_before(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    await give(office, "ada bob", "SPE_E3")
    await give(office, "bob", "SPE_E3", disabledServicePlans=["SWAY"])
    group = await add_group(office, "Team")
    await license_group(office, group, "SPE_E3", disabledServicePlans=["SWAY", "TEAMS1"])
    body = {"kind": "directToGroup", "sku": "SPE_E3", "group": "Team", "all": True}
    result = (await preview(office, body))["result"]
    surplus = {one["name"]: one["people"] for one in result["surplus"]}
    assert surplus == {"SWAY": 1, "TEAMS1": 2}
    assert [row["reason"] for row in result["rows"]] == ["surplusServicePlans"] * 2
    adding = (await preview(office, {**body, "surplus": "addToGroup"}))["result"]
    assert (adding["succeeded"], adding["surplus"]) == (2, [])
    given = (await office.admin.get(f"/api/identity/groups/{group}/licenses")).json()["value"]
    assert sorted(given[0]["disabledServicePlans"]) == ["SWAY", "TEAMS1"]
