"""What is pending follows policies and the directory, however much it is: in bounded steps."""

from __future__ import annotations

import pytest

from tests.asking import POLICIES, SKU, URL, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.world import add_group

MANY = "seatwright.app.requests.following.ROUTED_AT_ONCE"
LOOKED_AT = "seatwright.app.requests.following.LOOKED_AT"


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people, three of whom have asked."""
    company = await set_company(office, more=("fay",))
    await company.policy()
    for name in ("cid", "dan", "eve"):
        await company.ask(name)
    return company


async def before(company: Company, name: str) -> set[str]:
    """Whose requests are before somebody."""
    answer = await (await company.of(name)).get(URL, params={"toDecide": "true"})
    assert answer.status_code == 200, answer.text
    return {row["person"]["displayName"] for row in answer.json()["value"]}


async def is_being_applied(company: Company) -> bool:
    """Whether what is pending does not go by the product's policy yet."""
    seen = (await company.office.admin.get(f"{POLICIES}/{SKU}")).json()
    return bool(seen["isBeingApplied"])


async def test_much_that_is_pending_follows_a_changed_policy_by_upkeep(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MANY, 2)
    team = await add_group(company.office, "Desk", [company.numbers["fay"]])
    body = {"approvers": {"kind": "group", "group": team}, "pendingDays": 7}
    preview = await company.office.admin.put(
        f"{POLICIES}/{SKU}", params={"preview": "true"}, json=body
    )
    assert preview.json()["result"]["isBeingApplied"], preview.text
    assert not await is_being_applied(company), "a preview changes nothing"
    await company.policy(SKU, **body)
    assert await is_being_applied(company)
    asked = (await (await company.of("cid")).get(URL)).json()["value"][0]
    late = await company.decide("bob", asked["requestId"], "approve")
    assert late.json()["code"] == "unknownRequest", "who decided before does no more"
    await company.tend()
    assert not await is_being_applied(company)
    assert await before(company, "fay") == {"cid", "dan", "eve"}
    assert (await company.line(asked["requestId"]))["dueAt"].startswith("2026-11-28")
    told = await company.told()
    assert told.count(("licenseRequestReceived", "fay")) == 3
    await company.policy(SKU)
    await company.policy(SKU, **body)
    await company.tend()
    assert await before(company, "bob") == set(), "the last change counts"
    assert (await company.told()).count(("licenseRequestReceived", "fay")) == 3, "told once"


async def test_a_default_that_much_is_pending_under_is_followed_by_upkeep(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MANY, 2)
    await company.policy(SKU)
    await company.policy(approvers={"kind": "people", "people": [upn("fay")]})
    await company.tend()
    assert await before(company, "fay") == set(), "the product has its own policy"
    assert (await company.office.admin.delete(f"{POLICIES}/{SKU}")).status_code == 204
    await company.tend()
    assert await before(company, "fay") == {"cid", "dan", "eve"}


async def test_much_that_is_pending_is_looked_at_in_turn(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOOKED_AT, 2)
    await company.office.admin.patch(
        f"/api/identity/users/{upn('bob')}", json={"accountEnabled": False}
    )
    await company.tend()
    assert await before(company, "ada") == {"cid", "dan"}
    await company.tend()
    assert await before(company, "ada") == {"cid", "dan", "eve"}
    given = await company.office.admin.post(
        f"/api/identity/users/{upn('cid')}/licenses", json={"skuPartNumber": SKU}
    )
    assert given.status_code == 201
    await company.tend()
    assert await before(company, "ada") == {"dan", "eve"}, "and then the first again"
