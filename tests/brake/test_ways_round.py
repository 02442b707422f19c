"""Ways round the brake that lead nowhere: races, small calls, undoing, and helpers made for it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.app import undo as undoing
from seatwright.app.many_brake import brake_plan
from seatwright.app.reconcile_many import plan_many
from seatwright.domain.errors import ChangeReason
from tests.brake.scene import (
    E3,
    E5,
    empty_by_import,
    executive_team,
    license_group,
    pending,
    rows,
    second_admin,
)
from tests.bulk import holders, outcomes, send_json, upn
from tests.conftest import Database
from tests.gaps import watching_gaps
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

STRANDED = (
    "select count(*) from assignment a where a.tenant_id = %s and a.source_kind = 4 and not exists"
    " (select from effective_license l where l.tenant_id = a.tenant_id and l.user_no = a.user_no"
    " and l.sku_no = a.sku_no)"
)


async def staffed(office: Office, count: int, *, sku: str = E5) -> list[str]:
    """People who hold a product by their own name since more than an hour ago."""
    await set_seats(office, sku, count + 100)
    await add_people(office, *(f"p{number}" for number in range(count)))
    people = [upn(f"p{number}") for number in range(count)]
    await send_json(office, {"users": people, "skuPartNumber": sku})
    office.clock.move(minutes=62)
    return people


async def remove(office: Office, people: list[str], sku: str = E5) -> dict[str, Any]:
    return await send_json(office, {"users": people, "skuPartNumber": sku, "action": "remove"})


async def undo(office: Office, job: str, client: httpx.AsyncClient | None = None) -> httpx.Response:
    office.clock.move(minutes=1)
    return await (client or office.admin).post(f"/api/jobs/{job}/undo")


async def decide(client: httpx.AsyncClient, held: str, **body: object) -> httpx.Response:
    return await client.post(f"/api/held-changes/{held}/approve", json=body)


async def test_undoing_ones_own_undo_of_a_held_removal_takes_nothing(office: Office) -> None:
    people = await staffed(office, 30)
    job = await remove(office, people)
    first = (await undo(office, job["id"])).json()
    assert (await holders(office, E5), await pending(office)) == (30, [])

    again = await undo(office, first["id"])

    assert again.status_code == 202, again.text
    assert (await holders(office, E5), len(await pending(office))) == (30, 1)


async def test_giving_again_what_is_held_and_undoing_that_takes_nothing(office: Office) -> None:
    people = await staffed(office, 30)
    await remove(office, people)
    office.clock.move(minutes=1)
    body = {"users": people, "skuPartNumber": E5, "disabledServicePlans": ["YAMMER_ENTERPRISE"]}
    given = await send_json(office, body)
    assert await pending(office) == []

    undone = await undo(office, given["id"])

    assert undone.status_code == 202, undone.text
    assert (await holders(office, E5), len(await pending(office))) == (30, 1)


async def test_two_racing_callers_of_one_principal_count_each_other(office: Office) -> None:
    people = await staffed(office, 40)
    calls = [office.admin.delete(f"/api/identity/users/{one}/licenses/{E5}") for one in people[:30]]
    answers = await asyncio.gather(*calls)
    assert sorted(one.status_code for one in answers) == [202] * 20 + [204] * 10
    assert (await holders(office, E5), await counts_agree(office)) == (30, True)
    assert len(await pending(office)) == 20


async def test_a_file_that_takes_gives_and_takes_again_holds_each_person_once(
    office: Office,
) -> None:
    people = await staffed(office, 30)
    taking = [{"user": one, "sku": E5, "action": "remove"} for one in people]
    giving = [{"user": one, "sku": E5, "action": "add"} for one in people]
    await send_json(office, {"rows": [*taking, *giving, *taking]})
    found = await pending(office)
    assert [one["people"] for one in found] == [30]
    assert await holders(office, E5) == 30


async def test_whoever_is_alone_is_not_shut_out_by_a_colleague_they_invite_late(
    office: Office,
) -> None:
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    office.clock.move(minutes=15)
    late = await second_admin(office, "made late")
    assert (await decide(late, held)).json()["code"] == "ownChange"
    done = await decide(office.admin, held, count=30)
    assert (done.status_code, await holders(office, E5)) == (200, 0), done.text


async def test_a_token_made_by_a_token_made_for_it_is_no_second_person(office: Office) -> None:
    group = await executive_team(office, 30)
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    held = (await pending(office))[0]["id"]
    office.clock.move(minutes=1)
    straw = await second_admin(office, "straw man")
    office.clock.move(minutes=1)
    made = await straw.post(
        "/api/tokens", json={"name": "his man", "roles": ["global-administrator"]}
    )
    helper = office.client(made.json()["token"])
    found = (await office.admin.get("/api/tokens")).json()["value"]
    revoked = next(one["id"] for one in found if one["name"] == "straw man")
    assert (await office.admin.delete(f"/api/tokens/{revoked}")).status_code == 204
    refused = await decide(helper, held)
    assert (refused.status_code, refused.json()["code"]) == (403, "ownChange")


async def test_an_emptied_group_is_caught_although_the_hour_has_room_for_it(
    office: Office,
) -> None:
    await staffed(office, 400)
    group = await executive_team(office, 16, seats=600)
    answer = await empty_by_import(office, group, keeping="exec0")
    # 15 of 416 people are less than 5 %, and one is left in the group.
    assert (answer.status_code, await holders(office, E5)) == (200, 401), answer.text
    office.clock.move(minutes=62)
    other = await add_group(
        office, "Contractors", await add_people(office, *(f"c{n}" for n in range(15)))
    )
    await license_group(office, other, E5)
    await add_people(office, "newcomer")

    emptied = await empty_by_import(office, other, keeping="newcomer")

    assert (emptied.status_code, await holders(office, E5)) == (202, 417), emptied.text
    assert (await pending(office))[0]["sentence"] == (
        "All 15 members of Contractors were removed: Microsoft 365 E5 would be taken from"
        " 15 people."
    )


async def test_undoing_somebody_elses_swap_is_a_swap(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await staffed(office, 30, sku=E3)
    await set_seats(office, E5, 30)
    job = await send_json(office, {"users": people, "skuPartNumber": E5, "action": "replace"})
    assert (await holders(office, E3), await holders(office, E5)) == (0, 30)
    other = await second_admin(office)
    office.clock.move(minutes=62)
    # Three rows a slice: what one person gets and loses is never in two of them.
    monkeypatch.setattr(undoing, "SLICE_ROWS", 3)
    with watching_gaps(database.owner_url, E3, E5):
        undone = await undo(office, job["id"], other)
    assert undone.status_code == 200, undone.text
    assert set(outcomes(undone.json())) == {("succeeded", None)}
    assert (await holders(office, E3), await holders(office, E5)) == (30, 0)
    assert await rows(office, STRANDED) == [(0,)]


async def test_a_hold_gives_nothing_back_to_whom_lost_it_since_it_was_planned(
    office: Office,
) -> None:
    people = await staffed(office, 30)
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "delete from assignment where tenant_id = %s", (call.tx.tenant_id,)
        )
    async with call_of(office) as call:
        plan = await plan_many(call, {}, retry=False)
    assert (await office.admin.delete(f"/api/identity/users/{people[0]}")).status_code == 204
    async with call_of(office) as call:
        assert await brake_plan(call, plan, reason=ChangeReason.RECONCILED)
    assert await rows(office, STRANDED) == [(0,)]
    assert [one["people"] for one in await pending(office)] == [29]
