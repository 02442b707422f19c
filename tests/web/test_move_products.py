"""From product to product and from group to group, in waves that fit the seats."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from seatwright.domain.bulk import SLICE_ROWS
from tests.conftest import Database
from tests.gaps import watch_gaps
from tests.moves import ends, give, held, license_group, members, move, upn, worked
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

PAIR = ("SPE_E3", "SPE_E5")


@pytest.fixture(autouse=True)
def no_gaps(office: Office, database: Database) -> None:
    """Every commit of every test here is watched."""
    assert office.made.token
    watch_gaps(database.owner_url, *PAIR)


async def swap(office: Office, **body: Any) -> dict[str, Any]:
    return await move(office, kind="productToProduct", fromSku="SPE_E3", toSku="SPE_E5", **body)


async def team(office: Office, *names: str, e3: int = 10, e5: int = 10) -> str:
    """A group of these people that gives Microsoft 365 E3."""
    numbers = await add_people(office, *names)
    await set_seats(office, "SPE_E3", e3)
    await set_seats(office, "SPE_E5", e5)
    group = await add_group(office, "Team", numbers)
    await license_group(office, group, "SPE_E3")
    return group


async def test_the_watch_sees_a_gap(office: Office, database: Database) -> None:
    await team(office, "ada")
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("delete from effective_license")
        with pytest.raises(psycopg.errors.RaiseException, match="a gap"):
            owner.commit()


async def test_people_move_and_their_choices_go_along(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    await set_seats(office, "SPE_E5", 2)
    await give(
        office, "ada", "SPE_E3", disabledServicePlans=["SWAY"], expiresAt="2027-05-01T00:00:00Z"
    )
    await give(office, "bob", "SPE_E3")
    job = await swap(office, users=[upn("ada"), upn("bob")])
    assert ends(job) == [("succeeded", None)] * 2
    assert await held(office, "ada") == {"SPE_E5": ["direct"]}
    licenses = await office.admin.get(f"/api/identity/users/{upn('ada')}/licenses")
    one = licenses.json()["value"][0]
    off = {plan["name"] for plan in one["servicePlans"] if not plan["enabled"]}
    assert off == {"SWAY"}
    assert one["sources"][0]["expiresAt"].startswith("2027-05-01")
    assert one["sources"][0]["strategy"] == "manual"
    assert await counts_agree(office)


async def test_as_many_move_as_there_are_seats_and_the_rest_stay(office: Office) -> None:
    await add_people(office, "ada", "bob", "cleo")
    await set_seats(office, "SPE_E3", 3)
    await set_seats(office, "SPE_E5", 2)
    await give(office, "ada bob cleo", "SPE_E3")
    job = await swap(office, all=True)
    assert ends(job) == [("succeeded", None), ("succeeded", None), ("failed", "noSeatLeft")]
    assert job["rows"][2]["message"].startswith("Stays on Microsoft 365 E3.")
    assert await held(office, "cleo") == {"SPE_E3": ["direct"]}
    waiting = await office.admin.get("/api/identity/licenses/SPE_E5/waiting-list")
    assert waiting.json()["value"] == []


async def test_who_waits_moves_when_seats_come(office: Office) -> None:
    await add_people(office, "ada", "bob", "cleo")
    await set_seats(office, "SPE_E3", 3)
    await set_seats(office, "SPE_E5", 1)
    await give(office, "ada bob cleo", "SPE_E3")
    job = await swap(office, all=True, wait=True)
    assert (job["state"], job["succeeded"], job["waiting"]) == ("running", 1, 2)
    await set_seats(office, "SPE_E5", 2)
    job = await worked(office, job["id"])
    assert (job["state"], job["succeeded"], job["waiting"]) == ("running", 2, 1)
    await set_seats(office, "SPE_E5", 3)
    job = await worked(office, job["id"])
    assert (job["state"], job["succeeded"], job["waiting"]) == ("completed", 3, 0)


async def test_freed_seats_go_to_who_waits_for_the_old_product(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    await set_seats(office, "SPE_E5", 1)
    await give(office, "ada", "SPE_E3")
    await office.admin.post(
        "/api/identity/licenses/bulk-assign",
        json={"users": [upn("bob")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"},
        headers={"prefer": "wait=30"},
    )
    await swap(office, users=[upn("ada")])
    assert await held(office, "ada") == {"SPE_E5": ["direct"]}
    assert await held(office, "bob") == {"SPE_E3": ["direct"]}
    assert await counts_agree(office)


async def test_products_that_cannot_be_had_together_swap_too(office: Office) -> None:
    await add_people(office, "ada")
    for sku in ("STANDARDPACK", "ENTERPRISEPACK"):
        await set_seats(office, sku, 1)
    await give(office, "ada", "STANDARDPACK")
    job = await move(
        office,
        kind="productToProduct",
        fromSku="STANDARDPACK",
        toSku="ENTERPRISEPACK",
        users=[upn("ada")],
    )
    assert ends(job) == [("succeeded", None)]
    assert await held(office, "ada") == {"ENTERPRISEPACK": ["direct"]}


async def test_who_has_it_from_a_group_only_is_not_moved_by_name(office: Office) -> None:
    await team(office, "ada")
    job = await swap(office, users=[upn("ada")])
    assert ends(job) == [("failed", "inheritedAssignment")]
    assert await held(office, "ada") == {"SPE_E3": ["group"]}


async def test_a_group_gives_the_new_product_and_its_members_follow(office: Office) -> None:
    group = await team(office, "ada", "bob", "cleo")
    await give(office, "cleo", "SPE_E3")
    job = await swap(office, group="Team")
    assert (job["state"], job["succeeded"]) == ("completed", 3), job
    assert [await held(office, name) for name in ("ada", "bob", "cleo")] == [
        {"SPE_E5": ["group"]}
    ] * 3
    given = (await office.admin.get(f"/api/identity/groups/{group}/licenses")).json()["value"]
    assert [one["skuPartNumber"] for one in given] == ["SPE_E5"]
    found = (await office.admin.get(f"/api/identity/groups/{group}")).json()
    assert found["status"] == "Active"
    assert await counts_agree(office)


async def test_members_without_a_new_seat_keep_the_old_by_their_own_name(office: Office) -> None:
    await team(office, "ada", "bob", e5=1)
    job = await swap(office, group="Team")
    assert ends(job) == [("succeeded", None), ("failed", "noSeatLeft")]
    assert await held(office, "ada") == {"SPE_E5": ["group"]}
    assert await held(office, "bob") == {"SPE_E3": ["direct"]}
    assert await counts_agree(office)


async def test_members_who_wait_give_the_bridge_up_with_their_new_seat(office: Office) -> None:
    await team(office, "ada", "bob", e5=1)
    job = await swap(office, group="Team", wait=True)
    assert (job["state"], job["waiting"]) == ("running", 1)
    await set_seats(office, "SPE_E5", 2)
    job = await worked(office, job["id"])
    assert (job["state"], job["succeeded"]) == ("completed", 2)
    assert await held(office, "bob") == {"SPE_E5": ["group"]}


async def test_a_whole_product_moves_with_every_group_that_gives_it(office: Office) -> None:
    await team(office, "ada", "bob")
    await add_people(office, "cleo")
    await give(office, "cleo", "SPE_E3")
    other = await add_group(office, "Other", await add_people(office, "dan"))
    await license_group(office, other, "SPE_E3")
    job = await swap(office, all=True)
    assert (job["total"], job["succeeded"]) == (4, 4)
    for name, source in (("ada", "group"), ("bob", "group"), ("cleo", "direct"), ("dan", "group")):
        assert await held(office, name) == {"SPE_E5": [source]}
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*) from assignment a join sku s on s.tenant_id = a.tenant_id"
            " and s.sku_no = a.sku_no where s.part_number = 'SPE_E3'"
        )
        assert await cursor.fetchone() == (0,)


async def test_a_move_of_a_group_that_is_cancelled_at_first_leaves_no_trace(
    office: Office,
) -> None:
    await team(office, "ada", "bob")
    body = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5", "group": "Team"}
    started = (await office.admin.post("/api/moves", json=body)).json()
    await _one_slice(office, started["jobId"])
    assert await held(office, "ada") == {"SPE_E3": ["direct", "group"]}
    await office.admin.post(f"/api/jobs/{started['jobId']}/cancel")
    job = await worked(office, started["jobId"])
    assert (job["state"], ends(job)) == ("cancelled", [("cancelled", None)] * 2)
    assert await held(office, "ada") == {"SPE_E3": ["group"]}
    assert await counts_agree(office)


async def test_a_move_of_a_group_that_is_cancelled_halfway_takes_nothing(office: Office) -> None:
    group = await team(office, "ada", "bob")
    body = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5", "group": "Team"}
    started = (await office.admin.post("/api/moves", json=body)).json()
    for _ in range(2):
        await _one_slice(office, started["jobId"])
    given = (await office.admin.get(f"/api/identity/groups/{group}/licenses")).json()["value"]
    assert [one["skuPartNumber"] for one in given] == ["SPE_E5"]
    await office.admin.post(f"/api/jobs/{started['jobId']}/cancel")
    job = await worked(office, started["jobId"])
    assert job["state"] == "cancelled"
    jobs = (await office.admin.get("/api/jobs?state=queued")).json()["value"]
    for open_job in jobs:
        await worked(office, open_job["id"])
    assert await held(office, "ada") == {"SPE_E3": ["direct"], "SPE_E5": ["group"]}
    assert await counts_agree(office)


async def test_who_joins_between_the_bridges_and_the_change_is_bridged_too(office: Office) -> None:
    group = await team(office, "ada")
    await add_people(office, "bob")
    body = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5", "group": "Team"}
    started = (await office.admin.post("/api/moves", json=body)).json()
    await _one_slice(office, started["jobId"])
    await office.admin.post(f"/api/identity/groups/{group}/members", json={"users": [upn("bob")]})
    job = await worked(office, started["jobId"])
    assert (job["state"], job["total"], job["succeeded"]) == ("completed", 2, 2)
    assert await held(office, "bob") == {"SPE_E5": ["group"]}


async def test_who_leaves_the_group_meanwhile_does_not_keep_the_bridge(office: Office) -> None:
    group = await team(office, "ada", "bob")
    body = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5", "group": "Team"}
    started = (await office.admin.post("/api/moves", json=body)).json()
    for _ in range(2):
        await _one_slice(office, started["jobId"])
    await office.admin.delete(f"/api/identity/groups/{group}/members/{upn('bob')}")
    assert await held(office, "bob") == {"SPE_E3": ["direct"]}
    job = await worked(office, started["jobId"])
    assert ends(job) == [("succeeded", None)] * 2
    assert await held(office, "bob") == {}
    assert await held(office, "ada") == {"SPE_E5": ["group"]}


async def test_people_move_between_groups_of_different_products(office: Office) -> None:
    old = await team(office, "ada", "bob", "cleo", e5=2)
    new = await add_group(office, "Leads")
    await license_group(office, new, "SPE_E5")
    job = await move(office, kind="groupToGroup", fromGroup="Team", toGroup="Leads")
    assert ends(job) == [("succeeded", None), ("succeeded", None), ("failed", "noSeatLeft")]
    assert job["rows"][2]["message"].startswith("Stays in Team.")
    assert await members(office, old) == {"cleo"}
    assert await members(office, new) == {"ada", "bob"}
    assert await held(office, "ada") == {"SPE_E5": ["group"]}
    assert await held(office, "cleo") == {"SPE_E3": ["group"]}
    assert await counts_agree(office)


async def test_people_move_between_groups_of_one_product_without_a_second_seat(
    office: Office,
) -> None:
    await team(office, "ada", "bob", e3=2)
    new = await add_group(office, "Other")
    await license_group(office, new, "SPE_E3")
    users = [upn("ada")]
    job = await move(office, kind="groupToGroup", fromGroup="Team", toGroup=new, users=users)
    assert ends(job) == [("succeeded", None)]
    assert await members(office, new) == {"ada"}
    assert await held(office, "ada") == {"SPE_E3": ["group"]}


async def test_between_groups_nobody_loses_a_service_plan_unasked(office: Office) -> None:
    await team(office, "ada")
    new = await add_group(office, "Other")
    await license_group(office, new, "SPE_E3", disabledServicePlans=["TEAMS1"])
    job = await move(office, kind="groupToGroup", fromGroup="Team", toGroup=new)
    assert ends(job) == [("failed", "surplusServicePlans")]
    assert await held(office, "ada") == {"SPE_E3": ["group"]}
    job = await move(
        office, kind="groupToGroup", fromGroup="Team", toGroup=new, surplus="addToGroup"
    )
    assert ends(job) == [("succeeded", None)]


async def test_a_group_that_gives_nothing_is_no_place_to_move_to(office: Office) -> None:
    await team(office, "ada")
    await add_group(office, "Empty")
    body = {"kind": "groupToGroup", "fromGroup": "Team", "toGroup": "Empty"}
    answer = await office.admin.post("/api/moves", json=body)
    assert answer.json()["code"] == "notAssigned"


async def test_where_siblings_fail_together_one_that_fails_keeps_everybody(office: Office) -> None:
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    await set_seats(office, "AAD_PREMIUM", 1)
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 2)
    await give(office, "ada", "SPE_E3")
    group = await add_group(office, "Team")
    await license_group(office, group, "SPE_E3")
    await license_group(office, group, "VISIOCLIENT")
    body = {"sku": "SPE_E3", "group": group, "users": [upn("ada")]}
    job = await move(office, kind="directToGroup", **body)
    assert [row["outcome"] for row in job["rows"]] == ["failed"]
    assert job["rows"][0]["reason"] in {"siblingFailed", "noSeatLeft"}
    assert await held(office, "ada") == {"SPE_E3": ["direct"]}
    await set_seats(office, "VISIOCLIENT", 1)
    assert ends(await move(office, kind="directToGroup", **body)) == [("succeeded", None)]


async def test_without_entra_p1_nobody_moves_into_a_group_under_entra(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "EXCHANGESTANDARD", 2)
    await give(office, "ada", "EXCHANGESTANDARD")
    group = await add_group(office, "Team")
    await license_group(office, group, "EXCHANGESTANDARD")
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    body = {"kind": "directToGroup", "sku": "EXCHANGESTANDARD", "group": group, "all": True}
    answer = await office.admin.post("/api/moves", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "prerequisiteMissing")


async def test_thousands_move_in_slices_that_each_fit_the_seats(office: Office) -> None:
    people = SLICE_ROWS + 300
    names = [f"p{number}" for number in range(people)]
    await team(office, *names, e3=people, e5=SLICE_ROWS + 100)
    await _until_idle(office)
    job = await swap(office, group="Team")
    assert (job["total"], job["succeeded"], job["failed"]) == (people, SLICE_ROWS + 100, 200)
    assert await counts_agree(office)


async def _until_idle(office: Office) -> None:
    while jobs := (await office.admin.get("/api/jobs?state=queued")).json()["value"]:
        for job in jobs:
            await worked(office, job["id"])


async def _one_slice(office: Office, job_id: str) -> None:
    """Work one slice of a job and no more."""
    turns = iter((True, False))
    await worked(office, job_id, goes_on=lambda: next(turns))
