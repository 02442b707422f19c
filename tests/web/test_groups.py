"""Groups over the API: the table of source 004, search, and what a licensed one forbids."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.tenants import NewTenant
from seatwright.domain.roles import Role
from tests.conftest import Database
from tests.office import Office, open_office
from tests.world import add_people, set_seats

Json = dict[str, Any]
GROUPS = "/api/identity/groups"


async def create(office: Office, name: str, **fields: Any) -> Json:
    answer = await office.admin.post(GROUPS, json={"displayName": name, **fields})
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body


async def names(office: Office, **query: str) -> list[str]:
    answer = await office.admin.get(GROUPS, params=query)
    assert answer.status_code == 200, answer.text
    return [row["displayName"] for row in answer.json()["value"]]


async def give(office: Office, group: Json, sku: str) -> None:
    answer = await office.admin.post(
        f"{GROUPS}/{group['id']}/licenses", json={"skuPartNumber": sku}
    )
    assert answer.status_code == 202, answer.text


async def test_the_table_shows_licenses_members_and_errors(office: Office) -> None:
    await add_people(office, "a", "b", "c")
    await set_seats(office, "SPE_E5", 1)
    team = await create(office, "Executive Team")
    empty = await create(office, "Contractors")
    users = [f"{name}@contoso.example" for name in "abc"]
    await office.admin.post(f"{GROUPS}/{team['id']}/members", json={"users": users})
    await give(office, team, "SPE_E5")
    rows = (await office.admin.get(GROUPS)).json()["value"]
    assert rows == [
        {
            "id": empty["id"],
            "displayName": "Contractors",
            "licenses": [],
            "memberCount": 0,
            "errorCount": 0,
            "status": "Active",
        },
        {
            "id": team["id"],
            "displayName": "Executive Team",
            "licenses": [
                {
                    "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
                    "skuPartNumber": "SPE_E5",
                    "displayName": rows[1]["licenses"][0]["displayName"],
                }
            ],
            "memberCount": 3,
            "errorCount": 2,
            "status": "2 Errors",
        },
    ]
    await office.admin.delete("/api/identity/users/c@contoso.example")
    again = (await office.admin.get(f"{GROUPS}/{team['id']}")).json()
    assert (again["memberCount"], again["errorCount"], again["status"]) == (2, 1, "1 Error")


async def test_groups_are_found_by_the_words_of_their_names(office: Office) -> None:
    await create(office, "Executive Team")
    licensed = await create(office, "All Employees")
    await give(office, licensed, "SPE_E3")
    assert await names(office, search="tea") == ["Executive Team"]
    assert await names(office, search="EMP all") == ["All Employees"]
    assert await names(office, search="mployees") == []
    assert await names(office, licensed="true") == ["All Employees"]
    assert await names(office, licensed="false") == ["Executive Team"]


async def test_pages_of_groups_show_each_once(office: Office) -> None:
    for number in range(5):
        await create(office, f"Group {number % 2}")
    first = (await office.admin.get(GROUPS, params={"limit": 3})).json()
    rest = await office.admin.get(GROUPS, params={"limit": 3, "cursor": first["nextCursor"]})
    ids = [row["id"] for row in (*first["value"], *rest.json()["value"])]
    assert len(set(ids)) == len(ids) == 5
    assert rest.json()["nextCursor"] is None


async def test_a_licensed_group_is_not_deleted(office: Office) -> None:
    group = await create(office, "G")
    await give(office, group, "SPE_E3")
    path = f"{GROUPS}/{group['id']}"
    refused = await office.admin.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "groupHasLicenses")
    await office.admin.delete(f"{path}/licenses/SPE_E3")
    assert (await office.admin.delete(path)).status_code == 204
    gone = await office.admin.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknownGroup")
    assert await names(office) == []


async def test_a_microsoft_365_group_is_licensed_only_while_it_is_security_enabled(
    office: Office,
) -> None:
    group = await create(office, "Project", kind="microsoft365")
    assert group["securityEnabled"] is False
    path = f"{GROUPS}/{group['id']}"
    refused = await office.admin.post(f"{path}/licenses", json={"skuPartNumber": "SPE_E3"})
    assert refused.status_code == 400
    changed = await office.admin.patch(path, json={"securityEnabled": True, "description": "x"})
    assert changed.json()["securityEnabled"] is True
    await give(office, group, "SPE_E3")
    kept = await office.admin.patch(path, json={"securityEnabled": False})
    assert (kept.status_code, kept.json()["code"]) == (409, "groupHasLicenses")


@pytest.mark.parametrize(
    "fields",
    [
        {"displayName": " "},
        {"kind": "team"},
        {"securityEnabled": False},
        {"description": "x" * 1025},
        {"shoeSize": 1},
    ],
)
async def test_what_does_not_fit_a_group_is_refused(office: Office, fields: Json) -> None:
    refused = await office.admin.post(GROUPS, json={"displayName": "G", **fields})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")


async def test_several_groups_may_have_one_name_but_not_one_external_id(office: Office) -> None:
    group = await create(office, "G", externalId="x")
    await create(office, "G")
    refused = await office.admin.post(GROUPS, json={"displayName": "H", "externalId": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "addressNotUnique")
    by_name = await office.admin.get(f"{GROUPS}/G")
    assert by_name.status_code == 404
    renamed = await office.admin.patch(
        f"{GROUPS}/{group['id']}", json={"displayName": "Renamed", "externalId": None}
    )
    assert (renamed.json()["displayName"], renamed.json()["externalId"]) == ("Renamed", None)
    assert await names(office, search="ren") == ["Renamed"]
    kind = await office.admin.patch(f"{GROUPS}/{group['id']}", json={"kind": "microsoft365"})
    assert kind.status_code == 400


async def test_readers_read_groups_and_change_none(office: Office) -> None:
    group = await create(office, "G")
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.get(f"{GROUPS}/{group['id']}")).status_code == 200
    assert (await reader.delete(f"{GROUPS}/{group['id']}")).status_code == 403


async def test_the_wall_between_tenants_holds_for_groups(
    office: Office, database: Database
) -> None:
    group = await create(office, "G")
    other_tenant = NewTenant(name="Fabrikam", domain="fabrikam.example")
    async with open_office(database.app_url, other_tenant) as other:
        assert await names(other) == []
        for path in (f"{GROUPS}/{group['id']}", f"{GROUPS}/{group['id']}/members"):
            assert (await other.admin.get(path)).status_code == 404
        assert (await other.admin.delete(f"{GROUPS}/{group['id']}")).status_code == 404
