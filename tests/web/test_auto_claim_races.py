"""Two administrators change policies at the same time, while people claim under them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.app.auto_claim.apps import hold_app
from tests.launching import APPS, FLOWS, RPA, Stage, set_stage
from tests.moves import license_group
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

URL = "/api/auto-claim/policies"
BACKUP = "DYN365_ENTERPRISE_SALES"
PEOPLE = tuple(f"p{number:02}" for number in range(24))


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with two dozen people."""
    await add_people(office, *PEOPLE)
    return await set_stage(office, seats=30)


async def other_administrator(stage: Stage) -> httpx.AsyncClient:
    """A second global administrator."""
    made = await stage.office.admin.post(
        "/api/tokens", json={"name": "other", "roles": ["global-administrator"]}
    )
    return stage.office.client(made.json()["token"])


async def flows(stage: Stage) -> dict[str, Any]:
    """A policy for flows with two backups."""
    return await stage.policy("powerAutomatePerUser", FLOWS, RPA, BACKUP)


async def test_an_app_gets_one_policy_however_many_make_one_at_once(stage: Stage) -> None:
    other = await other_administrator(stage)
    answers = await asyncio.gather(
        *(
            admin.post(URL, json={"name": f"Policy {number}", "app": "powerApps"})
            for number, admin in enumerate((stage.office.admin, other) * 4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7
    assert all(a.json()["code"] == "invalidValue" for a in answers if a.status_code == 400)
    assert len((await stage.office.admin.get(URL)).json()["value"]) == 1


async def test_one_of_two_gets_a_name(stage: Stage) -> None:
    first, second = await stage.policy("powerApps"), await flows(stage)
    other = await other_administrator(stage)
    answers = await asyncio.gather(
        stage.office.admin.patch(f"{URL}/{first['id']}", json={"name": "Makers"}),
        other.patch(f"{URL}/{second['id']}", json={"name": "makers"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 400]


async def test_reordering_and_removing_at_once_leave_an_order_of_what_is_left(
    stage: Stage,
) -> None:
    made, other = await flows(stage), await other_administrator(stage)
    url = f"{URL}/{made['id']}"
    answers = await asyncio.gather(
        stage.office.admin.post(f"{url}/order", json={"product": BACKUP, "move": "up"}),
        other.delete(f"{url}/products/{RPA}"),
        stage.office.admin.post(f"{url}/order", json={"products": [FLOWS, BACKUP, RPA]}),
        other.patch(url, json={"claimsMax": 9}),
    )
    assert all(answer.status_code < 500 for answer in answers)
    seen = (await stage.office.admin.get(url)).json()
    order = [one["skuPartNumber"] for one in seen["products"]]
    assert [one["backup"] for one in seen["products"]] == list(range(len(order)))
    assert order[0] == FLOWS
    assert len(set(order)) == len(order)


async def test_who_changes_a_policy_that_is_deleted_meanwhile_is_told(stage: Stage) -> None:
    made, other = await flows(stage), await other_administrator(stage)
    url = f"{URL}/{made['id']}"
    changed, deleted = await asyncio.gather(
        stage.office.admin.patch(url, json={"claimsMax": 3}), other.delete(url)
    )
    assert deleted.status_code == 204
    assert changed.status_code in {200, 404}
    late = await stage.office.admin.patch(url, json={"claimsMax": 3})
    assert (late.status_code, late.json()["code"]) == (404, "unknownPolicy")
    assert (await stage.launch("p00", "flowSave", flow="Premium flow")).json()["reason"] == (
        "noPolicy"
    )


async def test_no_more_than_the_cap_claim_while_it_is_changed(stage: Stage) -> None:
    made, other = await stage.policy("powerApps", claimsMax=3), await other_administrator(stage)

    async def change(client: httpx.AsyncClient, *caps: int) -> None:
        for cap in caps:
            answer = await client.patch(f"{URL}/{made['id']}", json={"claimsMax": cap})
            assert answer.status_code == 200, answer.text

    launches, _, _ = await asyncio.gather(
        asyncio.gather(*(stage.launch(name) for name in PEOPLE)),
        change(stage.office.admin, 5, 4, 6),
        change(other, 6, 2, 5),
    )
    outcomes = [answer.json()["outcome"] for answer in launches]
    # All of them may come while the cap is at its lowest.
    assert 2 <= outcomes.count("granted") <= 6
    refusals = {a.json()["reason"] for a in launches if a.status_code != 200}
    assert refusals == {"policyCapReached"}
    assert await stage.count("select count(*) from claim") == outcomes.count("granted")
    assert await counts_agree(stage.office)


async def test_what_is_turned_off_gives_nothing_from_its_answer_on(stage: Stage) -> None:
    made, other = await stage.policy("powerApps"), await other_administrator(stage)
    for name in PEOPLE[:6]:
        await stage.change(made, status="on")
        early, off = await asyncio.gather(
            stage.launch(f"{name}"),
            other.patch(f"{URL}/{made['id']}", json={"status": "off"}),
        )
        assert off.status_code == 200
        is_given = early.json()["outcome"] == "granted"
        assert is_given or early.json()["reason"] == "policyOff"
        late = await stage.launch(name)
        assert late.json()["outcome"] == ("alreadyEntitled" if is_given else "denied")
        assert await stage.holds(name) == ({APPS: (2, 5)} if is_given else {})


async def test_an_app_that_is_deleted_while_its_policy_is_made_gets_none(stage: Stage) -> None:
    needs = [{"skuPartNumber": APPS}]
    await stage.make("platform/apps", displayName="Wiki", kind="other", requires=needs)
    body = {"name": "Readers", "app": "Wiki", "products": needs}
    async with call_of(stage.office) as call:
        await call.tx.connection.execute(
            "delete from app where tenant_id = %s and name = 'Wiki'", (call.tx.tenant_id,)
        )
        making = asyncio.create_task(stage.office.admin.post(URL, json=body))
        await asyncio.sleep(0.7)
        assert not making.done()
    answer = await making
    assert (answer.status_code, answer.json()["code"]) == (404, "unknownApp")


async def test_an_app_stays_while_a_policy_is_made_for_it(stage: Stage) -> None:
    needs = [{"skuPartNumber": APPS}]
    await stage.make("platform/apps", displayName="Wiki", kind="other", requires=needs)
    async with call_of(stage.office) as call:
        await hold_app(call, "Wiki")
        deleting = asyncio.create_task(stage.office.admin.delete("/api/platform/apps/Wiki"))
        await asyncio.sleep(0.7)
        assert not deleting.done()
    assert (await deleting).status_code == 204


async def through_a_group(stage: Stage, seats: int, **fields: Any) -> str:
    """A policy that delivers Power Apps through a group that gives it; the policy's id."""
    group = await add_group(stage.office, "Makers")
    await license_group(stage.office, group, APPS)
    await set_seats(stage.office, APPS, seats)
    made = await stage.policy("powerApps", group=group, **fields)
    return str(made["id"])


@pytest.mark.parametrize(("seats", "cap"), [(5, None), (30, 5)])
async def test_no_more_people_join_the_group_of_a_policy_than_there_is_room_for(
    stage: Stage, seats: int, cap: int | None
) -> None:
    await through_a_group(stage, seats, claimsMax=cap)
    answers = await asyncio.gather(*(stage.launch(name) for name in PEOPLE[:10] * 2))
    outcomes = [answer.json()["outcome"] for answer in answers]
    assert outcomes.count("granted") == 5
    reasons = {one.json()["reason"] for one in answers if one.json()["outcome"] == "denied"}
    assert reasons == {"noSeatLeft" if cap is None else "policyCapReached"}
    assert await stage.count("select count(*) from claim") == 5
    assert await stage.count("select count(*) from membership") == 5
    assert await stage.count("select count(*) from license_error") == 0
    assert await counts_agree(stage.office)


async def test_who_claims_through_a_group_while_it_is_taken_back_has_it_or_has_it_not(
    stage: Stage,
) -> None:
    policy = await through_a_group(stage, 30)
    url = f"{URL}/{policy}"
    for name in PEOPLE[:4]:
        await stage.launch(name)
        launched, taken = await asyncio.gather(
            stage.launch(name),
            stage.office.admin.post(f"{url}/unassign", json={"users": [f"{name}@contoso.example"]}),
        )
        assert taken.status_code == 200, taken.text
        is_again = launched.json()["outcome"] == "granted"
        assert set(await stage.holds(name)) == ({APPS} if is_again else set())
        rows = (await stage.office.admin.get(f"{url}/claims")).json()["value"]
        states = [one["state"] for one in rows if one["user"]["displayName"] == name]
        assert len(states) == 1 + is_again
        assert ("held" in states) == is_again
    assert await counts_agree(stage.office)
