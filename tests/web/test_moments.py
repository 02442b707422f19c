"""Dates that pass, places that forbid, and turns in line: whatever is asked in between is right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seatwright.app.catalog_changes import set_prohibited_locations
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, fail_job, work_job
from seatwright.postgres.jobs import open_jobs
from tests.bulk import BULK, DONE, upn
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats


def licenses(name: str) -> str:
    return f"/api/identity/users/{upn(name)}/licenses"


def bench(office: Office) -> Workshop:
    return Workshop(database=office.database, clock=office.clock)


async def tick(office: Office) -> None:
    await tend_tenant(bench(office), office.made.tenant.tenant_id)


async def work_all(office: Office) -> None:
    async with call_of(office) as call:
        jobs = await open_jobs(call.tx)
    for job in jobs:
        await work_job(bench(office), office.made.tenant.tenant_id, job.job_no)


async def held(office: Office, name: str) -> dict[str, str]:
    answer = await office.admin.get(licenses(name))
    return {one["skuPartNumber"]: one["state"] for one in answer.json()["value"]}


async def line(office: Office, sku: str) -> list[str]:
    answer = await office.admin.get(f"/api/identity/licenses/{sku}/waiting-list")
    assert answer.status_code == 200, answer.text
    return [one["user"]["userPrincipalName"].partition("@")[0] for one in answer.json()["value"]]


async def assign(office: Office, name: str, sku: str, **more: Any) -> Any:
    answer = await office.admin.post(licenses(name), json={"skuPartNumber": sku, **more})
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_call_between_an_expiry_and_the_next_tick_settles_it(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await set_seats(office, "POWER_BI_PRO", 1)
    expires = office.clock.now() + timedelta(hours=1)
    await assign(office, "ada", "SPE_E3", expiresAt=expires.isoformat())
    office.clock.move(hours=2)
    answer = await office.admin.post(f"/api/identity/users/{upn('ada')}/reprocess")
    assert answer.status_code == 204, answer.text
    await assign(office, "ada", "POWER_BI_PRO")
    await tick(office)
    assert await held(office, "ada") == {"POWER_BI_PRO": "Active"}
    assert await counts_agree(office)


async def test_assigning_again_after_an_expiry_gives_the_product_at_once(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    expires = office.clock.now() + timedelta(hours=1)
    await assign(office, "ada", "SPE_E3", expiresAt=expires.isoformat())
    office.clock.move(hours=2)
    assert (await assign(office, "ada", "SPE_E3"))["state"] == "Active"
    await tick(office)
    assert await held(office, "ada") == {"SPE_E3": "Active"}
    assert await counts_agree(office)


async def test_a_place_that_becomes_forbidden_takes_the_license_back(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await assign(office, "ada", "SPE_E3")
    async with call_of(office) as call:
        await set_prohibited_locations(call, "SPE_E3", locations=["NO"], service_plans={})
    await work_all(office)
    answer = await office.admin.post(f"/api/identity/users/{upn('ada')}/reprocess")
    assert answer.status_code == 204, answer.text
    assert await held(office, "ada") == {"SPE_E3": "Error"}
    assert await counts_agree(office)


async def test_a_default_place_that_is_forbidden_takes_back_what_groups_gave(
    office: Office,
) -> None:
    people = await add_people(office, "ada", location=None)
    await set_seats(office, "SPE_E3", 1)
    group = await add_group(office, "Staff", people)
    path = f"/api/identity/groups/{group}/licenses"
    assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).status_code == 202
    async with call_of(office) as call:
        await set_prohibited_locations(call, "SPE_E3", locations=["IR"], service_plans={})
    assert (await office.admin.patch("/api/settings", json={"usageLocation": "IR"})).is_success
    await work_all(office)
    assert await held(office, "ada") == {"SPE_E3": "Error"}
    assert await counts_agree(office)


async def test_the_line_follows_a_change_of_the_groups_priority(office: Office) -> None:
    first, second = await add_people(office, "ada", "bob")
    early = await add_group(office, "Early", [first])
    late = await add_group(office, "Late", [second])
    for group in (early, late):
        path = f"/api/identity/groups/{group}/licenses"
        assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).is_success
        office.clock.move(minutes=1)
    assert await line(office, "SPE_E3") == ["ada", "bob"]
    body = {"skuPartNumber": "SPE_E3", "priority": 5}
    path = f"/api/identity/groups/{late}/licenses"
    assert (await office.admin.post(path, json=body)).is_success
    assert await line(office, "SPE_E3") == ["bob", "ada"]


async def test_the_line_follows_a_change_of_a_persons_own_priority(office: Office) -> None:
    await add_people(office, "ada", "bob")
    body = {
        "users": [upn("ada"), upn("bob")],
        "skuPartNumber": "SPE_E3",
        "fillPolicy": "wait",
    }
    assert (await office.admin.post(BULK, json=body, headers=DONE)).status_code == 200
    assert await line(office, "SPE_E3") == ["ada", "bob"]
    changed = await office.admin.patch(f"{licenses('bob')}/SPE_E3", json={"priority": 5})
    assert changed.status_code == 200, changed.text
    assert await line(office, "SPE_E3") == ["bob", "ada"]


async def test_who_waits_by_two_groups_and_leaves_one_goes_on_waiting(office: Office) -> None:
    people = await add_people(office, "ada")
    groups = [await add_group(office, name, people) for name in ("One", "Two")]
    for group in groups:
        path = f"/api/identity/groups/{group}/licenses"
        assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).is_success
    for group in groups:
        gone = await office.admin.delete(f"/api/identity/groups/{group}/members/{upn('ada')}")
        assert gone.is_success, gone.text
        rows = (
            await office.admin.get(f"/api/identity/licenses/assignment-history?user={upn('ada')}")
        ).json()["value"]
        told = [row["action"] for row in rows if row["action"] in {"waiting", "resolved"}]
        assert told == (["waiting"] if group == groups[0] else ["resolved", "waiting"])


@pytest.mark.parametrize(
    "change",
    [
        {"startsAt": "2027-06-01T00:00:00Z"},
        {"expiresAt": "2026-12-02T00:00:00Z"},
    ],
)
async def test_dates_that_cross_stored_ones_are_refused(
    office: Office, change: dict[str, str]
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await assign(
        office, "ada", "SPE_E3", startsAt="2027-01-01T00:00:00Z", expiresAt="2027-02-01T00:00:00Z"
    )
    for answer in (
        await office.admin.patch(f"{licenses('ada')}/SPE_E3", json=change),
        await office.admin.post(licenses("ada"), json={"skuPartNumber": "SPE_E3", **change}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"expiresAt": "9999-12-31T23:59:59-14:00"},
        {"startsAt": "0001-01-01T00:00:00+14:00"},
        {"startsAt": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_dates_that_no_calendar_has_are_refused(
    office: Office, change: dict[str, str]
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    answer = await office.admin.post(licenses("ada"), json={"skuPartNumber": "SPE_E3", **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), answer.text
    assert (await office.admin.get(licenses("ada"))).status_code == 200


async def test_an_assignment_gives_a_place_to_who_has_none_and_overwrites_none(
    office: Office,
) -> None:
    await add_people(office, "ada", location=None)
    await set_seats(office, "SPE_E3", 1)
    await assign(office, "ada", "SPE_E3", usageLocation="NO")
    again = {"skuPartNumber": "SPE_E3", "usageLocation": "SE"}
    answer = await office.admin.post(licenses("ada"), json=again)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), answer.text
    assert "NO" in answer.json()["detail"]
    assert (
        await office.admin.post(licenses("ada"), json=again | {"usageLocation": "no"})
    ).is_success
    body = {"rows": [{"user": upn("ada"), "sku": "SPE_E3", "usageLocation": "SE"}]}
    job = (await office.admin.post(BULK, json=body, headers=DONE)).json()
    assert [row["reason"] for row in job["rows"]] == ["invalidValue"]
    person = (await office.admin.get(f"/api/identity/users/{upn('ada')}")).json()
    assert person["usageLocation"] == "NO"


async def test_an_explicit_null_clears_a_date_and_what_is_left_out_stays(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    starts = office.clock.now() + timedelta(days=1)
    expires = office.clock.now() + timedelta(days=9)
    made = await assign(
        office,
        "ada",
        "SPE_E3",
        startsAt=starts.isoformat(),
        expiresAt=expires.isoformat(),
    )
    assert made["state"] == "Scheduled"
    path = f"{licenses('ada')}/SPE_E3"
    began = (await office.admin.patch(path, json={"startsAt": None})).json()
    assert began["state"] == "Active"
    assert began["sources"][0]["startsAt"] is None
    assert began["sources"][0]["expiresAt"] is not None
    stays = (await office.admin.patch(path, json={"expiresAt": None})).json()
    assert stays["sources"][0]["expiresAt"] is None
    office.clock.move(days=30)
    await tick(office)
    assert await held(office, "ada") == {"SPE_E3": "Active"}


async def test_a_scheduled_or_expired_assignment_can_be_taken_away(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    starts = office.clock.now() + timedelta(days=1)
    expires = office.clock.now() + timedelta(hours=1)
    await assign(office, "ada", "SPE_E3", startsAt=starts.isoformat())
    await assign(office, "bob", "SPE_E3", expiresAt=expires.isoformat())
    office.clock.move(hours=2)
    for name in ("ada", "bob"):
        gone = await office.admin.delete(f"{licenses(name)}/SPE_E3")
        assert gone.status_code == 204, gone.text
        assert await held(office, name) == {}
    await tick(office)
    assert await counts_agree(office)


async def test_who_waits_by_an_own_assignment_waits_no_more_when_it_is_taken_away(
    office: Office,
) -> None:
    await add_people(office, "ada")
    body = {"users": [upn("ada")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"}
    assert (await office.admin.post(BULK, json=body, headers=DONE)).status_code == 200
    assert await line(office, "SPE_E3") == ["ada"]
    assert (await office.admin.delete(f"{licenses('ada')}/SPE_E3")).status_code == 204
    assert await line(office, "SPE_E3") == []


async def test_an_assignment_that_expires_while_it_waits_leaves_the_line(office: Office) -> None:
    await add_people(office, "ada")
    expires = office.clock.now() + timedelta(hours=1)
    rows = [{"user": upn("ada"), "sku": "SPE_E3", "expiresAt": expires.isoformat()}]
    body = {"rows": rows, "fillPolicy": "wait"}
    assert (await office.admin.post(BULK, json=body, headers=DONE)).status_code == 200
    assert await line(office, "SPE_E3") == ["ada"]
    office.clock.move(hours=2)
    await tick(office)
    assert await line(office, "SPE_E3") == []


async def test_free_seats_reach_past_any_number_of_people_whom_another_rule_denies(
    office: Office,
) -> None:
    many = [f"p{number:03}" for number in range(60)]
    people = await add_people(office, *many, "zoe")
    group = await add_group(office, "Staff", people)
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await assign(office, "ada", "SPE_E3")
    path = f"/api/identity/groups/{group}/licenses"
    assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).is_success
    async with call_of(office) as call:
        # As if their places had become forbidden without anybody having looked since.
        await call.tx.connection.execute(
            "update app_user set usage_location = 'IR' where tenant_id = %s and user_no = any(%s)",
            (call.tx.tenant_id, people[:-1]),
        )
        await set_prohibited_locations(call, "SPE_E3", locations=["IR"], service_plans={})
    assert (await office.admin.delete(f"{licenses('ada')}/SPE_E3")).status_code == 204
    assert await held(office, "zoe") == {"SPE_E3": "Active"}


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
async def test_a_group_whose_job_ends_early_is_not_shown_as_processing_for_ever(
    office: Office, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.group_licenses.USERS_AT_ONCE_MAX", 1)
    people = await add_people(office, "ada", "bob")
    group = await add_group(office, "Staff", people)
    path = f"/api/identity/groups/{group}/licenses"
    taken = await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})
    job = taken.json()["jobId"]
    assert job is not None
    if ending == "cancelled":
        assert (await office.admin.post(f"/api/jobs/{job}/cancel")).is_success
        await work_all(office)
    else:
        async with call_of(office) as call:
            (open_job,) = await open_jobs(call.tx)
        await fail_job(bench(office), office.made.tenant.tenant_id, open_job.job_no, "broke")
    assert (await office.admin.get(f"/api/jobs/{job}")).json()["state"] == ending
    shown = (await office.admin.get("/api/identity/groups")).json()["value"][0]
    assert shown["status"] != "Processing"
