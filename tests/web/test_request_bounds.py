"""Where requests end: whose they are, how many may be open, and when their time is over."""

from __future__ import annotations

import httpx
import pytest

from tests.asking import OTHER, SKU, URL, WHY, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, set_seats


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def people_of(client: httpx.AsyncClient, **params: str) -> list[str]:
    """The people of the queue as somebody sees it."""
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [row["person"]["displayName"] for row in answer.json()["value"]]


async def test_who_is_nobody_of_the_directory_sees_and_cancels_what_it_asked(
    company: Company,
) -> None:
    onboarding = await company.token("onboarding", "person")
    other = await company.token("another", "person")
    body = {"skuPartNumber": SKU, "justification": WHY, "people": [upn("cid")]}
    asked = (await onboarding.post(URL, json=body)).json()
    assert await people_of(onboarding) == ["cid"]
    assert await people_of(onboarding, mine="true") == ["cid"]
    assert await people_of(other) == []
    assert (await other.get(f"{URL}/{asked['id']}")).status_code == 404
    assert (await other.post(f"{URL}/{asked['id']}/cancel", json={})).status_code == 404
    gone = await onboarding.post(f"{URL}/{asked['id']}/cancel", json={})
    assert gone.json()["results"][0]["state"] == "cancelled", gone.text
    again = await onboarding.post(f"{URL}/{asked['id']}/again")
    assert again.status_code == 201, again.text


async def test_nobody_finds_their_own_requests_among_what_they_are_to_decide(
    company: Company,
) -> None:
    team = [company.numbers[name] for name in ("cid", "dan", "eve")]
    await company.policy(
        approvers={"kind": "group", "group": await add_group(company.office, "Desk", team)}
    )
    await company.ask("cid")
    await company.ask("dan", people=[upn("eve")])
    assert await people_of(await company.of("cid"), toDecide="true") == ["eve"]
    assert await people_of(await company.of("dan"), toDecide="true") == ["cid"]
    assert await people_of(await company.of("eve"), toDecide="true") == ["cid"]
    assert await people_of(await company.desk(), approver=upn("eve")) == ["cid"]


async def test_somebody_has_only_so_many_requests_open(company: Company) -> None:
    await company.office.admin.patch("/api/settings", json={"requestsOpenMax": 2})
    first = await company.ask("cid", people=[upn("cid"), upn("dan")])
    await company.ask("cid", OTHER)
    third = await company.try_asking("cid", people=[upn("eve")])
    assert (third.status_code, third.json()["code"]) == (409, "tooManyOpenRequests")
    said = third.json()["detail"]
    assert "2 license requests open" in said
    assert "requestsOpenMax" in said
    desk = await company.desk()
    for person in ("ada", "bob", "eve"):
        body = {"skuPartNumber": SKU, "justification": WHY, "people": [upn(person)]}
        assert (await desk.post(URL, json=body)).status_code == 201, "who decides any is not bound"
    await company.decide("bob", first["id"], "deny")
    assert (await company.try_asking("cid")).status_code == 201, "what is decided is not open"


async def test_what_is_past_its_time_is_over_before_upkeep_sees_it(company: Company) -> None:
    await company.policy(pendingDays=10)
    asked = await company.ask("cid")
    company.office.clock.move(days=11)
    cid = await company.of("cid")
    for decision in ("approve", "deny"):
        late = await company.decide("bob", asked["id"], decision)
        assert (late.status_code, late.json()["code"]) == (409, "alreadyDecided")
        assert late.json()["state"] == "expired"
        assert "on 2026-12-01" in late.json()["detail"]
    assert (await cid.post(f"{URL}/{asked['id']}/cancel", json={})).status_code == 409
    assert (await company.line(asked["id"]))["state"] == "expired"
    assert await people_of(await company.desk(), state="pending") == []
    again = await cid.post(f"{URL}/{asked['id']}/again")
    assert again.status_code == 201, again.text
    line = await company.line(asked["id"])
    assert (line["state"], line["decided"]["how"]) == ("expired", "time")
    assert await company.seats() == (0, 1, 9), "the seat of the first is not held twice"
    await company.tend()
    assert [who for kind, who in await company.told() if kind == "licenseRequestExpired"] == ["cid"]


async def test_all_seats_there_is_room_for_are_held_in_one_tick(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.requests.time.LINES_AT_ONCE", 2)
    await set_seats(company.office, SKU, 1)
    people = ["ada", "bob", "cid", "dan", "eve"]
    await company.ask("ada", people=[upn(name) for name in people])
    assert await company.seats() == (0, 0, 1)
    await set_seats(company.office, SKU, 20)
    await company.tend()
    assert await company.seats() == (0, 5, 15)
