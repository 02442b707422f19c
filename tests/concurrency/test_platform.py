"""Two administrators of the platform at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.office import Office
from tests.power_platform import get, person, post, role_named

URL = "/api/platform"


async def statuses(*calls: Any) -> list[int]:
    return sorted(answer.status_code for answer in await asyncio.gather(*calls))


async def test_one_of_many_gets_the_name_of_an_environment(office: Office) -> None:
    body = {"displayName": "Sales"}
    calls = [office.admin.post(f"{URL}/environments", json=body) for _ in range(6)]
    assert await statuses(*calls) == [201, *[400] * 5]
    roles = await get(office.admin, "platform/security-roles?environment=Sales")
    assert len(roles["value"]) == 4


async def test_one_file_sent_twice_at_once_makes_each_app_once(office: Office) -> None:
    text = "Name,Shared with\n" + "".join(f"App {number},everyone\n" for number in range(50))
    calls = [
        office.admin.post(
            "/api/imports/apps", content=text.encode(), headers={"content-type": "text/csv"}
        )
        for _ in range(4)
    ]
    answers = [answer.json() for answer in await asyncio.gather(*calls)]
    assert sorted(answer["created"] for answer in answers) == [0, 0, 0, 50]
    assert len((await get(office.admin, "platform/apps"))["value"]) == 50


async def test_changes_of_one_app_are_all_kept(office: Office) -> None:
    await post(office.admin, "platform/apps", displayName="Visits")
    await asyncio.gather(
        office.admin.patch(f"{URL}/apps/Visits", json={"premium": True}),
        office.admin.patch(f"{URL}/apps/Visits", json={"externalId": "v-1"}),
        office.admin.patch(f"{URL}/apps/Visits", json={"clientVersionMin": "2.1"}),
    )
    found = await get(office.admin, "platform/apps/Visits")
    assert (found["premium"], found["externalId"], found["clientVersionMin"]) == (
        True,
        "v-1",
        "2.1",
    )


@pytest.mark.parametrize("turn", range(4))
async def test_an_environment_goes_or_takes_the_app_never_half(office: Office, turn: int) -> None:
    await post(office.admin, "platform/environments", displayName="Sales")
    add = office.admin.post(f"{URL}/apps", json={"displayName": "Visits", "environment": "Sales"})
    drop = office.admin.delete(f"{URL}/environments/Sales")
    calls = (add, drop) if turn % 2 else (drop, add)
    found = await statuses(*calls)
    # Either the app is in time and the environment stays, or the environment is gone before it.
    assert found in ([201, 409], [204, 400], [204, 404]), found


async def test_an_app_goes_or_is_shared_never_half(office: Office) -> None:
    upn = await person(office, "ada")
    await post(office.admin, "platform/apps", displayName="Visits")
    share = office.admin.post(f"{URL}/apps/Visits/shares", json={"users": [upn]})
    found = await statuses(office.admin.delete(f"{URL}/apps/Visits"), share)
    assert found in ([200, 204], [204, 404]), found


async def test_a_role_goes_or_is_given_never_half(office: Office) -> None:
    upn = await person(office, "ada")
    await post(office.admin, "platform/environments", displayName="Sales")
    made = await post(
        office.admin, "platform/security-roles", environment="Sales", displayName="Clerk"
    )
    path = f"{URL}/security-roles/{made['id']}"
    give = office.admin.post(f"{path}/holders", json={"users": [upn]})
    found = await statuses(office.admin.delete(path), give)
    assert found in ([200, 204], [204, 404]), found


async def test_a_role_is_given_to_one_person_once(office: Office) -> None:
    upn = await person(office, "ada")
    await post(office.admin, "platform/environments", displayName="Sales")
    basic = await role_named(office, "Basic User", "Sales")
    path = f"{URL}/security-roles/{basic}/holders"
    answers = await asyncio.gather(
        *(office.admin.post(path, json={"users": [upn]}) for _ in range(6))
    )
    assert sorted(answer.json()["added"] for answer in answers) == [0, 0, 0, 0, 0, 1]
    history = await get(office.admin, f"identity/licenses/assignment-history?kind=all&user={upn}")
    actions = [row["action"] for row in history["value"]]
    assert actions.count("securityRoleAssigned") == 1
