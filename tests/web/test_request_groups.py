"""Approvals that are delivered through a licensed group: what they give, use, and take back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asking import OTHER, SKU, URL, Company, set_company
from tests.moves import license_group
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, set_seats


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def licensed(company: Company, *skus: str) -> str:
    """A group that gives these products."""
    group = await add_group(company.office, "Licensed")
    for sku in skus:
        await license_group(company.office, group, sku)
    return str(group)


async def undone(company: Company, request: str) -> None:
    """Have the desk undo an approval."""
    answer = await (await company.desk()).post(f"{URL}/{request}/undo", json={})
    assert answer.status_code == 200, answer.text


async def test_undo_leaves_a_membership_that_a_hand_made(company: Company) -> None:
    group = await licensed(company, SKU)
    asked = await company.ask("cid")
    put = await company.office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": [upn("cid")]}
    )
    assert put.is_success, put.text
    assert (await company.decide("", asked["id"], "approve", group=group)).status_code == 200
    await undone(company, asked["id"])
    assert await company.holds("cid") == {SKU}


async def test_undo_leaves_what_another_approval_gave_through_the_group(company: Company) -> None:
    group = await licensed(company, SKU, OTHER)
    first = await company.ask("cid")
    assert (await company.decide("", first["id"], "approve", group=group)).json()["done"] == 1
    second = await company.ask("dan", OTHER, people=[upn("dan"), upn("eve")])
    both: dict[str, Any] = {"decision": "approve", "group": group}
    third = await company.ask("dan")
    ids = [second["id"], third["id"]]
    answer = await (await company.desk()).post(f"{URL}/decisions", json=both | {"requests": ids})
    assert answer.json()["done"] == 3, answer.text
    await undone(company, second["id"])
    assert await company.holds("dan") == {SKU, OTHER}, "the other approval gives them through it"
    assert await company.holds("eve") == set()
    await undone(company, third["id"])
    assert await company.holds("dan") == set(), "nothing gives it any more"
    assert await company.holds("cid") == {SKU, OTHER}


async def test_a_seat_that_is_held_for_somebody_is_theirs_through_a_group_too(
    office: Office,
) -> None:
    company = await set_company(office, seats=2)
    await set_seats(office, OTHER, 5)
    group = await licensed(company, SKU, OTHER)
    given = await office.admin.post(
        f"/api/identity/users/{upn('ada')}/licenses", json={"skuPartNumber": SKU}
    )
    assert given.status_code == 201, given.text
    await office.admin.patch("/api/settings", json={"requestHoldPercentMax": 100})
    held = await company.ask("dan")
    in_line, beside = await company.ask("cid"), await company.ask("cid", OTHER)
    assert held["people"][0]["hold"]["state"] == "held"
    assert in_line["people"][0]["hold"]["state"] == "line"
    assert beside["people"][0]["hold"]["state"] == "held"
    body = {
        "decision": "approve",
        "group": group,
        "requests": [in_line["id"], beside["id"], held["id"]],
    }
    answer = await (await company.desk()).post(f"{URL}/decisions", json=body)
    reasons = {one["requestId"]: one["reason"] for one in answer.json()["results"]}
    assert reasons[held["id"]] is None, answer.text
    assert reasons[in_line["id"]] == "noSeatLeft"
    assert await company.holds("dan") == {SKU, OTHER}
