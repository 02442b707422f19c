"""What a decision may give, of what, through what, and that one decision stops no other."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.asking import OTHER, SKU, URL, Company, set_company
from tests.moves import license_group
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, call_of, counts_agree


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def approve(company: Company, ids: list[str], **body: Any) -> httpx.Response:
    """The desk's answer to many at once."""
    sent = {"decision": "approve", "requests": ids} | body
    return await (await company.desk()).post(f"{URL}/decisions", json=sent)


def reasons(answer: httpx.Response) -> list[str | None]:
    """Why each was not done."""
    assert answer.status_code == 200, answer.text
    return [one["reason"] for one in answer.json()["results"]]


async def test_another_product_is_given_by_who_decides_about_that_one(company: Company) -> None:
    await company.policy(SKU, approvers={"kind": "people", "people": [upn("ada")]})
    asked = await company.ask("cid", OTHER)
    for _ in range(2):
        refused = await company.decide("bob", asked["id"], "approve", skuPartNumber=SKU)
        assert (refused.status_code, refused.json()["code"]) == (403, "roleMissing"), refused.text
        assert await company.holds("cid") == set()
        await company.policy(SKU, open=False)
    await company.policy(SKU)
    assert (
        await company.decide("bob", asked["id"], "approve", skuPartNumber=SKU)
    ).status_code == 200, "who decides about both gives either"
    await company.policy(SKU, open=False)
    asked = await company.ask("dan", OTHER)
    assert (await company.decide("", asked["id"], "approve", skuPartNumber=SKU)).status_code == 200


async def test_an_approver_puts_nobody_into_groups(company: Company) -> None:
    asked = await company.ask("cid")
    group = await add_group(company.office, "Secret board")
    await license_group(company.office, group, SKU)
    for text in (group, "No such group"):
        refused = await company.decide("bob", asked["id"], "approve", group=text)
        assert (refused.status_code, refused.json()["code"]) == (403, "roleMissing"), refused.text
    assert await company.holds("cid") == set()


async def test_two_products_of_one_person_come_through_one_group(company: Company) -> None:
    group = await add_group(company.office, "Both")
    await license_group(company.office, group, SKU)
    await license_group(company.office, group, OTHER)
    ids = [(await company.ask("cid", sku))["id"] for sku in (SKU, OTHER)]
    plans = await company.decide("", ids[0], "approve", group=group, disabledServicePlans=[])
    assert (plans.status_code, plans.json()["code"]) == (400, "invalidValue")
    assert reasons(await approve(company, ids, group=group)) == [None, None]
    assert await company.holds("cid") == {SKU, OTHER}
    assert (await company.seats(), await company.seats(OTHER)) == ((1, 0, 9), (1, 0, 4))


async def test_who_is_blocked_by_a_group_keeps_the_seat_and_spare_ones_go_on(
    office: Office,
) -> None:
    company = await set_company(office, seats=4)
    group = await add_group(office, "Licensed")
    await license_group(office, group, SKU)
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan")]
    late = (await company.ask("ada"))["id"]
    for name in ("dan", "bob"):
        place = f"/api/identity/users/{upn(name)}/licenses"
        assert (await office.admin.post(place, json={"skuPartNumber": SKU})).status_code == 201
    waiting = await add_group(office, "Waiting", [company.numbers["eve"]])
    await license_group(office, waiting, SKU)
    await office.admin.put(
        f"/api/catalog/products/{SKU}/prohibited-locations", json={"locations": ["DK"]}
    )
    await office.admin.patch(f"/api/identity/users/{upn('cid')}", json={"usageLocation": "DK"})
    assert await company.seats() == (2, 2, 0)
    answer = await approve(company, [late, *ids], group=group)
    assert reasons(answer) == ["usageLocationProhibited", None, "noSeatLeft"]
    assert (await company.line(ids[0]))["hold"]["state"] == "held"
    assert await company.holds("eve") == {SKU}, "dan needed no second seat"
    assert await company.seats() == (3, 1, 0)
    assert await counts_agree(office)


async def test_one_decision_that_cannot_be_made_stops_no_other(company: Company) -> None:
    await company.policy(licenseDays=30)
    first = await company.ask("cid")
    await company.decide("", first["id"], "approve")
    await company.policy()
    ids = [
        (await company.ask("cid", extends=True, expiresAt="2027-02-01T00:00:00Z"))["id"],
        (await company.ask("dan"))["id"],
        (await company.ask("eve", expiresAt="2027-02-01T00:00:00Z"))["id"],
    ]
    group = await add_group(company.office, "Licensed")
    await license_group(company.office, group, SKU)
    through = await approve(company, ids[1:], group=group)
    assert reasons(through) == [None, "invalidValue"], "a membership has no dates"
    other = await company.decide("", ids[0], "approve", skuPartNumber=OTHER)
    assert other.json()["code"] == "invalidValue", "more time is of the same product"
    unknown = await company.decide("", ids[0], "approve", skuPartNumber="NONE")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknownSku")


async def test_of_a_whole_request_everybody_acts_on_their_own(company: Company) -> None:
    asked = await company.ask("eve", people=[upn("cid"), upn("bob"), upn("dan")])
    gone = await (await company.of("dan")).post(f"{URL}/{asked['id']}/cancel", json={})
    assert [one["state"] for one in gone.json()["results"]] == ["cancelled"], gone.text
    bob = await company.decide("bob", asked["id"], "approve")
    assert reasons(bob) == [None, "ownRequest"]
    assert reasons(await company.decide("ada", asked["id"], "approve")) == [None]
    states = [(await company.line(asked["id"], name))["state"] for name in ("cid", "bob", "dan")]
    assert states == ["approved", "approved", "cancelled"]


async def test_a_call_holds_no_more_lines_than_it_may_decide(company: Company) -> None:
    asked = await company.ask("cid")
    async with call_of(company.office) as call:
        await call.tx.connection.execute(
            "insert into license_request_line (tenant_id, request_no, user_no, sku_no, created_at,"
            " due_at, state, decided_at) select l.tenant_id, l.request_no, l.user_no, l.sku_no,"
            " l.created_at, l.due_at, 'denied', l.created_at from license_request_line l,"
            " generate_series(1, 10000)"
        )
    refused = await company.decide("", asked["id"], "approve")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "10001 people" in refused.json()["detail"]


async def test_a_free_seat_is_found_behind_a_long_line_whom_a_rule_denies(office: Office) -> None:
    crowd = [f"p{number:02}" for number in range(45)]
    company = await set_company(office, seats=1, more=tuple(crowd))
    people = [upn(name) for name in (*crowd, "cid", "dan")]
    asked = await company.ask("ada", people=people)
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update app_user set usage_location = null where upn like 'p%'"
        )
    assert reasons(await company.decide("", asked["id"], "approve")) == [
        *(["usageLocationMissing"] * 45),
        None,
        "noSeatLeft",
    ]
    assert await company.seats() == (1, 0, 0)


async def test_calls_that_swap_products_never_wait_for_each_other(office: Office) -> None:
    crowd = tuple(f"p{number:02}" for number in range(12))
    company = await set_company(office, seats=40, more=crowd)
    await company.desk()
    ids: dict[str, list[str]] = {SKU: [], OTHER: []}
    for place, name in enumerate(crowd):
        sku = (SKU, OTHER)[place % 2]
        ids[sku].append((await company.ask("ada", sku, people=[upn(name)]))["id"])
    before = await deadlocks(office)

    async def swap(other: str, request: str) -> None:
        answer = await company.decide("", request, "approve", skuPartNumber=other)
        assert answer.status_code == 200, answer.text

    await asyncio.gather(
        *(swap(OTHER, one) for one in ids[SKU]), *(swap(SKU, one) for one in ids[OTHER])
    )
    assert await deadlocks(office) == before
    assert await counts_agree(office)


async def deadlocks(office: Office) -> int:
    """How many sessions of this database were ended because they waited for each other."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select deadlocks from pg_stat_database where datname = current_database()"
        )
        ((count,),) = await cursor.fetchall()
        return int(count)
