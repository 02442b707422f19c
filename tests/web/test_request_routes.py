"""Who decides follows the directory and the policies while a request is pending."""

from __future__ import annotations

import pytest

from tests.asking import OTHER, SKU, URL, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, call_of


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def set_manager(company: Company, name: str, manager: str) -> None:
    """Give somebody another manager."""
    async with call_of(company.office) as call:
        await call.tx.connection.execute(
            "update app_user set manager_no = %s where tenant_id = %s and user_no = %s",
            (company.numbers[manager], call.tx.tenant_id, company.numbers[name]),
        )


async def set_enabled(company: Company, name: str, *, is_enabled: bool) -> None:
    """Let somebody sign in, or not."""
    answer = await company.office.admin.patch(
        f"/api/identity/users/{upn(name)}", json={"accountEnabled": is_enabled}
    )
    assert answer.status_code == 200, answer.text


async def test_a_request_follows_the_manager_and_tells_the_new_one(company: Company) -> None:
    asked = await company.ask("cid")
    await company.policy(OTHER, approvers={"kind": "manager", "level": 2})
    second = await company.ask("dan", OTHER)
    await set_manager(company, "cid", "eve")
    early = await company.decide("bob", asked["id"], "approve")
    assert early.json()["code"] == "unknownRequest", "before time has passed it on"
    await company.tend()
    assert (await company.line(asked["id"]))["approvers"] == ["eve"]
    assert (await company.line(second["id"]))["approvers"] == ["ada"], "she is still above"
    assert (await company.decide("bob", asked["id"], "approve")).status_code == 404
    assert ("licenseRequestReceived", "eve") in await company.told()

    await set_enabled(company, "eve", is_enabled=False)
    await company.tend()
    assert (await company.line(asked["id"]))["approvers"] == ["bob"], "one level further up"
    told = await company.told()
    await company.tend()
    assert await company.told() == told, "nobody is told twice"
    assert (await company.decide("bob", asked["id"], "approve")).status_code == 200


async def test_a_changed_policy_tells_who_decides_now_and_starts_the_alternates_time(
    company: Company,
) -> None:
    asked = await company.ask("cid")
    company.office.clock.move(hours=2)
    await company.policy(
        approvers={"kind": "people", "people": [upn("eve")]},
        alternate={"kind": "people", "people": [upn("ada")]},
        alternateAfterHours=4,
        pendingDays=2,
    )
    assert ("licenseRequestReceived", "eve") in await company.told()
    line = await company.line(asked["id"])
    assert line["dueAt"].startswith("2026-11-23T09:00"), "counted from when it was asked"
    company.office.clock.move(hours=3)
    await company.tend()
    assert ("licenseRequestEscalated", "ada") in await company.told()
    await company.policy(
        approvers={"kind": "people", "people": [upn("dan")]},
        alternate={"kind": "people", "people": [upn("bob")]},
        alternateAfterHours=1,
    )
    assert ("licenseRequestReceived", "dan") in await company.told()
    assert (await company.decide("ada", asked["id"], "approve")).status_code == 404
    await company.tend()
    assert ("licenseRequestEscalated", "bob") in await company.told(), "its hour was over"
    assert (await company.decide("bob", asked["id"], "approve")).status_code == 200


async def test_a_request_before_a_group_of_nobody_goes_to_the_fallback(company: Company) -> None:
    team = await add_group(company.office, "Desk", [company.numbers["eve"]])
    await company.policy(
        approvers={"kind": "group", "group": team},
        fallback={"kind": "people", "people": [upn("ada")]},
    )
    asked = await company.ask("cid")
    assert (await company.line(asked["id"]))["approvers"] == ["eve"]
    await set_enabled(company, "eve", is_enabled=False)
    await company.tend()
    assert (await company.line(asked["id"]))["approvers"] == ["ada"]
    assert ("licenseRequestReceived", "ada") in await company.told()


async def undo(company: Company, name: str, request: str) -> int:
    """The status of somebody's undoing of an approval."""
    answer = await (await company.of(name)).post(f"{URL}/{request}/undo", json={})
    return answer.status_code


async def test_the_manager_of_today_undoes_and_the_one_of_yesterday_sees_nothing(
    company: Company,
) -> None:
    asked, other = await company.ask("cid"), await company.ask("cid", OTHER)
    assert (await company.decide("bob", asked["id"], "approve")).status_code == 200
    await set_manager(company, "cid", "eve")
    bob, eve = await company.of("bob"), await company.of("eve")
    assert (await bob.get(f"{URL}/{asked['id']}")).status_code == 404
    assert await undo(company, "bob", asked["id"]) == 404
    assert (await bob.post(f"{URL}/{other['id']}/cancel", json={})).status_code == 404
    assert await company.holds("cid") == {SKU}
    assert (await eve.get(f"{URL}/{asked['id']}")).status_code == 200
    assert await undo(company, "eve", asked["id"]) == 200
    assert await company.holds("cid") == set()
    assert (await company.decide("eve", other["id"], "deny")).status_code == 200


async def test_an_alternate_who_is_a_manager_follows_the_managers(company: Company) -> None:
    await company.policy(
        approvers={"kind": "people", "people": [upn("eve")]},
        alternate={"kind": "manager"},
        alternateAfterHours=2,
    )
    asked = await company.ask("cid")
    company.office.clock.move(hours=3)
    await company.tend()
    await set_manager(company, "cid", "ada")
    late = await company.decide("bob", asked["id"], "approve")
    assert late.json()["code"] == "unknownRequest", "no manager of cid any more"
    await company.tend()
    assert ("licenseRequestEscalated", "ada") in await company.told()
    assert (await company.decide("ada", asked["id"], "approve")).status_code == 200


async def test_a_changed_policy_leaves_the_alternate_their_say(company: Company) -> None:
    alternate = {"kind": "people", "people": [upn("ada")]}
    await company.policy(alternate=alternate, alternateAfterHours=2)
    asked = await company.ask("cid")
    company.office.clock.move(hours=3)
    await company.tend()
    await company.policy(alternate=alternate, alternateAfterHours=2, licenseDays=90)
    assert (await company.decide("ada", asked["id"], "approve")).status_code == 200


async def test_where_only_the_person_is_left_who_can_decide_others_do(company: Company) -> None:
    await company.policy(
        approvers={"kind": "people", "people": [upn("cid"), upn("eve")]},
        fallback={"kind": "manager"},
    )
    asked = await company.ask("cid")
    await set_enabled(company, "eve", is_enabled=False)
    await company.tend()
    assert (await company.line(asked["id"]))["approvers"] == ["bob"]
    assert ("licenseRequestReceived", "bob") in await company.told()


async def test_what_came_before_the_administrators_goes_to_a_manager_who_came_later(
    company: Company,
) -> None:
    await company.policy(fallback={"kind": "people", "people": [upn("dan")]})
    for_want = await company.ask("ada")
    await set_manager(company, "ada", "eve")
    await company.tend()
    assert (await company.line(for_want["id"]))["approvers"] == ["eve"]
    await company.policy()
    await set_manager(company, "bob", "bob")
    asked = await company.ask("bob")
    assert (await company.line(asked["id"]))["approvers"][0].startswith("whoever is")
    await set_manager(company, "bob", "eve")
    await company.tend()
    assert (await company.line(asked["id"]))["approvers"] == ["eve"]
