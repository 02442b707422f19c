"""Taking claims back while somebody else acts on the same ones: what is answered is what is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from seatwright.app.auto_claim.notices import keep
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.groups import find_groups
from tests.bulk import DONE
from tests.launching import APPS, Stage, set_stage
from tests.moves import license_group
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

POLICIES = "/api/auto-claim/policies"
NOTICES = "/api/auto-claim/notices"
MEANWHILE = 0.7
"""Seconds in which a call comes as far as it can while somebody holds what it waits for."""


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with three people."""
    await add_people(office, "ada", "bob", "cid")
    return await set_stage(office)


async def tick(stage: Stage) -> None:
    office = stage.office
    await tend_tenant(
        Workshop(database=office.database, clock=office.clock), office.made.tenant.tenant_id
    )


@asynccontextmanager
async def seats_held(stage: Stage, sku: str = APPS) -> AsyncIterator[None]:
    """Somebody moves seats of a product, and has not ended yet."""
    async with call_of(stage.office) as call:
        await call.tx.connection.execute(
            "select from sku_pool join sku using (tenant_id, sku_no) where part_number = %s"
            " for update of sku_pool",
            (sku,),
        )
        yield


async def through_a_group(stage: Stage, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A policy that delivers Power Apps through a group that gives it."""
    group = await add_group(stage.office, "Makers")
    given = await stage.office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": APPS}
    )
    assert given.status_code == 202, given.text
    return group, await stage.policy("powerApps", group=group, **fields)


async def claim(stage: Stage, *names: str) -> None:
    for name in names:
        answer = await stage.launch(name)
        assert answer.json()["outcome"] == "granted", answer.text


async def unassign(stage: Stage, policy: dict[str, Any], *names: str) -> list[str]:
    answer = await stage.office.admin.post(
        f"{POLICIES}/{policy['id']}/unassign",
        json={"users": [f"{name}@contoso.example" for name in names]},
    )
    assert answer.status_code == 200, answer.text
    return [one["outcome"] for one in answer.json()["value"]]


async def removed_rows(stage: Stage) -> list[str]:
    """Why something was removed, from the history of assignments."""
    url = "/api/identity/licenses/assignment-history?action=removed"
    rows = (await stage.office.admin.get(url)).json()["value"]
    return [row["reason"] for row in rows]


async def notices(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await stage.office.admin.get(NOTICES)).json()["value"]
    return found


async def test_two_who_take_the_same_claim_at_once_are_one_removal(stage: Stage) -> None:
    made = await stage.policy("powerApps")
    await claim(stage, "ada")
    async with seats_held(stage):
        both = [asyncio.create_task(unassign(stage, made, "ada")) for _ in range(2)]
        await asyncio.sleep(MEANWHILE)
    assert sorted(await asyncio.gather(*both)) == [["notClaimed"], ["unassigned"]]
    assert await removed_rows(stage) == ["unassigned"]
    assert await counts_agree(stage.office)


async def test_taking_back_through_a_group_waits_for_who_changes_the_group_and_holds_no_seat(
    stage: Stage,
) -> None:
    group, made = await through_a_group(stage)
    await claim(stage, "ada")
    async with call_of(stage.office) as call:
        number = (await find_groups(call.tx, (group,)))[group]
        await hold_groups(call.tx, (number,), is_exclusive=True)
        waiting = asyncio.create_task(unassign(stage, made, "ada"))
        await asyncio.sleep(MEANWHILE)
        assert not waiting.done()
        # Would be refused if the seats were held: groups come before pools, everywhere.
        await call.tx.connection.execute("select from sku_pool for update nowait")
    assert await waiting == ["unassigned"]
    assert await stage.holds("ada") == {}


async def due(stage: Stage) -> dict[str, Any]:
    """Ada's claim is to be released now; the notice that said so."""
    await stage.policy("powerApps", releaseAfterDays=30, noticeDays=7)
    await claim(stage, "ada")
    stage.office.clock.move(days=24)
    await tick(stage)
    stage.office.clock.move(days=8)
    (notice,) = await notices(stage)
    return notice


async def test_who_keeps_a_license_while_it_is_released_is_told_that_it_is_gone(
    stage: Stage,
) -> None:
    notice = await due(stage)
    async with seats_held(stage):
        release = asyncio.create_task(tick(stage))
        await asyncio.sleep(MEANWHILE)
        keeping = asyncio.create_task(stage.office.admin.post(f"{NOTICES}/{notice['id']}/keep"))
        await asyncio.sleep(MEANWHILE)
    await release
    answer = await keeping
    assert (answer.status_code, answer.json()["code"]) == (409, "alreadyDecided")
    assert await stage.holds("ada") == {}
    assert [one["outcome"] for one in await notices(stage)] == ["released"]


async def test_a_release_waits_for_who_keeps_and_takes_nothing_then(stage: Stage) -> None:
    notice = await due(stage)
    async with call_of(stage.office) as call:
        await keep(call, UUID(notice["id"]))
        release = asyncio.create_task(tick(stage))
        await asyncio.sleep(MEANWHILE)
        assert not release.done()
    await release
    assert await stage.holds("ada") == {APPS: (2, 5)}
    assert [one["outcome"] for one in await notices(stage)] == ["kept"]


async def test_who_uses_a_license_while_its_release_waits_keeps_it(stage: Stage) -> None:
    await due(stage)
    async with seats_held(stage):
        release = asyncio.create_task(tick(stage))
        await asyncio.sleep(MEANWHILE)
        assert (await stage.launch("ada")).json()["outcome"] == "alreadyEntitled"
    await release
    assert await stage.holds("ada") == {APPS: (2, 5)}
    assert [one["outcome"] for one in await notices(stage)] == ["used"]


async def test_who_unassigns_what_is_being_released_takes_it_no_second_time(stage: Stage) -> None:
    notice = await due(stage)
    made = {"id": notice["policy"]}
    async with seats_held(stage):
        release = asyncio.create_task(tick(stage))
        await asyncio.sleep(MEANWHILE)
        taking = asyncio.create_task(unassign(stage, made, "ada"))
        await asyncio.sleep(MEANWHILE)
    await release
    taken = await taking
    reasons = await removed_rows(stage)
    assert (taken, reasons) in ((["notClaimed"], ["reclaimed"]), (["unassigned"], ["unassigned"]))
    outcome = "released" if reasons == ["reclaimed"] else "gone"
    assert [one["outcome"] for one in await notices(stage)] == [outcome]
    assert await counts_agree(stage.office)


async def test_a_membership_that_is_given_by_hand_is_no_claim(stage: Stage) -> None:
    group, made = await through_a_group(stage, claimsMax=1)
    await claim(stage, "ada")
    members = f"/api/identity/groups/{group}/members"
    gone = await stage.office.admin.delete(f"{members}/ada@contoso.example")
    assert gone.status_code < 300, gone.text
    stage.office.clock.move(days=1)
    back = await stage.office.admin.post(members, json={"users": ["ada@contoso.example"]})
    assert back.status_code < 300, back.text
    answer = await stage.office.admin.post(
        f"{POLICIES}/{made['id']}/unassign", json={"users": ["ada@contoso.example"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "notAssigned")
    assert await stage.holds("ada") == {APPS: (1, 3)}
    seen = (await stage.office.admin.get(f"{POLICIES}/{made['id']}")).json()
    assert seen["holders"] == 0
    # Nor does it count for the cap.
    await claim(stage, "bob")
    assert (await stage.launch("cid")).json()["reason"] == "policyCapReached"


async def test_what_was_given_by_hand_is_never_released_for_want_of_use(stage: Stage) -> None:
    group, _ = await through_a_group(stage, releaseAfterDays=30, noticeDays=7)
    await claim(stage, "ada")
    members = f"/api/identity/groups/{group}/members"
    await stage.office.admin.delete(f"{members}/ada@contoso.example")
    stage.office.clock.move(days=1)
    await stage.office.admin.post(members, json={"users": ["ada@contoso.example"]})
    for _ in range(2):
        stage.office.clock.move(days=40)
        await tick(stage)
    assert await notices(stage) == []
    assert await stage.holds("ada") == {APPS: (1, 3)}


CROWD = tuple(f"p{number:02}" for number in range(12))


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_a_release_that_the_brake_holds_is_called_held_and_not_released(
    stage: Stage, decision: str
) -> None:
    await add_people(stage.office, *CROWD)
    await set_seats(stage.office, APPS, 20)
    await stage.policy("powerApps", releaseAfterDays=30, noticeDays=7)
    await claim(stage, *CROWD)
    stage.office.clock.move(days=24)
    await tick(stage)
    stage.office.clock.move(days=8)
    await tick(stage)
    assert [one["outcome"] for one in await notices(stage)] == ["heldForApproval"] * len(CROWD)
    assert set(await stage.holds("p00")) == {APPS}
    (held,) = (await stage.office.admin.get("/api/held-changes")).json()["value"]
    decided = await stage.office.admin.post(f"/api/held-changes/{held['id']}/{decision}", json={})
    assert decided.status_code < 300, decided.text
    assert await stage.holds("p00") == ({} if decision == "approve" else {APPS: (2, 5)})
    # Whom a rejection leaves the license has the whole time again.
    stage.office.clock.move(days=22)
    await tick(stage)
    assert [one for one in await notices(stage) if one["outcome"] is None] == []
    stage.office.clock.move(days=2)
    await tick(stage)
    again = [one for one in await notices(stage) if one["outcome"] is None]
    assert len(again) == (0 if decision == "approve" else len(CROWD))


@pytest.mark.parametrize(
    "change", [{"releaseAfterDays": 365}, {"releaseAfterDays": None}, {"status": "off"}, None]
)
async def test_a_notice_ends_when_its_policy_no_longer_says_so(
    stage: Stage, change: dict[str, Any] | None
) -> None:
    notice = await due(stage)
    url = f"{POLICIES}/{notice['policy']}"
    if change is None:
        assert (await stage.office.admin.delete(url)).status_code == 204
    else:
        assert (await stage.office.admin.patch(url, json=change)).status_code == 200
    assert [one["outcome"] for one in await notices(stage)] == ["gone"]
    keeping = await stage.office.admin.post(f"{NOTICES}/{notice['id']}/keep")
    assert keeping.status_code == 409
    await tick(stage)
    assert await stage.holds("ada") == {APPS: (2, 5)}


async def test_a_notice_stays_when_something_else_of_its_policy_changes(stage: Stage) -> None:
    notice = await due(stage)
    answer = await stage.office.admin.patch(
        f"{POLICIES}/{notice['policy']}", json={"claimsMax": 9, "releaseAfterDays": 30}
    )
    assert answer.status_code == 200
    assert [one["outcome"] for one in await notices(stage)] == [None]


async def test_turning_the_feature_off_ends_every_notice(stage: Stage) -> None:
    notice = await due(stage)
    await stage.office.admin.patch(f"{POLICIES}/{notice['policy']}", json={"alertBelow": 99})
    await set_seats(stage.office, APPS, 2)
    await stage.office.admin.post(f"{NOTICES}/{notice['id']}/keep")
    await tick(stage)
    assert [one["kind"] for one in await notices(stage) if one["outcome"] is None] == ["seats"]
    await stage.turn(on=False)
    assert {one["outcome"] for one in await notices(stage)} == {"kept", "gone"}


async def test_a_policy_that_is_turned_off_while_it_releases_waits_for_that(stage: Stage) -> None:
    notice = await due(stage)
    async with seats_held(stage):
        release = asyncio.create_task(tick(stage))
        await asyncio.sleep(MEANWHILE)
        turning = asyncio.create_task(
            stage.office.admin.patch(f"{POLICIES}/{notice['policy']}", json={"status": "off"})
        )
        await asyncio.sleep(MEANWHILE)
        assert not turning.done()
    await release
    assert (await turning).status_code == 200
    assert [one["outcome"] for one in await notices(stage)] == ["released"]


async def test_a_policy_is_turned_off_and_renamed_though_its_group_gives_the_product_no_more(
    stage: Stage,
) -> None:
    group, made = await through_a_group(stage)
    url = f"{POLICIES}/{made['id']}"
    taken = await stage.office.admin.delete(f"/api/identity/groups/{group}/licenses/{APPS}")
    assert taken.status_code in {202, 204}, taken.text
    for change in ({"name": "Was for makers"}, {"claimsMax": 3}, {"status": "off"}):
        answer = await stage.office.admin.patch(url, json=change)
        assert answer.status_code == 200, answer.text
    # What would begin to give, or to give otherwise, is asked of the group again.
    for change in ({"status": "on"}, {"group": group}):
        answer = await stage.office.admin.patch(url, json=change)
        assert answer.json()["code"] == "notAssigned", answer.text


async def test_a_group_of_a_deleted_policy_may_get_a_rule(stage: Stage) -> None:
    group, made = await through_a_group(stage)
    url = f"/api/identity/groups/{group}"
    rule = {"membershipRule": '(user.department -eq "x")', "membershipRuleProcessingState": "On"}
    refused = await stage.office.admin.patch(url, json=rule)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    await stage.office.admin.delete(f"{POLICIES}/{made['id']}")
    answer = await stage.office.admin.patch(url, json=rule)
    assert answer.status_code == 200, answer.text


async def test_a_release_and_a_move_of_one_claim_at_once_are_one_of_the_two(stage: Stage) -> None:
    notice = await due(stage)
    await license_group(stage.office, await add_group(stage.office, "Licensed"), APPS)
    body = {"users": ["ada@contoso.example"], "group": "Licensed"}
    async with seats_held(stage):
        both = (
            asyncio.create_task(tick(stage)),
            asyncio.create_task(
                stage.office.admin.post(
                    f"{POLICIES}/{notice['policy']}/move", json=body, headers=DONE
                )
            ),
        )
        await asyncio.sleep(MEANWHILE)
    await both[0]
    answer = await both[1]
    (ended,) = {one["outcome"] for one in await notices(stage)}
    if ended == "released":
        assert await removed_rows(stage) == ["reclaimed"]
    else:
        assert (ended, answer.status_code) == ("gone", 200)
        assert set(await stage.holds("ada")) == {APPS}
        assert "reclaimed" not in await removed_rows(stage)
    assert await counts_agree(stage.office)
