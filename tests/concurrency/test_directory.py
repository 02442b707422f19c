"""Callers who change the directory at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats

USERS = "/api/identity/users"
GROUPS = "/api/identity/groups"


async def statuses(calls: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in await asyncio.gather(*calls))


async def test_one_of_many_gets_the_name(office: Office) -> None:
    body = {"userPrincipalName": "ada@contoso.example"}
    calls = [office.admin.post(USERS, json=body) for _ in range(8)]
    assert await statuses(calls) == [201, *[409] * 7]
    assert len((await office.admin.get(USERS)).json()["value"]) == 1


async def test_two_calls_do_not_close_a_circle_of_groups(office: Office) -> None:
    first, second = await add_group(office, "First"), await add_group(office, "Second")
    calls = [
        office.admin.post(f"{GROUPS}/{group}/members", json={"groups": [member]})
        for group, member in ((first, second), (second, first))
    ]
    assert await statuses(calls) == [200, 400]


async def test_a_person_is_deleted_and_restored_once(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    await add_people(office, "ada")
    path = f"{USERS}/ada@contoso.example"
    given = await office.admin.post(f"{path}/licenses", json={"skuPartNumber": "SPE_E3"})
    assert given.status_code == 201
    assert await statuses([office.admin.delete(path) for _ in range(4)]) == [204, 404, 404, 404]
    calls = [office.admin.post(f"{path}/restore") for _ in range(4)]
    assert await statuses(calls) == [200, 400, 400, 400]
    assert await counts_agree(office)
    held = (await office.admin.get(f"{path}/licenses")).json()["value"]
    assert [one["state"] for one in held] == ["Active"]


async def test_who_joins_and_leaves_at_once_is_licensed_as_a_member_or_not_at_all(
    office: Office,
) -> None:
    names = [f"p{number}" for number in range(10)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 100)
    group = await add_group(office, "Team")
    path = f"{GROUPS}/{group}/members"
    await office.admin.post(f"{GROUPS}/{group}/licenses", json={"skuPartNumber": "SPE_E3"})
    calls = [office.admin.post(path, json={"users": [f"{name}@contoso.example"]}) for name in names]
    calls += [office.admin.delete(f"{path}/{name}@contoso.example") for name in names]
    assert set(await statuses(calls)) <= {200, 204, 404}
    members = {row["displayName"] for row in (await office.admin.get(path)).json()["value"]}
    for name in names:
        held = await office.admin.get(f"{USERS}/{name}@contoso.example/licenses")
        assert bool(held.json()["value"]) == (name in members)
    assert await counts_agree(office)
