"""A past to look back on: who held Microsoft 365 E3 at which hour of one day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.office import Office
from tests.world import set_seats

Json = dict[str, Any]
USERS = "/api/identity/users"
HOLDERS = "/api/identity/licenses/SPE_E3/holders"
NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def at(**after: float) -> str:
    """A moment after nine o'clock on the first day."""
    return (NINE + timedelta(**after)).isoformat()


async def add_person(office: Office, name: str) -> str:
    answer = await office.admin.post(
        USERS,
        json={
            "userPrincipalName": f"{name}@contoso.example",
            "displayName": name.title(),
            "usageLocation": "NO",
        },
    )
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def assign(office: Office, user: str, *off: str) -> None:
    answer = await office.admin.post(
        f"{USERS}/{user}/licenses",
        json={"skuPartNumber": "SPE_E3", "disabledServicePlans": list(off)},
    )
    assert answer.status_code in {200, 201}, answer.text


async def change(office: Office, user: str, *off: str) -> None:
    answer = await office.admin.patch(
        f"{USERS}/{user}/licenses/SPE_E3", json={"disabledServicePlans": list(off)}
    )
    assert answer.status_code == 200, answer.text


async def unassign(office: Office, user: str) -> None:
    answer = await office.admin.delete(f"{USERS}/{user}/licenses/SPE_E3")
    assert answer.status_code == 204, answer.text


async def ask(office: Office, **query: str | int) -> Json:
    answer = await office.admin.get(HOLDERS, params=query)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def names(office: Office, moment: str) -> list[str]:
    """Who held the product, by given name; a count that differs from the rows would fail."""
    body = await ask(office, at=moment, count="true")
    assert body["count"] == len(body["value"])
    return [row["user"]["displayName"] for row in body["value"]]


async def group_with_license(office: Office, *members: str) -> str:
    """A group of these people that gives them the product."""
    made = await office.admin.post("/api/identity/groups", json={"displayName": "Sales"})
    group: str = made.json()["id"]
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": list(members)}
    )
    assert answer.status_code < 300, answer.text
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert answer.status_code < 300, answer.text
    return group


async def lay_past(office: Office) -> None:
    """Ada holds from nine on, Bob from ten to twelve, Cleo from eleven, changed at one."""
    await set_seats(office, "SPE_E3", 10)
    for name in ("ada", "bob", "cleo"):
        await add_person(office, name)
    await assign(office, "ada@contoso.example")
    office.clock.move(hours=1)
    await assign(office, "bob@contoso.example", "TEAMS1")
    office.clock.move(hours=1)
    await assign(office, "cleo@contoso.example")
    office.clock.move(hours=1)
    await unassign(office, "bob@contoso.example")
    office.clock.move(hours=1)
    await change(office, "cleo@contoso.example", "TEAMS1")
    office.clock.move(hours=1)
