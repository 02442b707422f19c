"""Who may know what of license requests, and what is left of them when people are gone."""

from __future__ import annotations

import pytest

from tests.asking import POLICIES, SKU, URL, Company, set_company
from tests.office import Office
from tests.previews import upn


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people; ada holds one."""
    made = await set_company(office)
    given = await office.admin.post(
        f"/api/identity/users/{upn('ada')}/licenses", json={"skuPartNumber": "VISIOCLIENT"}
    )
    assert given.status_code == 201, given.text
    return made


async def test_what_somebody_holds_is_told_to_who_decides_and_to_no_colleague(
    company: Company,
) -> None:
    asked = await company.ask("cid", people=[upn("ada")])
    assert asked["people"][0]["holds"] == []
    assert (await company.line(asked["id"]))["holds"] == ["Visio Plan 2"], "the desk decides"
    ada = await (await company.of("ada")).get(f"{URL}/{asked['id']}")
    assert ada.json()["people"][0]["holds"] == ["Visio Plan 2"]

    async def way(name: str, of: str) -> str:
        params = {"product": "VISIOCLIENT", "person": upn(of)}
        answer = await (await company.of(name)).get(f"{URL}/process", params=params)
        return str(answer.json()["way"])

    assert await way("cid", "ada") == "approval"
    assert await way("ada", "ada") == "heldAlready"
    own = await company.ask("bob", "VISIOCLIENT")
    assert await way("ada", "bob") == "pendingAlready", "she decides about bob"
    none = await company.try_asking("cid", "VISIOCLIENT", people=[upn("ada"), upn("bob")])
    assert none.json()["code"] == "noChange"
    both = await company.ask("cid", "VISIOCLIENT", people=[upn(n) for n in ("ada", "bob", "dan")])
    assert {one["reason"] for one in both["leftOut"]} == {"noChange"}, "held or asked for: not said"
    seen = await (await company.of("ada")).get(URL, params={"toDecide": "true"})
    assert [row["holds"] for row in seen.json()["value"]] == [[]]
    assert own["id"] == seen.json()["value"][0]["requestId"]


async def test_roles_that_cannot_decide_are_no_approvers_and_the_others_do(
    company: Company,
) -> None:
    for role in ("helpdesk-administrator", "person", "app-gateway", "global-reader"):
        answer = await company.office.admin.put(
            f"{POLICIES}/default", json={"approvers": {"kind": "roles", "roles": [role]}}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), role
    await company.policy(
        alternate={"kind": "roles", "roles": ["user-administrator"]}, alternateAfterHours=1
    )
    asked = await company.ask("cid")
    company.office.clock.move(hours=2)
    await company.tend()
    eve = await company.token("eve", "user-administrator")
    answer = await eve.post(f"{URL}/{asked['id']}/decision", json={"decision": "approve"})
    assert answer.status_code == 200, answer.text
    assert await company.holds("cid") == {SKU}
    assert (await company.line(asked["id"]))["decided"]["by"] == "eve", "a person, not a token"
