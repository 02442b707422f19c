"""Importing what people hold today: adopted as theirs, counted even beyond the seats."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamic import work_off
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

HOLDINGS = "/api/imports/holdings"


async def send(office: Office, *rows: str, header: str = "UserPrincipalName,SkuId") -> Any:
    answer = await office.admin.post(
        HOLDINGS,
        content="\n".join((header, *rows)).encode(),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def held(office: Office, name: str) -> list[Any]:
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example/licenses")
    found: list[Any] = answer.json()["value"]
    return found


async def test_holdings_beyond_the_seats_are_adopted_and_reported(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await set_seats(office, "SPE_E3", 2)
    rows = [f"{name}@contoso.example,SPE_E3" for name in ("ada", "bob", "cid")]
    job = await send(office, *rows, "nobody@contoso.example,SPE_E3")
    assert (job["state"], job["succeeded"], job["failed"]) == ("completed", 3, 1)
    over = [(o["skuPartNumber"], o["seats"], o["holders"]) for o in job["overAssigned"]]
    assert over == [("SPE_E3", 2, 3)]
    assert [(row["row"], row["reason"]) for row in job["failures"]] == [(5, "unknownUser")]
    assert await counts_agree(office)
    source = (await held(office, "cid"))[0]["sources"][0]
    assert (source["kind"], source["strategy"], source["state"]) == ("direct", "manual", "Active")
    found = (await office.admin.get(f"/api/jobs/{job['id']}")).json()
    assert found["report"]["overAssigned"][0]["holders"] == 3
    page = (await office.admin.get("/api/identity/licenses/assignment-history")).json()["value"]
    assert [(row["action"], row["reason"]) for row in page] == [("assigned", "imported")] * 3


async def test_importing_twice_changes_nothing(office: Office) -> None:
    await add_people(office, "ada")
    row = "ada@contoso.example,SPE_E3"
    await send(office, row, row)
    again = await send(office, row)
    assert (again["succeeded"], again["failed"]) == (1, 0)
    rows = (await office.admin.get(f"/api/jobs/{again['id']}/rows")).json()["value"]
    assert rows[0]["message"] == "Already assigned: no seat was used."
    page = (await office.admin.get("/api/identity/licenses/assignment-history")).json()["value"]
    assert len(page) == 1
    assert await counts_agree(office)


async def test_service_plans_and_dates_are_kept(office: Office) -> None:
    await add_people(office, "ada", location=None)
    await send(
        office,
        'ada@contoso.example,SPE_E3,"TEAMS1;SWAY",2024-02-03',
        header="UserPrincipalName,SkuId,Disabled Plans,Since",
    )
    one = (await held(office, "ada"))[0]
    assert one["state"] == "Active"
    assert one["since"].startswith("2024-02-03")
    assert one["sources"][0]["assignedAt"].startswith("2024-02-03")
    assert {p["name"] for p in one["servicePlans"] if not p["enabled"]} == {"TEAMS1", "SWAY"}


async def test_an_unknown_product_refuses_the_whole_import(office: Office) -> None:
    await add_people(office, "ada")
    answer = await office.admin.post(
        HOLDINGS,
        content=b"UserPrincipalName,SkuId\nada@contoso.example,SPE_E3\nada@contoso.example,NOPE",
        headers={"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "unknownSku")
    assert answer.json()["row"] == 3
    assert await held(office, "ada") == []


async def test_whoever_waits_gets_no_seat_from_an_import(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 0)
    ada = {"users": ["ada@contoso.example"], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"}
    await office.admin.post(
        "/api/identity/licenses/bulk-assign", json=ada, headers={"prefer": "wait=30"}
    )
    await send(office, "bob@contoso.example,SPE_E3")
    assert [one["state"] for one in await held(office, "ada")] == ["Waiting"]
    assert [one["state"] for one in await held(office, "bob")] == ["Active"]
    # Who waits and turns out to hold it waits no more.
    await send(office, "ada@contoso.example,SPE_E3")
    assert [one["state"] for one in await held(office, "ada")] == ["Active"]
    assert await counts_agree(office)


async def test_what_a_group_gives_becomes_their_own_too_without_a_second_seat(
    office: Office,
) -> None:
    numbers = await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    group = await add_group(office, "Staff", numbers)
    made = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert made.status_code == 202, made.text
    done = await send(office, "ada@contoso.example,SPE_E3")
    assert done["overAssigned"] == []
    kinds = sorted(source["kind"] for source in (await held(office, "ada"))[0]["sources"])
    assert kinds == ["direct", "group"]
    assert await counts_agree(office)


@pytest.mark.slow
async def test_100_000_holdings_are_adopted(office: Office) -> None:
    names = [f"p{number}" for number in range(50_000)]
    for start in range(0, len(names), 10_000):
        await add_people(office, *names[start : start + 10_000])
    rows = [f"{name}@contoso.example,{sku}" for name in names for sku in ("SPE_E3", "VISIOCLIENT")]
    content = "\n".join(("UserPrincipalName,SkuPartNumber", *rows)).encode()
    answer = await office.admin.post(
        HOLDINGS, content=content, headers={"content-type": "text/csv", "prefer": "wait=60"}
    )
    job = answer.json()
    # A slow machine is not done within the call: then the worker goes on, which is nobody here.
    await work_off(office)
    job = (await office.admin.get(f"/api/jobs/{job['id']}")).json()
    assert (job["state"], job["succeeded"]) == ("completed", 100_000)
    assert {one["holders"] for one in job["report"]["overAssigned"]} == {50_000}
    assert await counts_agree(office)
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*) from history_event where tenant_id = %s and reason = 'imported'",
            (call.tx.tenant_id,),
        )
        assert await cursor.fetchone() == (100_000,)


async def test_an_export_of_holdings_is_taken_back_unchanged(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await send(
        office,
        'ada@contoso.example,SPE_E3,"TEAMS1;SWAY",2024-02-03',
        "bob@contoso.example,VISIOCLIENT,,",
        header="UserPrincipalName,SkuId,Disabled Plans,Since",
    )
    exported = await office.admin.get("/api/exports/holdings")
    assert exported.headers["content-type"].startswith("text/csv")
    assert (
        exported.text.splitlines()[0]
        == "UserPrincipalName,SkuPartNumber,DisabledServicePlans,Since"
    )
    answer = await office.admin.post(
        HOLDINGS, content=exported.content, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["succeeded"], answer.json()["ignoredColumns"]) == (2, [])
    again = await office.admin.get("/api/exports/holdings")
    assert again.text == exported.text
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*) from history_event where tenant_id = %s and reason = 'imported'",
            (call.tx.tenant_id,),
        )
        assert await cursor.fetchone() == (2,)
