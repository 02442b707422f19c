"""Undoing a call or a job: wishes as they were, seat by seat, and told what cannot be undone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from seatwright.app import undo
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.roles import Role
from seatwright.postgres.jobs import open_jobs
from tests.books import audit
from tests.brake.scene import (
    E3,
    E5,
    empty_by_import,
    executive_team,
    license_group,
    members,
    pending,
    rows,
    second_admin,
)
from tests.bulk import holders, outcomes, send_json, upn
from tests.conftest import Database
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

WISHES = (
    "select user_no, group_no, sku_no, disabled_set, strategy, source_kind, source_no, priority,"
    " starts_at, expires_at, created_at from assignment where tenant_id = %s order by 1, 2, 3"
)
MEMBERSHIPS = "select user_no, group_no, since from membership where tenant_id = %s order by 1, 2"
PLACES = (
    "select user_no, sku_no, priority, waiting_since from license_error where tenant_id = %s"
    " and reason = 'noSeatLeft' order by 1, 2"
)
HELD = (
    "select user_no, sku_no, enabled_set from effective_license where tenant_id = %s order by 1,2"
)


async def state(office: Office) -> list[Any]:
    """Everything that an undo promises to put back."""
    return [await rows(office, query) for query in (WISHES, MEMBERSHIPS, PLACES, HELD)]


async def undo_call(office: Office, answer: Any, client: Any = None) -> Any:
    correlation = answer.headers["x-correlation-id"]
    path = f"/api/history/changes/{correlation}/undo"
    return await (client or office.admin).post(path)


async def undo_job_of(office: Office, job: str, **headers: str) -> Any:
    return await office.admin.post(f"/api/jobs/{job}/undo", headers=headers)


async def no_brake(office: Office) -> None:
    answer = await office.admin.patch("/api/settings", json={"brakeOnRemovals": False})
    assert answer.status_code == 200


async def staffed(office: Office, count: int, *, seats: int = 100) -> list[str]:
    await set_seats(office, E5, seats)
    await add_people(office, *(f"p{number}" for number in range(count)))
    return [upn(f"p{number}") for number in range(count)]


async def test_an_undone_bulk_job_leaves_everything_as_it_was(office: Office) -> None:
    people = await staffed(office, 4)
    await office.admin.post(
        f"/api/identity/users/{people[0]}/licenses",
        json={
            "skuPartNumber": E5,
            "disabledServicePlans": ["YAMMER_ENTERPRISE"],
            "priority": 7,
            "expiresAt": "2027-01-01T00:00:00Z",
        },
    )
    before = await state(office)
    office.clock.move(hours=1)
    rows_ = [
        {"user": people[0], "sku": E5, "disabledServicePlans": []},
        {"user": people[1], "sku": E5},
        {"user": people[2], "sku": E5},
    ]
    job = await send_json(office, {"rows": rows_})
    assert await holders(office, E5) == 3
    office.clock.move(hours=1)

    answer = await undo_job_of(office, job["id"])

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["kind"], done["state"], done["succeeded"]) == ("undo", "completed", 3)
    assert await state(office) == before
    assert await counts_agree(office)
    history = await office.admin.get(
        "/api/identity/licenses/assignment-history", params={"job": done["id"], "kind": "all"}
    )
    told = {row["reason"] for row in history.json()["value"]}
    assert told == {"undone"}


async def test_an_undo_happens_once_and_can_itself_be_undone(office: Office) -> None:
    people = await staffed(office, 3)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    after = await state(office)
    first = await undo_job_of(office, job["id"])
    second = await undo_job_of(office, job["id"])
    assert (second.status_code, second.json()["code"]) == (409, "alreadyDecided")
    assert second.json()["jobId"] == first.json()["id"]
    assert await holders(office, E5) == 0
    again = await undo_job_of(office, first.json()["id"])
    assert (again.status_code, await state(office)) == (200, after)


async def test_whoever_lost_a_seat_by_the_batch_gets_it_back(office: Office) -> None:
    await no_brake(office)
    people = await staffed(office, 5, seats=2)
    await send_json(office, {"users": people[:2], "skuPartNumber": E5})
    office.clock.move(hours=1)
    job = await send_json(office, {"users": people[:2], "skuPartNumber": E5, "action": "remove"})
    undone = (await undo_job_of(office, job["id"])).json()
    assert outcomes(undone) == [("succeeded", None)] * 2
    assert (await holders(office, E5), await counts_agree(office)) == (2, True)


async def test_who_finds_their_seat_gone_waits_in_their_old_place(office: Office) -> None:
    await no_brake(office)
    people = await staffed(office, 4, seats=2)
    await send_json(office, {"users": people[:2], "skuPartNumber": E5})
    since = office.clock.now()
    office.clock.move(hours=1)
    await send_json(office, {"users": [people[2]], "skuPartNumber": E5, "fillPolicy": "wait"})
    office.clock.move(hours=1)
    job = await send_json(office, {"users": [people[0]], "skuPartNumber": E5, "action": "remove"})
    office.clock.move(hours=1)
    await send_json(office, {"users": [people[3]], "skuPartNumber": E5, "fillPolicy": "wait"})
    undone = (await undo_job_of(office, job["id"])).json()
    assert outcomes(undone) == [("waiting", "noSeatLeft")]
    places = await office.admin.get(f"/api/identity/licenses/{E5}/waiting-list")
    line = [one["user"]["userPrincipalName"] for one in places.json()["value"]]
    assert line == [people[0], people[3]]
    assert since in {row[3] for row in await rows(office, PLACES)}
    # The next seat is theirs, although they came back last.
    await set_seats(office, E5, 3)
    await office.admin.post(f"/api/identity/users/{people[0]}/reprocess")
    assert await holders(office, E5) == 3


async def test_what_somebody_changed_since_stays_and_they_are_named(office: Office) -> None:
    people = await staffed(office, 2)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    other = await second_admin(office, "Ada's token")
    changed = await other.patch(
        f"/api/identity/users/{people[0]}/licenses/{E5}", json={"priority": 3}
    )
    assert changed.status_code == 200
    undone = (await undo_job_of(office, job["id"])).json()
    assert outcomes(undone) == [("failed", "worldMoved"), ("succeeded", None)]
    assert "by Ada's token on 2026-11-21 09:00 UTC" in undone["rows"][0]["message"]
    assert await holders(office, E5) == 1


async def test_an_emptied_group_is_filled_again_by_undoing_the_import(office: Office) -> None:
    group = await executive_team(office)
    before = await state(office)
    await add_people(office, "newcomer")
    answer = await empty_by_import(office, group, keeping="newcomer")
    undone = await undo_call(office, answer)
    assert undone.status_code == 200, undone.text
    assert (undone.json()["total"], undone.json()["succeeded"]) == (157, 157)
    assert await state(office) == before
    assert (await members(office, group), await pending(office)) == (156, [])


async def test_a_group_license_is_undone_with_the_licenses_of_its_members(office: Office) -> None:
    await no_brake(office)
    group = await executive_team(office, 30)
    before = await state(office)
    path = f"/api/identity/groups/{group}/licenses"
    removed = await office.admin.delete(f"{path}/{E5}")
    assert await holders(office, E5) == 0
    undone = await undo_call(office, removed)
    assert (undone.status_code, undone.json()["succeeded"]) == (200, 1), undone.text
    assert await state(office) == before
    given = await office.admin.post(path, json={"skuPartNumber": E3})
    await set_seats(office, E3, 50)
    assert (await undo_call(office, given)).status_code == 200
    assert await state(office) == before


async def test_a_group_that_is_gone_is_told(office: Office) -> None:
    people = await staffed(office, 2)
    group = await add_group(office, "Team", [])
    joined = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": people}
    )
    left = await office.admin.delete(f"/api/identity/groups/{group}/members/{people[0]}")
    await office.admin.delete(f"/api/identity/groups/{group}")
    undone = (await undo_call(office, left)).json()
    assert outcomes(undone) == [("failed", "unknownGroup")]
    # Nobody is in it any more, and that is what undoing the joining would come to.
    assert outcomes((await undo_call(office, joined)).json()) == [("succeeded", None)] * 2


async def test_undoing_needs_what_the_change_needed(office: Office) -> None:
    people = await staffed(office, 1)
    group = await add_group(office, "Team", [])
    joined = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": people}
    )
    refused = await undo_call(office, joined, await office.as_role(Role.LICENSE_ADMINISTRATOR))
    assert (refused.status_code, refused.json()["code"]) == (403, "roleMissing")
    done = await undo_call(office, joined, await office.as_role(Role.GROUPS_ADMINISTRATOR))
    assert (done.status_code, await members(office, group)) == (200, 0)


async def test_only_changes_of_wishes_in_the_last_30_days_can_be_undone(office: Office) -> None:
    people = await staffed(office, 1)
    renamed = await office.admin.patch(
        f"/api/identity/users/{people[0]}", json={"jobTitle": "Boss"}
    )
    assert (await undo_call(office, renamed)).json()["code"] == "unknownChange"
    given = await office.admin.post(
        f"/api/identity/users/{people[0]}/licenses", json={"skuPartNumber": E5}
    )
    office.clock.move(days=30, minutes=1)
    assert (await undo_call(office, given)).status_code == 404
    tenant = office.made.tenant.tenant_id
    await tend_tenant(Workshop(database=office.database, clock=office.clock), tenant)
    assert await rows(office, "select 1 from wish_change where tenant_id = %s") == []


async def test_your_own_change_is_undone_without_the_brake_for_an_hour(office: Office) -> None:
    people = await staffed(office, 30)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    assert (await undo_job_of(office, job["id"])).json()["succeeded"] == 30
    assert (await holders(office, E5), await pending(office)) == (0, [])
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    office.clock.move(minutes=61)
    late = await undo_job_of(office, job["id"])
    assert (late.status_code, await holders(office, E5)) == (202, 30)
    assert late.json()["answer"]["rows"][0]["reason"] == "heldForApproval"


async def test_a_preview_of_an_undo_changes_nothing(office: Office) -> None:
    people = await staffed(office, 3)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    before = await state(office)
    seen = await office.admin.post(f"/api/jobs/{job['id']}/undo", params={"preview": "true"})
    assert seen.status_code == 200, seen.text
    assert len(seen.json()["changes"]) == 3
    assert await state(office) == before
    applied = await office.admin.post(
        f"/api/jobs/{job['id']}/undo", headers={"if-match": f'"{seen.json()["digest"]}"'}
    )
    assert (applied.status_code, await holders(office, E5)) == (200, 0), applied.text


async def test_a_large_undo_goes_on_after_a_crash_between_its_slices(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await staffed(office, 600, seats=700)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    monkeypatch.setattr(undo, "SLICE_ROWS", 100)
    started = await undo_job_of(office, job["id"])
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    tenant = office.made.tenant.tenant_id
    workshop = Workshop(database=office.database, clock=office.clock)
    async with call_of(office) as call:
        number = (await open_jobs(call.tx))[0].job_no
    turns = iter([True, True, True])
    # The worker dies with its third slice done; another one finds the job where it was.
    await work_job(workshop, tenant, number, goes_on=lambda: next(turns, False))
    assert await holders(office, E5) == 300
    early = await undo_job_of(office, started.json()["id"])
    assert (early.status_code, early.json()["code"]) == (409, "stillRunning")
    await work_job(workshop, tenant, number)
    ended = (await office.admin.get(f"/api/jobs/{started.json()['id']}")).json()
    assert (ended["state"], ended["succeeded"], ended["done"]) == ("completed", 600, 600)
    assert await holders(office, E5) == 0
    assert audit(database.owner_url, tenant) == []


async def test_undoing_while_others_assign_oversells_nothing(
    office: Office, database: Database
) -> None:
    await no_brake(office)
    people = await staffed(office, 60, seats=20)
    await send_json(office, {"users": people[:20], "skuPartNumber": E5})
    job = await send_json(office, {"users": people[:20], "skuPartNumber": E5, "action": "remove"})
    others = [
        office.admin.post(f"/api/identity/users/{person}/licenses", json={"skuPartNumber": E5})
        for person in people[20:]
    ]
    answers = await asyncio.gather(undo_job_of(office, job["id"]), *others)
    undone = answers[0].json()
    given = sum(answer.status_code == 201 for answer in answers[1:])
    assert undone["failed"] == 0
    assert undone["succeeded"] + given == 20 == await holders(office, E5)
    assert audit(database.owner_url, office.made.tenant.tenant_id) == []


async def test_of_two_who_undo_at_once_one_does(office: Office) -> None:
    people = await staffed(office, 20)
    job = await send_json(office, {"users": people, "skuPartNumber": E5})
    answers = await asyncio.gather(*(undo_job_of(office, job["id"]) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await holders(office, E5), await counts_agree(office)) == (0, True)


async def test_an_expired_wish_does_not_come_back(office: Office) -> None:
    people = await staffed(office, 1)
    ends = office.clock.now() + timedelta(days=2)
    await office.admin.post(
        f"/api/identity/users/{people[0]}/licenses",
        json={"skuPartNumber": E5, "expiresAt": ends.isoformat()},
    )
    gone = await office.admin.delete(f"/api/identity/users/{people[0]}/licenses/{E5}")
    office.clock.move(days=3)
    undone = (await undo_call(office, gone)).json()
    assert outcomes(undone) == [("failed", "noChange")]
    assert undone["rows"][0]["message"] == "Its expiry date has passed meanwhile."


async def test_a_cut_nesting_is_put_back(office: Office) -> None:
    await set_seats(office, E5, 20)
    outer, inner = await add_group(office, "Outer"), None
    inner = await add_group(office, "Inner", await add_people(office, "a", "b"))
    await office.admin.post(f"/api/identity/groups/{outer}/members", json={"groups": [inner]})
    await license_group(office, outer, E5)
    cut = await office.admin.delete(f"/api/identity/groups/{outer}/members/{inner}")
    assert (cut.status_code, await holders(office, E5)) == (204, 0)
    undone = await undo_call(office, cut)
    assert (undone.json()["succeeded"], await holders(office, E5)) == (1, 2)


async def test_what_is_put_back_and_gives_nothing_is_told(office: Office) -> None:
    await no_brake(office)
    people = await staffed(office, 2, seats=2)
    group = await add_group(office, "Team", [])
    path = f"/api/identity/groups/{group}"
    await license_group(office, group, E5)
    await office.admin.post(f"{path}/members", json={"users": people})
    left = await office.admin.delete(f"{path}/members/{people[0]}")
    unlicensed = await office.admin.delete(f"{path}/licenses/{E5}")
    await set_seats(office, E5, 0)
    again = (await undo_call(office, unlicensed)).json()
    assert again["rows"][0]["message"] == (
        "Put back, but 1 member does not get it as things are now: the errors of the group say why."
    )
    back = (await undo_call(office, left)).json()
    assert outcomes(back) == [("waiting", "noSeatLeft")]
    assert await holders(office, E5) == 0


async def test_a_preview_of_an_undo_tells_of_no_places_that_are_given_and_left_again(
    office: Office,
) -> None:
    await no_brake(office)
    people = await staffed(office, 3)
    await send_json(office, {"users": people, "skuPartNumber": E5})
    office.clock.move(minutes=1)
    job = await send_json(office, {"users": people, "skuPartNumber": E5, "action": "remove"})
    seen = await office.admin.post(f"/api/jobs/{job['id']}/undo", params={"preview": "true"})
    assert (len(seen.json()["changes"]), seen.json()["errors"]) == (3, [])
