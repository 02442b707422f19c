"""Licensing by group: members follow, seats are counted once, and who waits is served in order."""

from __future__ import annotations

from typing import Any

from seatwright.app.work import Workshop
from seatwright.jobs.worker import work_job_safely
from seatwright.postgres.jobs import open_jobs
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats


async def work_all_jobs(office: Office) -> int:
    """Do what a worker would, in this process; gives the number of jobs."""
    async with call_of(office) as call:
        jobs = await open_jobs(call.tx)
    workshop = Workshop(database=office.database, clock=office.clock)
    for job in jobs:
        await work_job_safely(workshop, office.made.tenant.tenant_id, job.job_no)
    return len(jobs)


async def held_by(office: Office, name: str) -> dict[str, Any]:
    """A person's licenses by part number."""
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example/licenses")
    return {one["skuPartNumber"]: one for one in answer.json()["value"]}


async def test_licensing_a_group_licenses_its_members_at_once(office: Office) -> None:
    people = await add_people(office, "ada", "bob")
    group = await add_group(office, "HR", people)
    await set_seats(office, "POWERAPPS_PER_USER", 5)
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "POWERAPPS_PER_USER"}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "Active"
    ada = (await held_by(office, "ada"))["POWERAPPS_PER_USER"]
    assert ada["state"] == "Active"
    assert ada["sources"][0]["group"]["displayName"] == "HR"
    assert await counts_agree(office)


async def test_a_seat_short_group_leaves_one_waiting_and_a_freed_seat_goes_to_them(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd")
    group = await add_group(office, "HR", people)
    await set_seats(office, "EXCHANGESTANDARD", 2)
    path = f"/api/identity/groups/{group}"
    await office.admin.post(f"{path}/licenses", json={"skuPartNumber": "EXCHANGESTANDARD"})
    errors = (await office.admin.get(f"{path}/errors")).json()["value"]
    assert [e["user"]["userPrincipalName"] for e in errors] == ["cyd@contoso.example"]
    assert errors[0]["reason"] == "noSeatLeft"
    refused = await office.admin.delete(
        "/api/identity/users/ada@contoso.example/licenses/EXCHANGESTANDARD"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "inheritedAssignment")
    assert "HR" in refused.json()["detail"]
    await set_seats(office, "EXCHANGESTANDARD", 3)
    assert (await office.admin.post(f"{path}/reprocess")).status_code == 202
    assert (await office.admin.get(f"{path}/errors")).json()["value"] == []
    assert await counts_agree(office)


async def test_a_seat_that_a_person_gives_back_goes_to_the_next_in_line(office: Office) -> None:
    people = await add_people(office, "ada", "bob")
    await set_seats(office, "EXCHANGESTANDARD", 1)
    ada = "/api/identity/users/ada@contoso.example/licenses"
    await office.admin.post(ada, json={"skuPartNumber": "EXCHANGESTANDARD"})
    group = await add_group(office, "HR", people[1:])
    await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "EXCHANGESTANDARD"}
    )
    assert (await held_by(office, "bob"))["EXCHANGESTANDARD"]["state"] == "Waiting"
    await office.admin.delete(f"{ada}/EXCHANGESTANDARD")
    assert (await held_by(office, "bob"))["EXCHANGESTANDARD"]["state"] == "Active"
    assert await counts_agree(office)


async def test_two_groups_and_a_direct_assignment_use_one_seat_and_unite_service_plans(
    office: Office,
) -> None:
    people = await add_people(office, "ada")
    first, second = await add_group(office, "A", people), await add_group(office, "B", people)
    await set_seats(office, "SPE_E3", 1)
    for group, off in ((first, ["TEAMS1", "INTUNE_A"]), (second, ["TEAMS1", "RMS_S_PREMIUM"])):
        answer = await office.admin.post(
            f"/api/identity/groups/{group}/licenses",
            json={"skuPartNumber": "SPE_E3", "disabledServicePlans": off},
        )
        assert answer.status_code == 202, answer.text
    plans = (await held_by(office, "ada"))["SPE_E3"]["servicePlans"]
    assert {plan["name"] for plan in plans if not plan["enabled"]} == {"TEAMS1"}
    await office.admin.delete(f"/api/identity/groups/{first}/licenses/SPE_E3")
    plans = (await held_by(office, "ada"))["SPE_E3"]["servicePlans"]
    assert {p["name"] for p in plans if not p["enabled"]} == {"TEAMS1", "RMS_S_PREMIUM"}
    assert await counts_agree(office)


async def test_a_large_group_is_a_job_and_ends_with_everybody_licensed(office: Office) -> None:
    people = await add_people(office, *(f"p{n}" for n in range(4234)))
    group = await add_group(office, "All Employees", people)
    await set_seats(office, "SPE_E3", 5000)
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert answer.json()["status"] == "Processing"
    assert answer.headers["location"] == f"/api/jobs/{answer.json()['jobId']}"
    assert await work_all_jobs(office) == 1
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*), (select count(*) from history_event where action = 4),"
            " (select processing from app_group) from effective_license"
        )
        assert await cursor.fetchone() == (4234, 4234, "idle")
    assert await counts_agree(office)


async def test_an_assignment_begins_and_ends_on_its_dates(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    dates = {"startsAt": "2026-11-22T09:00:00Z", "expiresAt": "2026-11-23T09:00:00Z"}
    made = await office.admin.post(
        "/api/identity/users/ada@contoso.example/licenses",
        json={"skuPartNumber": "SPE_E3", **dates},
    )
    assert made.json()["state"] == "Scheduled"
    from seatwright.app.upkeep import tend_tenant

    workshop = Workshop(database=office.database, clock=office.clock)
    office.clock.move(days=1)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    assert (await held_by(office, "ada"))["SPE_E3"]["state"] == "Active"
    office.clock.move(days=1)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    assert await held_by(office, "ada") == {}
    assert await counts_agree(office)


async def test_switching_nested_groups_off_takes_what_they_gave(office: Office) -> None:
    people = await add_people(office, "ada")
    parent, child = await add_group(office, "Parent"), await add_group(office, "Child", people)
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into group_nesting (tenant_id, child_no, parent_no, since)"
            " select c.tenant_id, c.group_no, p.group_no, %s from app_group c, app_group p"
            " where c.id = %s and p.id = %s",
            (call.now, child, parent),
        )
    await set_seats(office, "SPE_E3", 1)
    await office.admin.post(
        f"/api/identity/groups/{parent}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert (await held_by(office, "ada"))["SPE_E3"]["state"] == "Active"
    await office.admin.patch("/api/settings", json={"nestedGroupsCount": False})
    assert await work_all_jobs(office) == 1
    assert await held_by(office, "ada") == {}


async def test_without_refilling_a_freed_seat_waits_for_a_reprocess(office: Office) -> None:
    """Scenario 7 of the documented behaviour, through the surface (GBL-120, GBL-121)."""
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    people = await add_people(office, "ada", "bob")
    await set_seats(office, "EXCHANGESTANDARD", 1)
    await set_seats(office, "AAD_PREMIUM", 1)
    ada = "/api/identity/users/ada@contoso.example/licenses"
    await office.admin.post(ada, json={"skuPartNumber": "EXCHANGESTANDARD"})
    group = await add_group(office, "HR", people[1:])
    path = f"/api/identity/groups/{group}"
    made = await office.admin.post(f"{path}/licenses", json={"skuPartNumber": "EXCHANGESTANDARD"})
    assert made.status_code == 202, made.text
    await office.admin.delete(f"{ada}/EXCHANGESTANDARD")
    assert (await held_by(office, "bob"))["EXCHANGESTANDARD"]["state"] == "Waiting"
    again = await office.admin.post("/api/identity/users/bob@contoso.example/reprocess")
    assert again.status_code == 204
    assert (await held_by(office, "bob"))["EXCHANGESTANDARD"]["state"] == "Active"


async def test_entra_refuses_group_licensing_without_entra_p1_and_native_warns(
    office: Office,
) -> None:
    """The requirement of Entra ID P1 for licensing by group (T-159)."""
    group = await add_group(office, "HR", await add_people(office, "ada"))
    await set_seats(office, "EXCHANGESTANDARD", 1)
    path = f"/api/identity/groups/{group}/licenses"
    warned = await office.admin.post(path, json={"skuPartNumber": "EXCHANGESTANDARD"})
    assert warned.status_code == 202
    assert "Entra ID P1" in warned.json()["warning"]
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    refused = await office.admin.post(path, json={"skuPartNumber": "SPE_F1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "prerequisiteMissing")
