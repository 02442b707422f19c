"""People, groups and members as files: in, out, in again; and what stops a dangerous one."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.tenants import NewTenant
from seatwright.domain.roles import Role
from tests.conftest import Database
from tests.office import Office, open_office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

Json = dict[str, Any]
USERS = "/api/identity/users"


async def send(office: Office, kind: str, text: str, **query: str) -> Json:
    answer = await office.admin.post(
        f"/api/imports/{kind}",
        content=text.encode(),
        params=query,
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def fetch(office: Office, kind: str) -> str:
    answer = await office.admin.get(f"/api/exports/{kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.text


def counts(result: Json) -> Json:
    names = ("total", "created", "updated", "renamed", "unchanged", "disabled", "removed")
    return {name: result[name] for name in names if result[name]} | (
        {"errors": result["errorCount"]} if result["errorCount"] else {}
    )


async def person(office: Office, upn: str) -> Json:
    answer = await office.admin.get(f"{USERS}/{upn}")
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def history(office: Office, upn: str) -> list[str]:
    answer = await office.admin.get(
        "/api/identity/licenses/assignment-history", params={"user": upn, "kind": "all"}
    )
    return [row["action"] for row in reversed(answer.json()["value"])]


PEOPLE = """External ID;User principal name;First name;Last name;Manager;Usage location;Shoe size
1;ada@contoso.example;Ada;Byron;boss@contoso.example;no;39
2;boss@contoso.example;Bo;Boss;;NO;44
"""


async def test_people_come_in_once_however_often_the_file_is_sent(office: Office) -> None:
    first = await send(office, "users", PEOPLE)
    assert counts(first) == {"total": 2, "created": 2}
    assert first["ignoredColumns"] == ["Shoe size"]
    ada = await person(office, "ada@contoso.example")
    assert (ada["displayName"], ada["usageLocation"]) == ("Ada Byron", "NO")
    assert ada["manager"]["userPrincipalName"] == "boss@contoso.example"
    assert counts(await send(office, "users", PEOPLE)) == {"total": 2, "unchanged": 2}
    found = await office.admin.get(USERS, params={"search": "byr"})
    assert len(found.json()["value"]) == 1
    assert await history(office, "ada@contoso.example") == ["userCreated"]


async def test_a_preview_counts_and_writes_nothing(office: Office) -> None:
    result = (await send(office, "users", PEOPLE, preview="true"))["result"]
    assert result["preview"] is True
    assert counts(result) == {"total": 2, "created": 2}
    assert (await office.admin.get(USERS)).json()["value"] == []
    everything = await office.admin.get(
        "/api/identity/licenses/assignment-history", params={"kind": "all"}
    )
    assert "imported" not in {row["action"] for row in everything.json()["value"]}


async def test_a_changed_upn_under_the_same_external_id_is_a_rename(office: Office) -> None:
    await send(office, "users", PEOPLE)
    before = await person(office, "ada@contoso.example")
    renamed = await send(
        office, "users", "externalId,upn,surname\n1,lovelace@contoso.example,Lovelace\n"
    )
    assert counts(renamed) == {"total": 1, "updated": 1, "renamed": 1}
    after = await person(office, "lovelace@contoso.example")
    assert after["id"] == before["id"]
    assert (after["givenName"], after["surname"]) == ("Ada", "Lovelace")
    assert after["manager"] == before["manager"]


async def test_two_people_can_swap_their_names(office: Office) -> None:
    await send(office, "users", PEOPLE)
    ada = await person(office, "ada@contoso.example")
    swapped = await send(
        office, "users", "externalId,upn\n1,boss@contoso.example\n2,ada@contoso.example\n"
    )
    assert counts(swapped) == {"total": 2, "updated": 2, "renamed": 2}
    assert (await person(office, "boss@contoso.example"))["id"] == ada["id"]


async def test_a_person_without_external_id_is_matched_by_upn_and_gets_it(
    office: Office,
) -> None:
    await office.admin.post(USERS, json={"userPrincipalName": "ADA@contoso.example"})
    await send(office, "users", PEOPLE)
    ada = await person(office, "ada@contoso.example")
    assert (ada["externalId"], ada["userPrincipalName"]) == ("1", "ada@contoso.example")


async def test_rows_that_do_not_fit_are_told_and_do_not_stop_the_others(office: Office) -> None:
    await send(office, "users", PEOPLE)
    text = (
        "externalId,upn,usageLocation,manager,enabled\n"
        "3,new@contoso.example,SE,nobody@contoso.example,yes\n"
        "4,no address,SE,,\n"
        "5,x@contoso.example,XX,,\n"
        "6,ada@contoso.example,SE,,\n"
        "7,y@contoso.example,SE,,maybe\n"
        "3,again@contoso.example,SE,,\n"
        "1,boss@contoso.example,SE,,\n"
    )
    result = await send(office, "users", text)
    assert counts(result) == {"total": 7, "created": 1, "errors": 6}
    assert [(error["row"], error["value"]) for error in result["errors"]] == [
        (3, "no address"),
        (4, "XX"),
        (5, "ada@contoso.example"),
        (6, "maybe"),
        (7, "again@contoso.example"),
        (8, "boss@contoso.example"),
    ]
    assert [(note["row"], note["value"]) for note in result["warnings"]] == [
        (2, "nobody@contoso.example")
    ]
    assert (await person(office, "new@contoso.example"))["manager"] is None


async def test_an_empty_cell_clears_and_a_missing_column_leaves(office: Office) -> None:
    await send(office, "users", "upn,department,jobTitle\na@contoso.example,Sales,Clerk\n")
    await send(office, "users", "upn,department,externalId\na@contoso.example,,\n")
    read = await person(office, "a@contoso.example")
    assert (read["department"], read["jobTitle"], read["accountEnabled"]) == (None, "Clerk", True)


async def test_an_export_is_imported_unchanged(office: Office) -> None:
    await send(office, "users", PEOPLE)
    await office.admin.post(
        USERS,
        json={
            "userPrincipalName": "odd@contoso.example",
            "displayName": "=cmd|' /C calc'!A0",
            "jobTitle": "'-tick",
            "companyName": 'Comma, "quote"',
            "lastSignInAt": "2026-11-01T08:00:00.123456Z",
            "accountEnabled": False,
            "userType": "Guest",
        },
    )
    text = await fetch(office, "users")
    assert "'=cmd" in text
    result = await send(office, "users", text)
    assert counts(result) == {"total": 3, "unchanged": 3}
    assert result["ignoredColumns"] == []
    assert await fetch(office, "users") == text


async def test_an_export_moves_the_people_to_another_tenant(
    office: Office, database: Database
) -> None:
    await send(office, "users", PEOPLE)
    text = await fetch(office, "users")
    other_tenant = NewTenant(name="Fabrikam", domain="fabrikam.example")
    async with open_office(database.app_url, other_tenant) as other:
        assert (await fetch(other, "users")).count("\n") == 1
        assert counts(await send(other, "users", text)) == {"total": 2, "created": 2}
        assert await fetch(other, "users") == text
        await send(other, "users", "upn\nonly@contoso.example\n", mode="replace")
    assert (await person(office, "ada@contoso.example"))["accountEnabled"] is True


async def test_replace_disables_whoever_is_missing(office: Office) -> None:
    await send(office, "users", PEOPLE)
    result = await send(
        office, "users", "externalId,upn\n1,renamed@contoso.example\n", mode="replace"
    )
    assert counts(result) == {"total": 1, "updated": 1, "renamed": 1, "disabled": 1}
    assert (await person(office, "boss@contoso.example"))["accountEnabled"] is False
    assert (await person(office, "renamed@contoso.example"))["accountEnabled"] is True
    assert (await history(office, "boss@contoso.example"))[-1] == "userDisabled"


async def test_an_import_that_would_disable_too_many_is_stopped(office: Office) -> None:
    rows = "".join(f"p{number}@contoso.example\n" for number in range(12))
    await send(office, "users", "upn\n" + rows)
    text = "upn\np0@contoso.example\n"
    answer = await office.admin.post(
        "/api/imports/users?mode=replace",
        content=text,
        headers={"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "importStopped")
    assert (answer.json()["disabled"], answer.json()["allowed"]) == (11, 10)
    assert (await person(office, "p5@contoso.example"))["accountEnabled"] is True
    seen = await send(office, "users", text, mode="replace", preview="true")
    assert seen["result"]["disabled"] == 11
    done = await send(office, "users", text, mode="replace", confirm="true")
    assert done["disabled"] == 11
    assert (await person(office, "p5@contoso.example"))["accountEnabled"] is False


async def test_a_file_that_disables_by_its_column_counts_too(office: Office) -> None:
    rows = "".join(f"p{number}@contoso.example,{{}}\n" for number in range(12))
    await send(office, "users", "upn,enabled\n" + rows.replace("{}", "true"))
    answer = await office.admin.post(
        "/api/imports/users",
        content="upn,enabled\n" + rows.replace("{}", "false"),
        headers={"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "importStopped")


async def test_a_form_with_the_file_works_as_well(office: Office) -> None:
    answer = await office.admin.post(
        "/api/imports/users", files={"file": ("people.csv", PEOPLE.encode("utf-16"))}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == 2


@pytest.mark.parametrize(
    ("headers", "content", "query"),
    [
        ({"content-type": "application/json"}, b"{}", {}),
        ({"content-type": "text/csv"}, b"", {}),
        ({"content-type": "text/csv"}, b"name\nx\n", {}),
        ({"content-type": "text/csv"}, b"upn\nx@y.example\n", {"mode": "wipe"}),
    ],
)
async def test_what_is_no_import_is_refused(
    office: Office, headers: dict[str, str], content: bytes, query: dict[str, str]
) -> None:
    answer = await office.admin.post(
        "/api/imports/users", content=content, headers=headers, params=query
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


async def test_groups_come_in_and_go_out(office: Office) -> None:
    text = "externalId,name,kind,description\ng1,Team,,First\n,Club,microsoft365,\n"
    assert counts(await send(office, "groups", text)) == {"total": 2, "created": 2}
    assert counts(await send(office, "groups", text)) == {"total": 2, "unchanged": 2}
    out = await fetch(office, "groups")
    assert counts(await send(office, "groups", out)) == {"total": 2, "unchanged": 2}
    result = await send(
        office,
        "groups",
        "externalId,name,kind\ng1,Renamed,\n,Club,security\n,Club,\ng2,,\n",
    )
    assert counts(result) == {"total": 4, "updated": 1, "errors": 3}
    listed = (await office.admin.get("/api/identity/groups")).json()["value"]
    assert [row["displayName"] for row in listed] == ["Club", "Renamed"]


async def test_members_come_in_with_their_licenses(office: Office) -> None:
    ada, bob = await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 5)
    group = await add_group(office, "Team", [bob])
    inner = await add_group(office, "Inner", [ada])
    await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    text = f"group,user,memberGroup\nTEAM,ada@contoso.example,\nTeam,,{inner}\n"
    seen = await send(office, "members", text, preview="true")
    assert counts(seen["result"]) == {"total": 2, "created": 2}
    assert [one["user"]["displayName"] for one in seen["changes"]] == ["ada"]
    assert counts(await send(office, "members", text)) == {"total": 2, "created": 2}
    assert counts(await send(office, "members", text)) == {"total": 2, "unchanged": 2}
    held = (await office.admin.get(f"{USERS}/ada@contoso.example/licenses")).json()["value"]
    assert [one["skuPartNumber"] for one in held] == ["SPE_E3"]
    out = await fetch(office, "members")
    assert counts(await send(office, "members", out)) == {"total": 4, "unchanged": 4}
    assert await fetch(office, "members") == out
    assert await counts_agree(office)


async def test_replacing_members_takes_out_who_is_missing_where_every_row_is_known(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd")
    await set_seats(office, "SPE_E3", 5)
    team = await add_group(office, "Team", people)
    await add_group(office, "Club", people)
    await add_group(office, "Untouched", people)
    await office.admin.post(
        f"/api/identity/groups/{team}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    text = "group,user\nTeam,ada@contoso.example\nClub,adda@contoso.example\n"
    result = await send(office, "members", text, mode="replace")
    assert counts(result) == {"total": 2, "unchanged": 1, "removed": 2, "errors": 1}
    assert [note["value"] for note in result["warnings"]] == ["Club"]
    rows = (await office.admin.get("/api/identity/groups")).json()["value"]
    assert {row["displayName"]: row["memberCount"] for row in rows} == {
        "Team": 1,
        "Club": 3,
        "Untouched": 3,
    }
    held = (await office.admin.get(f"{USERS}/bob@contoso.example/licenses")).json()["value"]
    assert held == []
    assert (await history(office, "bob@contoso.example"))[-2:] == ["memberRemoved", "revoked"]


async def test_removing_too_many_members_is_stopped(office: Office) -> None:
    people = await add_people(office, *(f"p{number}" for number in range(12)))
    await add_group(office, "Team", people)
    answer = await office.admin.post(
        "/api/imports/members?mode=replace",
        content="group,user\nTeam,p0@contoso.example\n",
        headers={"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "importStopped")
    assert answer.json()["removed"] == 11


async def test_only_the_right_roles_import(office: Office) -> None:
    reader = await office.as_role(Role.GLOBAL_READER)
    groups = await office.as_role(Role.GROUPS_ADMINISTRATOR)
    headers = {"content-type": "text/csv"}
    for client, kind, status in (
        (reader, "users", 403),
        (groups, "users", 403),
        (groups, "groups", 200),
    ):
        text = "upn,name\na@contoso.example,G\n"
        answer = await client.post(f"/api/imports/{kind}", content=text, headers=headers)
        assert answer.status_code == status, answer.text


@pytest.mark.slow
async def test_a_hundred_thousand_people_with_five_groups_each_come_in(office: Office) -> None:
    people, groups = 100_000, 50
    header = "externalId,upn,givenName,surname,department,usageLocation,manager\n"
    rows = [
        f"{n},p{n}@contoso.example,Given{n % 977},Sur{n % 7919},D{n % 40},NO,"
        f"p{n // 100}@contoso.example\n"
        for n in range(1, people + 1)
    ]
    first = await send(office, "users", header + "".join(rows))
    assert first["created"] == people
    again = await send(office, "users", header + "".join(rows))
    assert (again["unchanged"], again["warningCount"]) == (people, 99)
    names = "".join(f"G{n}\n" for n in range(groups))
    await send(office, "groups", "name\n" + names)
    members = [
        f"G{(n + k * 7) % groups},p{n}@contoso.example\n"
        for n in range(1, people + 1)
        for k in range(5)
    ]
    joined = await send(office, "members", "group,user\n" + "".join(members))
    assert joined["created"] == people * 5
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*) from membership")
        assert await cursor.fetchone() == (people * 5,)
