"""People over the API: created, found, changed, deleted, restored, purged and forgotten."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.app.tenants import NewTenant
from seatwright.domain.roles import Role
from seatwright.postgres import user_search
from tests.conftest import Database
from tests.office import Office, open_office

Json = dict[str, Any]


async def create(office: Office, upn: str = "ada@contoso.example", **fields: Any) -> Json:
    answer = await office.admin.post(
        "/api/identity/users", json={"userPrincipalName": upn, **fields}
    )
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body


async def names(client: httpx.AsyncClient, **query: str) -> list[str]:
    answer = await client.get("/api/identity/users", params=query)
    assert answer.status_code == 200, answer.text
    return [row["displayName"] for row in answer.json()["value"]]


async def test_a_person_has_every_field_that_was_given(office: Office) -> None:
    boss = await create(office, "boss@contoso.example", displayName="The Boss")
    made = await create(
        office,
        "Ada.Byron@Contoso.example",
        givenName="Ada",
        surname="Byron",
        mail="ada@mail.example",
        jobTitle="Analyst",
        department="Engines",
        companyName="Contoso",
        costCenter="100",
        employeeId="7",
        externalId="hr-7",
        usageLocation="gb",
        userType="guest",
        accountEnabled=False,
        manager="BOSS@contoso.example",
        lastSignInAt="2026-11-01T08:00:00+01:00",
    )
    read = (await office.admin.get("/api/identity/users/ADA.byron@contoso.example")).json()
    assert read == {key: made[key] for key in read}
    assert read["displayName"] == "Ada Byron"
    assert read["usageLocation"] == "GB"
    assert read["userType"] == "Guest"
    assert read["manager"]["id"] == boss["id"]
    assert read["lastSignInAt"] == "2026-11-01T07:00:00Z"
    by_id = await office.admin.get(f"/api/identity/users/{read['id'].upper()}")
    assert by_id.json() == read


@pytest.mark.parametrize(
    "fields",
    [
        {"userPrincipalName": "no address"},
        {"userPrincipalName": "a/b@contoso.example"},
        {"userPrincipalName": "a\u0000b@contoso.example"},
        {"usageLocation": "XX"},
        {"displayName": "x" * 257},
        {"displayName": "two\nlines"},
        {"userType": "Robot"},
        {"lastSignInAt": "yesterday"},
        {"lastSignInAt": "0001-01-01T00:00:00+14:00"},
        {"mail": "nobody"},
    ],
)
async def test_a_value_that_does_not_fit_is_named(office: Office, fields: Json) -> None:
    body = {"userPrincipalName": "a@contoso.example", **fields}
    refused = await office.admin.post("/api/identity/users", json=body)
    assert refused.status_code == 400, refused.text
    assert refused.json()["code"] == "invalidValue"
    assert next(iter(fields)) in refused.json()["detail"]
    assert (await office.admin.get("/api/identity/users")).json()["value"] == []


async def test_a_second_account_under_one_name_is_refused(office: Office) -> None:
    await create(office, "ada@contoso.example", externalId="7")
    for body in (
        {"userPrincipalName": "ADA@contoso.example"},
        {"userPrincipalName": "other@contoso.example", "externalId": "7"},
    ):
        refused = await office.admin.post("/api/identity/users", json=body)
        assert refused.status_code == 409
        assert refused.json()["code"] == "addressNotUnique"


async def test_people_are_found_by_the_beginnings_of_their_names_and_addresses(
    office: Office,
) -> None:
    await create(office, "ada@contoso.example", displayName="Ada Lovelace", mail="count@x.example")
    await create(office, "aase@contoso.example", displayName="Åse Løvland", department="Sales")
    await create(office, "bob@contoso.example", displayName="Bob", accountEnabled=False)
    assert await names(office.admin, search="lov") == ["Ada Lovelace"]
    assert await names(office.admin, search="LOVE ad") == ["Ada Lovelace"]
    assert await names(office.admin, search="ase") == ["Åse Løvland"]
    assert await names(office.admin, search="count@x") == ["Ada Lovelace"]
    assert await names(office.admin, search="bob@contoso.example") == ["Bob"]
    assert await names(office.admin, search="contoso") == []
    assert await names(office.admin, department="sales") == ["Åse Løvland"]
    assert await names(office.admin, enabled="false") == ["Bob"]
    assert await names(office.admin, userType="guest") == []
    assert len(await names(office.admin)) == 3


async def test_words_of_many_and_words_of_few_find_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("Zoe Adams", "Ada Berg", "Adam Zimmer", "Bea Adler", "Cyd")):
        await create(office, f"user{number}@contoso.example", displayName=name)
    for few, most, many, first in ((20, 50, 100, 9), (3, 4, 5, 9), (0, 3, 4, 0), (0, 0, 0, 1)):
        monkeypatch.setattr(user_search, "FEW_NAMED", few)
        monkeypatch.setattr(user_search, "SORTED_NAMED", most)
        monkeypatch.setattr(user_search, "MANY_NAMED", many)
        monkeypatch.setattr(user_search, "ASKED", first)
        assert await names(office.admin, search="ad") == [
            "Ada Berg",
            "Adam Zimmer",
            "Bea Adler",
            "Zoe Adams",
        ]
        assert await names(office.admin, search="ada z") == ["Adam Zimmer", "Zoe Adams"]
        assert await names(office.admin, search="ad be user1") == ["Ada Berg"]
        assert await names(office.admin, search="user", limit="2") == ["Ada Berg", "Adam Zimmer"]


async def test_pages_show_everybody_once(office: Office) -> None:
    for number in range(7):
        await create(office, f"p{number}@contoso.example", displayName=f"P{number % 2}")
    seen: list[str] = []
    query: Json = {"limit": 3}
    while True:
        page = (await office.admin.get("/api/identity/users", params=query)).json()
        seen += [row["id"] for row in page["value"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert len(seen) == len(set(seen)) == 7


async def test_null_clears_and_what_is_left_out_stays(office: Office) -> None:
    made = await create(office, department="Sales", jobTitle="Clerk")
    path = f"/api/identity/users/{made['id']}"
    changed = (await office.admin.patch(path, json={"jobTitle": None})).json()
    assert (changed["jobTitle"], changed["department"]) == (None, "Sales")
    refused = await office.admin.patch(path, json={"displayName": " "})
    assert refused.status_code == 400
    unknown = await office.admin.patch(path, json={"shoeSize": 39})
    assert unknown.status_code == 400


async def test_a_renamed_person_is_found_under_the_new_name_only(office: Office) -> None:
    made = await create(office, displayName="Ada Byron")
    path = f"/api/identity/users/{made['id']}"
    body = {"displayName": "Ada Lovelace", "userPrincipalName": "lovelace@contoso.example"}
    assert (await office.admin.patch(path, json=body)).status_code == 200
    assert await names(office.admin, search="byron") == []
    assert await names(office.admin, search="lovelace") == ["Ada Lovelace"]
    gone = await office.admin.get("/api/identity/users/ada@contoso.example")
    assert gone.status_code == 404


async def test_managers_may_stand_in_a_circle_but_nobody_is_their_own(office: Office) -> None:
    await create(office, "a@contoso.example")
    await create(office, "b@contoso.example", manager="a@contoso.example")
    path = "/api/identity/users/a@contoso.example"
    circle = await office.admin.patch(path, json={"manager": "b@contoso.example"})
    assert circle.json()["manager"]["userPrincipalName"] == "b@contoso.example"
    own = await office.admin.patch(path, json={"manager": "a@contoso.example"})
    assert own.status_code == 400
    nobody = await office.admin.patch(path, json={"manager": "c@contoso.example"})
    assert (nobody.status_code, nobody.json()["code"]) == (400, "unknownUser")


async def test_a_license_administrator_changes_the_usage_location_and_nothing_else(
    office: Office,
) -> None:
    await create(office)
    client = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    path = "/api/identity/users/ada@contoso.example"
    assert (await client.patch(path, json={"usageLocation": "NO"})).status_code == 200
    refused = await client.patch(path, json={"usageLocation": "SE", "department": "Sales"})
    assert refused.status_code == 403
    assert "user-administrator" in refused.json()["rolesNeeded"]
    read = (await office.admin.get(path)).json()
    assert (read["usageLocation"], read["department"]) == ("NO", None)


async def test_the_wall_between_tenants_holds_for_people(
    office: Office, database: Database
) -> None:
    made = await create(office)
    other_tenant = NewTenant(name="Fabrikam", domain="fabrikam.example")
    async with open_office(database.app_url, other_tenant) as other:
        assert await names(other.admin) == []
        for text in ("ada@contoso.example", made["id"]):
            unseen = await other.admin.get(f"/api/identity/users/{text}")
            assert unseen.status_code == 404
            assert (await other.admin.delete(f"/api/identity/users/{text}")).status_code == 404
        await create(other, displayName="Other Ada")
        assert await names(other.admin, search="ada") == ["Other Ada"]
    assert await names(office.admin) == ["ada"]
