"""Releasing what nobody uses, after notice and with a keep button; alerts before seats run out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from seatwright.app.auto_claim.policies import require_policy
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from seatwright.domain.roles import Role
from seatwright.postgres.auto_claim_use import note_uses
from seatwright.postgres.users import find_users
from tests.auto_claim import URL, buy, give_claim, make, turn_on
from tests.office import Office
from tests.world import add_people, call_of, counts_agree

APPS = "POWERAPPS_PER_USER"
NOTICES = "/api/auto-claim/notices"


@pytest.fixture
async def makers(office: Office) -> dict[str, Any]:
    """A policy that releases after 30 days, a week after notice, and two people who claimed."""
    await add_people(office, "ada", "bob")
    await turn_on(office)
    made = await make(office, releaseAfterDays=30, noticeDays=7)
    await buy(office, APPS, 10)
    await give_claim(office, "Makers", "ada", "bob")
    return made


async def tick(office: Office) -> None:
    await tend_tenant(
        Workshop(database=office.database, clock=office.clock), office.made.tenant.tenant_id
    )


async def use(office: Office, name: str) -> None:
    """What a launch notes of somebody who had the license already."""
    async with call_of(office) as call:
        policy = await require_policy(call, "Makers")
        found = await find_users(call.tx, [f"{name}@contoso.example"])
        pairs = [(user, policy.products[0].sku) for user in found.values()]
        await note_uses(call.tx, pairs, at=call.now)


async def notices(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.admin.get(NOTICES)).json()["value"]
    return found


async def holders(office: Office) -> list[str]:
    found = (await office.admin.get(f"/api/identity/licenses/{APPS}/holders")).json()["value"]
    return sorted(one["user"]["displayName"] for one in found)


@pytest.mark.usefixtures("makers")
async def test_what_nobody_uses_is_announced_and_then_released(office: Office) -> None:
    office.clock.move(days=22)
    await tick(office)
    assert await notices(office) == []
    office.clock.move(days=1)
    await tick(office)
    await tick(office)
    told = await notices(office)
    assert sorted(one["user"]["displayName"] for one in told) == ["ada", "bob"]
    assert {(one["kind"], one["dueAt"], one["outcome"]) for one in told} == {
        ("release", "2026-12-21T09:00:00Z", None)
    }
    office.clock.move(days=6, hours=23)
    await tick(office)
    assert await holders(office) == ["ada", "bob"]
    office.clock.move(hours=1)
    await tick(office)
    assert await holders(office) == []
    assert {one["outcome"] for one in await notices(office)} == {"released"}
    rows = (
        await office.admin.get(
            "/api/identity/licenses/assignment-history?action=removed&reason=reclaimed"
        )
    ).json()["value"]
    assert sorted(row["user"]["displayName"] for row in rows) == ["ada", "bob"]
    await counts_agree(office)


@pytest.mark.usefixtures("makers")
async def test_who_is_told_late_is_not_released_early(office: Office) -> None:
    office.clock.move(days=90)
    await tick(office)
    assert {one["dueAt"] for one in await notices(office)} == {"2027-02-26T09:00:00Z"}
    assert await holders(office) == ["ada", "bob"]
    office.clock.move(days=7)
    await tick(office)
    assert await holders(office) == []


@pytest.mark.usefixtures("makers")
async def test_who_uses_it_keeps_it_and_hears_nothing(office: Office) -> None:
    office.clock.move(days=20)
    await use(office, "ada")
    office.clock.move(days=10)
    await tick(office)
    assert [one["user"]["displayName"] for one in await notices(office)] == ["bob"]
    office.clock.move(days=7)
    await tick(office)
    assert await holders(office) == ["ada"]


@pytest.mark.usefixtures("makers")
async def test_using_it_after_the_notice_ends_the_notice(office: Office) -> None:
    office.clock.move(days=25)
    await tick(office)
    await use(office, "ada")
    office.clock.move(days=7)
    await tick(office)
    assert await holders(office) == ["ada"]
    assert {one["user"]["displayName"]: one["outcome"] for one in await notices(office)} == {
        "ada": "used",
        "bob": "released",
    }


@pytest.mark.usefixtures("makers")
async def test_the_keep_button_begins_the_time_anew(office: Office) -> None:
    office.clock.move(days=25)
    await tick(office)
    (ada,) = [one for one in await notices(office) if one["user"]["displayName"] == "ada"]
    kept = await office.admin.post(f"{NOTICES}/{ada['id']}/keep")
    assert (kept.status_code, kept.json()["outcome"]) == (200, "kept")
    again = await office.admin.post(f"{NOTICES}/{ada['id']}/keep")
    assert (again.status_code, again.json()["code"]) == (409, "alreadyDecided")
    office.clock.move(days=7)
    await tick(office)
    assert await holders(office) == ["ada"]
    office.clock.move(days=15)
    await tick(office)
    assert [one for one in await notices(office) if one["outcome"] is None] == []
    office.clock.move(days=1)
    await tick(office)
    (second,) = [one for one in await notices(office) if one["outcome"] is None]
    assert second["user"]["displayName"] == "ada"


@pytest.mark.usefixtures("makers")
async def test_a_notice_is_kept_by_its_holder_and_by_nobody_elses_person(office: Office) -> None:
    office.clock.move(days=25)
    await tick(office)
    (notice, _) = await notices(office)
    async with await office.as_role(Role.PERSON) as stranger:
        assert (await stranger.get(NOTICES)).json()["value"] == []
        for notice_id in (notice["id"], str(uuid4())):
            answer = await stranger.post(f"{NOTICES}/{notice_id}/keep")
            assert (answer.status_code, answer.json()["code"]) == (404, "unknownNotice")
    async with await office.as_role(Role.GLOBAL_READER) as reader:
        assert len((await reader.get(NOTICES)).json()["value"]) == 2
        assert (await reader.post(f"{NOTICES}/{notice['id']}/keep")).status_code == 404
    async with await office.as_role(Role.LICENSE_ADMINISTRATOR) as administrator:
        assert (await administrator.post(f"{NOTICES}/{notice['id']}/keep")).status_code == 200


@pytest.mark.usefixtures("makers")
@pytest.mark.parametrize("what", ["policy", "feature"])
async def test_what_is_turned_off_takes_nothing(office: Office, what: str) -> None:
    office.clock.move(days=25)
    await tick(office)
    if what == "policy":
        await office.admin.patch(f"{URL}/Makers", json={"status": "off"})
    else:
        await office.admin.patch("/api/auto-claim/settings", json={"enabled": False})
    office.clock.move(days=30)
    await tick(office)
    assert await holders(office) == ["ada", "bob"]


@pytest.mark.usefixtures("makers")
async def test_a_policy_without_the_days_never_releases(office: Office) -> None:
    await office.admin.patch(f"{URL}/Makers", json={"releaseAfterDays": None})
    office.clock.move(days=400)
    await tick(office)
    assert await notices(office) == []
    assert await holders(office) == ["ada", "bob"]


@pytest.mark.usefixtures("makers")
async def test_a_claim_that_went_another_way_ends_its_notice(office: Office) -> None:
    office.clock.move(days=25)
    await tick(office)
    await office.admin.post(f"{URL}/Makers/unassign", json={"users": ["ada@contoso.example"]})
    office.clock.move(days=7)
    await tick(office)
    assert {one["user"]["displayName"]: one["outcome"] for one in await notices(office)} == {
        "ada": "gone",
        "bob": "released",
    }


@pytest.mark.usefixtures("makers")
async def test_an_alert_comes_once_before_the_pool_is_empty(office: Office) -> None:
    await office.admin.patch(f"{URL}/Makers", json={"alertBelow": 8, "releaseAfterDays": None})
    await tick(office)
    assert await notices(office) == []
    await add_people(office, "cid")
    await give_claim(office, "Makers", "cid")
    for _ in range(2):
        await tick(office)
    (alert,) = await notices(office)
    assert (alert["kind"], alert["seatsFree"], alert["user"]) == ("seats", 7, None)
    assert (await office.admin.get(f"{URL}/Makers")).json()["isLow"] is True
    await buy(office, APPS, 1)
    await tick(office)
    (ended,) = await notices(office)
    assert ended["outcome"] == "filled"
    await add_people(office, "dot")
    await give_claim(office, "Makers", "dot")
    await tick(office)
    assert [one["outcome"] for one in await notices(office)] == [None, "filled"]
