"""Bulk assignment: many people in one call, an outcome for every row."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.work import Workshop, work_job
from seatwright.domain.roles import Role
from seatwright.postgres.jobs import find_job
from tests.bulk import (
    BULK,
    DONE,
    csv_of,
    holders,
    outcomes,
    reserved_seats,
    send_csv,
    send_json,
    upn,
)
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats


async def test_a_csv_file_is_done_row_by_row(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 5)
    job = await send_csv(
        office,
        csv_of(f"{upn('ada')},SPE_E3", f"{upn('nobody')},SPE_E3", f"{upn('BOB')},spe_e3"),
    )
    assert (job["state"], job["total"], job["succeeded"], job["failed"]) == ("completed", 3, 2, 1)
    assert outcomes(job) == [
        ("succeeded", None),
        ("failed", "unknownUser"),
        ("succeeded", None),
    ]
    assert [row["row"] for row in job["rows"]] == [2, 3, 4]
    assert "nobody@contoso.example" in job["rows"][1]["message"]
    assert await holders(office, "SPE_E3") == 2
    assert await counts_agree(office)


async def test_without_waiting_the_answer_is_a_job_to_look_up(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    answer = await office.admin.post(BULK, json={"users": [upn("ada")], "skuPartNumber": "SPE_E3"})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{body['jobId']}"
    assert (body["state"], body["total"], body["done"]) == ("queued", 1, 0)
    async with call_of(office) as call:
        job = await find_job(call.tx, body["jobId"])
    assert job is not None
    bench = Workshop(database=office.database, clock=office.clock)
    await work_job(bench, office.made.tenant.tenant_id, job.job_no)
    found = (await office.admin.get(answer.headers["location"])).json()
    assert (found["state"], found["succeeded"]) == ("completed", 1)


async def test_optional_columns_are_done(office: Office) -> None:
    await add_people(office, "ada", location=None)
    await set_seats(office, "SPE_E3", 1)
    content = csv_of(
        f'{upn("ada")},SPE_E3,"TEAMS1|EXCHANGE_S_ENTERPRISE",no,2027-01-31',
        header="UserPrincipalName,SkuPartNumber,Disabled Service Plans,Usage Location,Expiry",
    )
    assert outcomes(await send_csv(office, content)) == [("succeeded", None)]
    licenses = f"/api/identity/users/{upn('ada')}/licenses"
    held = (await office.admin.get(licenses)).json()["value"][0]
    off = {plan["name"] for plan in held["servicePlans"] if not plan["enabled"]}
    assert off == {"TEAMS1", "EXCHANGE_S_ENTERPRISE"}
    assert held["sources"][0]["strategy"] == "bulk"
    assert held["sources"][0]["expiresAt"].startswith("2027-01-31")


async def test_running_the_same_file_again_uses_no_seat_and_succeeds(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    content = csv_of(f"{upn('ada')},SPE_E3", f"{upn('bob')},SPE_E3")
    await send_csv(office, content)
    again = await send_csv(office, content)
    assert outcomes(again) == [("succeeded", None)] * 2
    assert {row["message"] for row in again["rows"]} == {"Already assigned: no seat was used."}
    assert await holders(office, "SPE_E3") == 2
    history = (await office.admin.get("/api/identity/licenses/assignment-history")).json()["value"]
    assert [row["action"] for row in history if row["user"]] == ["assigned"] * 2


async def test_rows_of_one_person_are_done_in_their_order(office: Office) -> None:
    await add_people(office, "ada")
    for part_number in ("SPE_E3", "VISIOCLIENT", "PROJECTPROFESSIONAL"):
        await set_seats(office, part_number, 1)
    job = await send_csv(
        office,
        csv_of(
            f"{upn('ada')},VISIOCLIENT,add",
            f"{upn('ada')},PROJECTPROFESSIONAL,add",
            f"{upn('ada')},SPE_E3,replace",
            f"{upn('ada')},VISIOCLIENT,add",
            f"{upn('ada')},VISIOCLIENT,remove",
            header="UserPrincipalName,SkuPartNumber,action",
        ),
    )
    assert outcomes(job) == [("succeeded", None)] * 5
    held = (await office.admin.get(f"/api/identity/users/{upn('ada')}/licenses")).json()["value"]
    assert [one["skuPartNumber"] for one in held] == ["SPE_E3"]
    assert await counts_agree(office)


async def test_as_many_as_fit_get_a_seat_and_the_rest_say_why_not(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await set_seats(office, "SPE_E3", 2)
    users = [upn(name) for name in ("ada", "bob", "cid")]
    job = await send_json(office, {"users": users, "skuPartNumber": "SPE_E3"})
    assert outcomes(job) == [("succeeded", None)] * 2 + [("failed", "noSeatLeft")]
    assert "Microsoft 365 E3" in job["rows"][2]["message"]
    assert "the 2 that were free went to others in the same change" in job["rows"][2]["message"]
    assert await holders(office, "SPE_E3") == 2


async def test_with_wait_the_rest_stand_in_line_and_get_the_next_seat(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    body = {"users": [upn("ada"), upn("bob")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"}
    job = await send_json(office, body)
    assert outcomes(job) == [("succeeded", None), ("waiting", "noSeatLeft")]
    assert job["waiting"] == 1
    gone = await send_json(
        office, {"users": [upn("ada")], "skuPartNumber": "SPE_E3", "action": "remove"}
    )
    assert outcomes(gone) == [("succeeded", None)]
    held = (await office.admin.get(f"/api/identity/users/{upn('bob')}/licenses")).json()["value"]
    assert [one["state"] for one in held] == ["Active"]


async def test_all_or_nothing_is_refused_whole_and_leaves_no_trace(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await set_seats(office, "SPE_E3", 2)
    users = [upn(name) for name in ("ada", "bob", "cid", "nobody")]
    body = {"users": users, "skuPartNumber": "SPE_E3", "fillPolicy": "allOrNothing"}
    job = await send_json(office, body)
    assert job["state"] == "failed"
    assert "2 rows" in job["error"]
    assert outcomes(job) == [
        ("failed", "siblingFailed"),
        ("failed", "siblingFailed"),
        ("failed", "noSeatLeft"),
        ("failed", "unknownUser"),
    ]
    assert "Not touched" in job["rows"][0]["message"]
    assert (job["done"], job["failed"]) == (4, 4)
    assert await holders(office, "SPE_E3") == 0
    assert await reserved_seats(office) == 0


async def test_all_or_nothing_does_all_and_keeps_no_reservation(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    body = {
        "users": [upn("ada"), upn("bob")],
        "skuPartNumber": "SPE_E3",
        "fillPolicy": "allOrNothing",
    }
    job = await send_json(office, body)
    assert (job["state"], job["succeeded"]) == ("completed", 2)
    assert await holders(office, "SPE_E3") == 2
    assert await reserved_seats(office) == 0
    assert await counts_agree(office)


async def test_all_or_nothing_moves_seats_between_people_of_one_file(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    await send_json(office, {"users": [upn("ada")], "skuPartNumber": "SPE_E3"})
    rows = [
        {"user": upn("bob"), "sku": "SPE_E3"},
        {"user": upn("ada"), "sku": "SPE_E3", "action": "remove"},
    ]
    job = await send_json(office, {"rows": rows, "fillPolicy": "allOrNothing"})
    assert outcomes(job) == [("succeeded", None)] * 2, job
    assert await holders(office, "SPE_E3") == 1
    assert await counts_agree(office)


async def test_a_template_is_given_whole_or_not_at_all(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    await set_seats(office, "VISIOCLIENT", 1)
    made = await office.admin.post(
        "/api/templates",
        json={
            "name": "Architect",
            "products": [
                {"skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]},
                {"skuPartNumber": "VISIOCLIENT"},
            ],
        },
    )
    assert made.status_code == 201, made.text
    answer = await office.admin.post(
        "/api/templates/architect/apply",
        json={"users": [upn("ada"), upn("bob")]},
        headers=DONE,
    )
    assert answer.status_code == 200, answer.text
    assert outcomes(answer.json()) == [("succeeded", None), ("failed", "noSeatLeft")]
    assert answer.json()["rows"][0]["sku"] == "Architect"
    assert "Visio" in answer.json()["rows"][1]["message"]
    assert (await holders(office, "SPE_E3"), await holders(office, "VISIOCLIENT")) == (1, 1)
    by_bulk = await send_json(office, {"users": [upn("ada")], "templateId": made.json()["id"]})
    assert by_bulk["rows"][0]["message"] == "Already assigned: no seat was used."


async def test_one_person_twice_gets_one_seat(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    job = await send_json(office, {"users": [upn("ada"), upn("ADA")], "skuPartNumber": "SPE_E3"})
    assert outcomes(job) == [("succeeded", None)] * 2
    twice = "Row 1 names the same person: no seat was used."
    assert [row["message"] for row in job["rows"]] == [None, twice]
    off = {"users": [upn("ada")], "skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]}
    changed = await send_json(office, off)
    assert "service plans were changed" in changed["rows"][0]["message"]
    assert await counts_agree(office)


async def test_a_removal_of_what_nobody_has_or_a_group_gives_is_the_rows_failure(
    office: Office,
) -> None:
    numbers = await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    group = await add_group(office, "Staff", numbers[1:])
    await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    job = await send_json(
        office,
        {"users": [upn("ada"), upn("bob")], "skuPartNumber": "SPE_E3", "action": "remove"},
    )
    assert outcomes(job) == [("failed", "notAssigned"), ("failed", "inheritedAssignment")]
    assert "Staff" in job["rows"][1]["message"]


async def test_only_who_may_assign_in_bulk_can(office: Office) -> None:
    body = {"users": [upn("ada")], "skuPartNumber": "SPE_E3"}
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.post(BULK, json=body)).status_code == 403
    administrator = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await administrator.post(BULK, json=body)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"users": []},
        {"users": ["a"], "rows": []},
        {"users": ["a"]},
        {"rows": [{"user": "a"}]},
        {"users": ["a"], "skuPartNumber": "SPE_E3", "fillPolicy": "some"},
        {"users": ["a"], "skuPartNumber": "SPE_E3", "unknown": 1},
        {"users": ["a" * 501], "skuPartNumber": "SPE_E3"},
    ],
)
async def test_a_body_that_does_not_fit_is_refused(office: Office, body: dict[str, Any]) -> None:
    answer = await office.admin.post(BULK, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), answer.text


async def test_a_ring_of_swaps_without_a_free_seat_comes_to_an_end(office: Office) -> None:
    """Three products, all seats taken; one who cannot swap must not stop the job, nor the count."""
    ring = ["SPE_E3", "SPE_F1", "ENTERPRISEPACK"]
    people = {sku: [f"{sku}{number:03}".lower() for number in range(60)] for sku in ring}
    for sku in ring:
        await add_people(office, *people[sku])
        await set_seats(office, sku, 60)
        users = [upn(name) for name in people[sku]]
        assert (await send_json(office, {"users": users, "skuPartNumber": sku}))["failed"] == 0
    # One more wants C: somebody of D is left without, then somebody of C, and so it goes round.
    a, c, d = ring
    rows = [{"user": upn(name), "sku": c} for name in people[a][:1]]
    rows += [{"user": upn(name), "sku": d} for name in people[c]]
    rows += [{"user": upn(name), "sku": c} for name in people[d]]
    job = await send_json(office, {"rows": [{**row, "action": "replace"} for row in rows]})
    assert job["state"] == "completed"
    assert {row["reason"] for row in job["rows"] if row["outcome"] == "failed"} <= {"noSeatLeft"}
    assert sum([await holders(office, sku) for sku in ring]) == 180
    assert await counts_agree(office)


async def test_who_replaces_a_product_keeps_it_where_no_seat_is_free(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "VISIOCLIENT", 1)
    await send_json(office, {"users": [upn("ada")], "skuPartNumber": "VISIOCLIENT"})
    swap = {"user": upn("ada"), "sku": "SPE_E3", "action": "replace"}
    job = await send_json(office, {"rows": [swap], "fillPolicy": "wait"})
    assert outcomes(job) == [("failed", "noSeatLeft")]
    assert (await holders(office, "VISIOCLIENT"), await holders(office, "SPE_E3")) == (1, 0)
