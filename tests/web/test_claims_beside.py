"""Claims beside what is given by hand or through a group: none of them changes another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bulk import DONE
from tests.launching import APPS, Stage, set_stage
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree

LICENSES = "/api/identity/users/ada@contoso.example/licenses"
PLAN = "POWERAPPS_PER_USER"


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage on which Ada has claimed Power Apps."""
    await add_people(office, "ada", "bo")
    made = await set_stage(office)
    await made.policy("powerApps")
    assert (await made.launch("ada")).json()["outcome"] == "granted"
    return made


async def wishes(stage: Stage) -> list[tuple[Any, ...]]:
    """Source kind, strategy and disabled set of Ada's own assignments."""
    async with call_of(stage.office) as call:
        cursor = await call.tx.connection.execute(
            "select source_kind, strategy, disabled_set from assignment where user_no is not null"
            " order by source_kind"
        )
        return await cursor.fetchall()


async def policy_id(stage: Stage) -> str:
    rows = (await stage.office.admin.get("/api/auto-claim/policies")).json()["value"]
    return str(rows[0]["id"])


async def holder(stage: Stage) -> dict[str, Any]:
    rows = (await stage.office.admin.get(f"/api/identity/licenses/{APPS}/holders")).json()["value"]
    assert len(rows) == 1
    found: dict[str, Any] = rows[0]
    return found


async def test_what_is_given_by_hand_stands_beside_the_claim(stage: Stage) -> None:
    claim = (await wishes(stage))[0]
    answer = await stage.office.admin.post(LICENSES, json={"skuPartNumber": APPS})
    assert answer.status_code == 200, answer.text
    assert [one["strategy"] for one in answer.json()["sources"]] == ["manual", "on_demand"]
    by_hand, claimed = await wishes(stage)
    assert by_hand[:2] == (0, 1)
    assert claimed == claim
    assert await counts_agree(stage.office)


async def test_the_claim_goes_and_what_is_given_by_hand_stays(stage: Stage) -> None:
    await stage.office.admin.post(LICENSES, json={"skuPartNumber": APPS})
    answer = await stage.office.admin.post(
        f"/api/auto-claim/policies/{await policy_id(stage)}/unassign",
        json={"users": ["ada@contoso.example"]},
    )
    assert answer.json()["value"][0]["outcome"] == "stillGiven"
    assert [one[0] for one in await wishes(stage)] == [0]
    assert (await holder(stage))["strategy"] == "manual"
    assert await counts_agree(stage.office)


async def test_service_plans_that_are_off_by_hand_stay_on_by_the_claim(stage: Stage) -> None:
    body = {"skuPartNumber": APPS, "disabledServicePlans": [PLAN]}
    answer = await stage.office.admin.post(LICENSES, json=body)
    assert answer.status_code == 200, answer.text
    assert (await holder(stage))["disabledServicePlans"] == []
    changed = await stage.office.admin.patch(f"{LICENSES}/{APPS}", json={"priority": 5})
    assert changed.status_code == 200, changed.text
    assert (await holder(stage))["disabledServicePlans"] == []
    assert (await stage.launch("ada")).json()["outcome"] == "alreadyEntitled"


async def test_removing_the_product_takes_all_that_stands_on_the_person(stage: Stage) -> None:
    await stage.office.admin.post(LICENSES, json={"skuPartNumber": APPS})
    assert (await stage.office.admin.delete(f"{LICENSES}/{APPS}")).status_code == 204
    assert await wishes(stage) == []
    assert await stage.holds("ada") == {}


async def test_who_claimed_is_listed_apart_from_those_who_were_given(stage: Stage) -> None:
    """T-078."""
    url = "/api/identity/users/bo@contoso.example/licenses"
    assert (await stage.office.admin.post(url, json={"skuPartNumber": APPS})).status_code == 201
    holders = f"/api/identity/licenses/{APPS}/holders"
    for strategy, name in (("on_demand", "ada"), ("manual", "bo")):
        answer = await stage.office.admin.get(holders, params={"strategy": strategy})
        rows = answer.json()["value"]
        assert [row["user"]["displayName"] for row in rows] == [name]
        assert {row["strategy"] for row in rows} == {strategy}
    for wrong in ({"strategy": "luck"}, {"strategy": "manual", "count": "true"}):
        refused = await stage.office.admin.get(holders, params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")


async def test_after_a_move_to_a_group_the_group_is_what_gives(stage: Stage) -> None:
    group = await add_group(stage.office, "Makers")
    given = await stage.office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": APPS}
    )
    assert given.status_code == 202
    began = (await holder(stage))["since"]
    stage.office.clock.move(hours=1)
    moved = await stage.office.admin.post(
        f"/api/auto-claim/policies/{await policy_id(stage)}/move",
        json={"users": ["ada@contoso.example"], "group": group},
        headers=DONE,
    )
    assert moved.status_code == 200, moved.text
    row = await holder(stage)
    assert (row["strategy"], row["source"]["kind"]) == ("group", "group")
    before = await stage.office.admin.get(
        f"/api/identity/licenses/{APPS}/holders", params={"at": began}
    )
    assert [one["strategy"] for one in before.json()["value"]] == ["on_demand"]
    assert await counts_agree(stage.office)
