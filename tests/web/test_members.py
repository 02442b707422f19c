"""Joining and leaving groups, groups inside groups, and the licenses that follow."""

from __future__ import annotations

from typing import Any

from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats

Json = dict[str, Any]
GROUPS = "/api/identity/groups"


async def held(office: Office, name: str) -> list[str]:
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example/licenses")
    return [one["skuPartNumber"] for one in answer.json()["value"] if one["state"] == "Active"]


async def give(office: Office, group: str, sku: str = "SPE_E3") -> None:
    answer = await office.admin.post(f"{GROUPS}/{group}/licenses", json={"skuPartNumber": sku})
    assert answer.status_code == 202, answer.text


async def join(office: Office, group: str, **members: list[str]) -> Json:
    answer = await office.admin.post(f"{GROUPS}/{group}/members", json=members)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def members(office: Office, group: str, **query: str) -> list[tuple[str, str]]:
    answer = await office.admin.get(f"{GROUPS}/{group}/members", params=query)
    assert answer.status_code == 200, answer.text
    return [(row["type"], row["displayName"]) for row in answer.json()["value"]]


async def history(office: Office, name: str) -> list[tuple[str, str | None]]:
    answer = await office.admin.get(
        "/api/identity/licenses/assignment-history",
        params={"user": f"{name}@contoso.example", "kind": "all"},
    )
    return [(row["action"], row["reason"]) for row in reversed(answer.json()["value"])]


async def test_a_license_comes_with_joining_and_goes_with_leaving(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    group = await add_group(office, "G")
    await give(office, group)
    joined = await join(office, group, users=["ADA@contoso.example"])
    assert joined == {"added": ["ADA@contoso.example"], "alreadyMembers": []}
    assert await held(office, "ada") == ["SPE_E3"]
    path = f"{GROUPS}/{group}/members/ada@contoso.example"
    assert (await office.admin.delete(path)).status_code == 204
    assert await held(office, "ada") == []
    assert await history(office, "ada") == [
        ("memberAdded", None),
        ("granted", "groupJoined"),
        ("memberRemoved", None),
        ("revoked", "groupLeft"),
    ]
    again = await office.admin.delete(path)
    assert (again.status_code, again.json()["code"]) == (404, "notAssigned")
    assert await counts_agree(office)


async def test_joining_twice_is_no_error_and_is_said(office: Office) -> None:
    await add_people(office, "ada", "bob")
    group = await add_group(office, "G")
    await join(office, group, users=["ada@contoso.example"])
    joined = await join(office, group, users=["ada@contoso.example", "bob@contoso.example"])
    assert joined == {"added": ["bob@contoso.example"], "alreadyMembers": ["ada@contoso.example"]}
    assert await members(office, group) == [("user", "ada"), ("user", "bob")]


async def test_nobody_joins_when_one_is_unknown(office: Office) -> None:
    await add_people(office, "ada")
    group = await add_group(office, "G")
    body = {"users": ["ada@contoso.example", "nobody@contoso.example"]}
    refused = await office.admin.post(f"{GROUPS}/{group}/members", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknownUser")
    assert refused.json()["unknown"] == ["nobody@contoso.example"]
    assert await members(office, group) == []


async def test_licenses_follow_through_groups_inside_groups(office: Office) -> None:
    ada, bob = await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 5)
    inner = await add_group(office, "Inner", [ada])
    middle = await add_group(office, "Middle")
    outer = await add_group(office, "Outer", [bob])
    await give(office, outer)
    await join(office, middle, groups=[inner])
    assert await held(office, "ada") == []
    await join(office, outer, groups=["Middle"])
    assert await held(office, "ada") == ["SPE_E3"]
    row = (await office.admin.get(f"{GROUPS}/{outer}")).json()
    assert row["memberCount"] == 2
    assert await members(office, outer) == [("group", "Middle"), ("user", "bob")]
    assert await members(office, outer, transitive="true") == [
        ("group", "Inner"),
        ("group", "Middle"),
        ("user", "ada"),
        ("user", "bob"),
    ]
    left = await office.admin.delete(f"{GROUPS}/{outer}/members/{middle}")
    assert left.status_code == 204
    assert await held(office, "ada") == []
    assert await counts_agree(office)


async def test_deleting_a_group_takes_what_came_through_it(office: Office) -> None:
    (ada,) = await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 5)
    inner = await add_group(office, "Inner", [ada])
    outer = await add_group(office, "Outer")
    await join(office, outer, groups=[inner])
    await give(office, outer)
    assert await held(office, "ada") == ["SPE_E3"]
    assert (await office.admin.delete(f"{GROUPS}/{inner}")).status_code == 204
    assert await held(office, "ada") == []
    assert (await history(office, "ada"))[-1] == ("revoked", "groupLeft")
    assert await counts_agree(office)


async def test_groups_do_not_stand_in_a_circle(office: Office) -> None:
    first = await add_group(office, "First")
    second = await add_group(office, "Second")
    await join(office, first, groups=[second])
    for group, member in ((second, first), (first, first)):
        refused = await office.admin.post(f"{GROUPS}/{group}/members", json={"groups": [member]})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
        assert "circle" in refused.json()["detail"]


async def test_members_come_in_pages(office: Office) -> None:
    people = await add_people(office, *(f"p{number}" for number in range(5)))
    group = await add_group(office, "G", people)
    path = f"{GROUPS}/{group}/members"
    first = (await office.admin.get(path, params={"limit": 3})).json()
    rest = await office.admin.get(path, params={"limit": 3, "cursor": first["nextCursor"]})
    found = [row["displayName"] for row in (*first["value"], *rest.json()["value"])]
    assert found == [f"p{number}" for number in range(5)]


async def test_many_who_join_a_licensed_group_are_a_job(office: Office) -> None:
    await add_people(office, *(f"p{number}" for number in range(501)))
    group = await add_group(office, "G")
    await give(office, group)
    users = [f"p{number}@contoso.example" for number in range(501)]
    await join(office, group, users=users)
    row = (await office.admin.get(f"{GROUPS}/{group}")).json()
    assert (row["memberCount"], row["status"]) == (501, "Processing")
