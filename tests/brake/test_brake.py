"""The brake: large removals wait, nobody loses anything meanwhile, and somebody else decides."""

from __future__ import annotations

import asyncio
from typing import Any

from seatwright.domain.roles import Role
from tests.brake.scene import (
    E5,
    empty_by_import,
    executive_team,
    license_group,
    members,
    pending,
    rows,
    second_admin,
)
from tests.bulk import holders, send_json, upn
from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats

SENTENCE = (
    "All 156 members of Executive Team were removed: Microsoft 365 E5 would be taken from"
    " 156 people."
)


async def decide(client: Any, held: str, how: str, **body: object) -> Any:
    return await client.post(f"/api/held-changes/{held}/{how}", json=body)


async def test_an_import_that_empties_a_group_takes_nothing_until_a_second_person_approves(
    office: Office,
) -> None:
    other = await second_admin(office)
    group = await executive_team(office)
    await add_people(office, "newcomer")

    answer = await empty_by_import(office, group, keeping="newcomer")

    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["reason"], told["answer"]["removed"]) == ("heldForApproval", 156)
    assert [one["sentence"] for one in told["heldChanges"]] == [SENTENCE]
    assert answer.headers["seatwright-held-changes"] == told["heldChanges"][0]["id"]
    assert (await members(office, group), await holders(office, E5)) == (1, 157)
    held = (await pending(office))[0]
    own = await decide(office.admin, held["id"], "approve")
    assert (own.status_code, own.json()["code"]) == (403, "ownChange")
    done = await decide(other, held["id"], "approve")
    assert (done.status_code, done.json()["state"], done.json()["revoked"]) == (
        200,
        "approved",
        156,
    )
    assert (await holders(office, E5), await counts_agree(office)) == (1, True)
    again = await decide(other, held["id"], "reject")
    assert (again.status_code, again.json()["code"]) == (409, "alreadyDecided")
    assert "was approved by “second”" in again.json()["detail"]


async def test_a_group_that_stops_giving_is_named(office: Office) -> None:
    group = await executive_team(office)
    answer = await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]
    assert (answer.status_code, answer.headers["seatwright-held-changes"]) == (202, held["id"])
    assert held["sentence"] == (
        "Executive Team stopped giving Microsoft 365 E5: Microsoft 365 E5 would be taken from"
        " 156 people."
    )


async def test_a_group_that_is_taken_out_of_another_is_named(office: Office) -> None:
    await set_seats(office, E5, 100)
    outer = await add_group(office, "Leadership")
    inner = await add_group(
        office, "Executive Team", await add_people(office, *(f"e{n}" for n in range(30)))
    )
    await office.admin.post(f"/api/identity/groups/{outer}/members", json={"groups": [inner]})
    await license_group(office, outer, E5)
    assert await holders(office, E5) == 30
    answer = await office.admin.delete(f"/api/identity/groups/{outer}/members/{inner}")
    assert (answer.status_code, await holders(office, E5)) == (202, 30)
    assert answer.json()["answer"] is None
    assert (await pending(office))[0]["sentence"].startswith(
        "Executive Team was taken out of Leadership: "
    )


async def test_a_rejection_puts_the_members_back(office: Office) -> None:
    other = await second_admin(office)
    group = await executive_team(office)
    await add_people(office, "newcomer")
    await empty_by_import(office, group, keeping="newcomer")
    held = (await pending(office))[0]
    seen = (await office.admin.get(f"/api/held-changes/{held['id']}")).json()
    assert (seen["pending"], seen["seatsFreed"]) == (156, 156)
    assert seen["ifRejected"].startswith("A rejection puts back 156 memberships")

    done = await decide(other, held["id"], "reject")

    assert (done.status_code, done.json()["putBack"]) == (200, 156), done.text
    assert (await members(office, group), await holders(office, E5)) == (157, 157)
    assert (
        await rows(office, "select 1 from assignment where tenant_id = %s and source_kind=4") == []
    )
    people = (await office.admin.get(f"/api/held-changes/{held['id']}/people?limit=2")).json()
    assert [one["outcome"] for one in people["value"]] == ["putBack", "putBack"]
    assert people["nextCursor"] is not None


async def test_what_cannot_be_put_back_is_kept_by_name_and_told(office: Office) -> None:
    other = await second_admin(office)
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    await office.admin.delete(f"/api/identity/groups/{group}")
    held = (await pending(office))[0]
    done = (await decide(other, held["id"], "reject")).json()
    assert (done["ownNow"], await holders(office, E5)) == (30, 30)
    people = (await office.admin.get(f"/api/held-changes/{held['id']}/people?limit=1")).json()
    assert people["value"][0]["message"].endswith("it is an assignment of their own now.")


async def test_ten_an_hour_go_and_the_eleventh_waits(office: Office) -> None:
    await set_seats(office, E5, 100)
    await add_people(office, *(f"p{n}" for n in range(40)))
    await send_json(office, {"users": [upn(f"p{n}") for n in range(40)], "skuPartNumber": E5})
    path = "/api/identity/users/{}/licenses/" + E5
    answers = [await office.admin.delete(path.format(upn(f"p{n}"))) for n in range(11)]
    assert [one.status_code for one in answers] == [204] * 10 + [202]
    seen = (await office.admin.get(f"/api/identity/users/{upn('p10')}/licenses")).json()["value"]
    source = seen[0]["sources"][0]
    assert (seen[0]["state"], source["kind"]) == ("Active", "hold")
    assert source["hold"]["id"] == answers[10].json()["heldChanges"][0]["id"]
    # Asked for again it is what it was, and nothing more is held.
    again = await office.admin.delete(path.format(upn("p10")))
    assert again.status_code == 204
    assert len(await pending(office)) == 1
    office.clock.move(minutes=62)
    later = await office.admin.delete(path.format(upn("p11")))
    assert (later.status_code, await holders(office, E5)) == (204, 29)
    other = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await other.delete(path.format(upn("p12")))).status_code == 204


async def test_rows_of_a_bulk_job_say_that_they_are_held(office: Office) -> None:
    await set_seats(office, E5, 100)
    people = [upn(f"p{n}") for n in range(30)]
    await add_people(office, *(f"p{n}" for n in range(30)))
    await send_json(office, {"users": people, "skuPartNumber": E5})
    job = await send_json(office, {"users": people, "skuPartNumber": E5, "action": "remove"})
    assert {(row["outcome"], row["reason"]) for row in job["rows"]} == {
        ("succeeded", "heldForApproval")
    }
    assert await holders(office, E5) == 30
    assert (await pending(office))[0]["sentence"] == (
        "Microsoft 365 E5 was unassigned from 30 people: Microsoft 365 E5 would be taken from 30"
        " people."
    )


async def test_swaps_deletions_and_expired_licenses_never_wait(office: Office) -> None:
    await set_seats(office, E5, 100)
    await set_seats(office, "SPE_E3", 100)
    people = [upn(f"p{n}") for n in range(30)]
    await add_people(office, *(f"p{n}" for n in range(30)))
    await send_json(office, {"users": people, "skuPartNumber": E5})
    swapped = await send_json(
        office, {"users": people, "skuPartNumber": "SPE_E3", "action": "replace"}
    )
    assert swapped["succeeded"] == 30
    assert (await holders(office, E5), await holders(office, "SPE_E3")) == (0, 30)
    for person in people[:15]:
        assert (await office.admin.delete(f"/api/identity/users/{person}")).status_code == 204
    assert (await holders(office, "SPE_E3"), await pending(office)) == (15, [])


async def test_a_hold_ends_by_itself_when_the_wish_comes_back(office: Office) -> None:
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]
    await license_group(office, group, E5)
    assert await pending(office) == []
    seen = (await office.admin.get(f"/api/held-changes/{held['id']}")).json()
    assert (seen["state"], seen["kept"], await holders(office, E5)) == ("ended", 30, 30)


async def test_who_is_alone_decides_after_15_minutes_with_the_count(office: Office) -> None:
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    early = await decide(office.admin, held, "approve", count=30)
    assert (early.status_code, early.json()["code"]) == (409, "tooEarly")
    office.clock.move(minutes=15)
    for body in ({}, {"count": 29}):
        refused = await decide(office.admin, held, "approve", **body)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert await holders(office, E5) == 30
    done = await decide(office.admin, held, "approve", count=30)
    assert (done.status_code, await holders(office, E5)) == (200, 0)


async def test_a_token_made_after_the_change_by_its_maker_is_no_second_person(
    office: Office,
) -> None:
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    office.clock.move(minutes=1)
    late = await second_admin(office, "made for this")
    refused = await decide(late, held, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "ownChange")


async def test_approved_seats_go_to_whoever_waits(office: Office) -> None:
    other = await second_admin(office)
    group = await executive_team(office, 30, seats=30)
    waiting = await add_people(office, "waits")
    late = await add_group(office, "Late", waiting)
    await license_group(office, late, E5)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    assert (await other.get(f"/api/held-changes/{held}")).json()["waiting"] == 1
    await decide(other, held, "approve")
    assert await holders(office, E5) == 1


async def test_of_two_who_decide_at_once_one_is_told_that_it_is_decided(office: Office) -> None:
    second, third = await second_admin(office), await second_admin(office, "third")
    group = await executive_team(office)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    answers = await asyncio.gather(decide(second, held, "approve"), decide(third, held, "approve"))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert (await holders(office, E5), await counts_agree(office)) == (0, True)


async def test_the_brake_can_be_switched_off(office: Office) -> None:
    await office.admin.patch("/api/settings", json={"brakeOnRemovals": False})
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    assert (await holders(office, E5), await pending(office)) == (0, [])
