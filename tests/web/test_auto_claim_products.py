"""The products of a policy: pairs, backups, their service plans and their order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.auto_claim import PREMIUM_PLAN, URL, make, own_product, try_to_make, turn_on
from tests.office import Office


@pytest.mark.parametrize(
    ("app", "product"),
    [
        ("powerApps", "POWERAPPS_PER_USER"),
        ("powerAutomatePerUser", "FLOW_PER_USER"),
        ("Power Automate per User Plan", "FLOW_PER_USER"),
        ("Power Automate RPA Attended", "POWERAUTOMATE_ATTENDED_RPA"),
    ],
)
async def test_an_app_goes_with_its_product(office: Office, app: str, product: str) -> None:
    await turn_on(office)
    made = await make(office, app=app)
    assert [one["skuPartNumber"] for one in made["products"]] == [product]


async def test_the_alias_of_the_sources_names_premium(office: Office) -> None:
    await turn_on(office)
    products = [{"skuPartNumber": "POWER_AUTOMATE_ATTENDED_RPA"}]
    made = await make(office, app="powerAutomateRpaAttended", products=products)
    assert made["products"][0]["skuPartNumber"] == "POWERAUTOMATE_ATTENDED_RPA"


async def test_a_wrong_pair_is_refused_with_the_right_product(office: Office) -> None:
    await turn_on(office)
    products = [{"skuPartNumber": "POWERAUTOMATE_ATTENDED_RPA"}]
    refused = await try_to_make(office, app="powerAutomatePerUser", products=products)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "FLOW_PER_USER" in refused.json()["detail"]
    assert (await office.admin.get(URL)).json()["value"] == []


async def test_a_backup_may_be_any_product_that_has_what_the_app_needs(office: Office) -> None:
    await own_product(office, "MAKER_SUITE", PREMIUM_PLAN)
    await turn_on(office)
    made = await make(
        office,
        products=[
            {"skuPartNumber": "POWERAPPS_PER_USER", "disabledServicePlans": ["DYN365_CDS_P2"]},
            {"skuPartNumber": "MAKER_SUITE"},
        ],
    )
    assert [(one["backup"], one["disabledServicePlans"]) for one in made["products"]] == [
        (0, ["DYN365_CDS_P2"]),
        (1, []),
    ]
    refused = await try_to_make(
        office,
        app="powerAutomatePerUser",
        name="Flows",
        products=[{"skuPartNumber": "FLOW_PER_USER"}, {"skuPartNumber": "MAKER_SUITE"}],
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "nothing that Power Automate per User Plan needs" in refused.json()["detail"]


async def test_premium_is_a_backup_of_the_per_user_plan(office: Office) -> None:
    await turn_on(office)
    products = [
        {"skuPartNumber": "FLOW_PER_USER"},
        {"skuPartNumber": "POWER_AUTOMATE_ATTENDED_RPA"},
    ]
    made = await make(office, app="powerAutomatePerUser", products=products)
    assert len(made["products"]) == 2


async def test_what_the_app_needs_cannot_be_left_off(office: Office) -> None:
    await turn_on(office)
    products = [
        {"skuPartNumber": "POWERAPPS_PER_USER", "disabledServicePlans": [PREMIUM_PLAN]},
    ]
    refused = await try_to_make(office, products=products)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "leave that on" in refused.json()["detail"]


async def test_a_policy_has_at_most_four_backups(office: Office) -> None:
    names = [f"SUITE_{number}" for number in range(5)]
    for name in names:
        await own_product(office, name, PREMIUM_PLAN)
    await turn_on(office)
    products = [{"skuPartNumber": name} for name in ("POWERAPPS_PER_USER", *names)]
    refused = await try_to_make(office, products=products)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert len((await make(office, products=products[:5]))["products"]) == 5
    twice = await office.admin.patch(
        f"{URL}/Makers", json={"products": [products[0], products[1], products[1]]}
    )
    assert (twice.status_code, twice.json()["code"]) == (400, "invalidValue")


async def test_the_last_product_cannot_be_removed(office: Office) -> None:
    await own_product(office, "MAKER_SUITE", PREMIUM_PLAN)
    await turn_on(office)
    await make(
        office,
        products=[{"skuPartNumber": "POWERAPPS_PER_USER"}, {"skuPartNumber": "MAKER_SUITE"}],
    )
    # The pair binds the primary product, so it is not removed while there is a backup either.
    bound = await office.admin.delete(f"{URL}/Makers/products/POWERAPPS_PER_USER")
    assert (bound.status_code, bound.json()["code"]) == (400, "invalidValue")
    gone = await office.admin.delete(f"{URL}/Makers/products/MAKER_SUITE")
    assert gone.status_code == 204
    for answer in (
        await office.admin.delete(f"{URL}/Makers/products/POWERAPPS_PER_USER"),
        await office.admin.patch(f"{URL}/Makers", json={"products": []}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
        assert "at least one" in answer.json()["detail"]


async def test_products_are_put_in_order_as_a_whole_and_step_by_step(office: Office) -> None:
    for name in ("SUITE_A", "SUITE_B"):
        await own_product(office, name, PREMIUM_PLAN, "DYN365_CDS_P2")
    await turn_on(office)
    await make(
        office,
        products=[
            {"skuPartNumber": "POWERAPPS_PER_USER"},
            {"skuPartNumber": "SUITE_A", "disabledServicePlans": ["DYN365_CDS_P2"]},
            {"skuPartNumber": "SUITE_B"},
        ],
    )
    order = f"{URL}/Makers/order"

    async def ordered(body: dict[str, Any]) -> list[str]:
        answer = await office.admin.post(order, json=body)
        assert answer.status_code == 200, answer.text
        return [one["skuPartNumber"] for one in answer.json()["products"]]

    assert await ordered({"product": "SUITE_B", "move": "up"}) == [
        "POWERAPPS_PER_USER",
        "SUITE_B",
        "SUITE_A",
    ]
    whole = ["POWERAPPS_PER_USER", "SUITE_A", "SUITE_B"]
    assert await ordered({"products": whole}) == whole
    shown = (await office.admin.get(f"{URL}/Makers")).json()["products"]
    assert shown[1]["disabledServicePlans"] == ["DYN365_CDS_P2"]
    for body in (
        {"product": "SUITE_B", "move": "down"},
        {"product": "SUITE_A", "move": "up"},
        {"products": whole[:2]},
        {"product": "FLOW_PER_USER", "move": "up"},
        {"product": "SUITE_A", "move": "sideways"},
        {},
        {"products": whole, "move": "up"},
    ):
        answer = await office.admin.post(order, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), body


async def test_the_apps_are_listed_with_their_pairs_and_what_can_be_behind(office: Office) -> None:
    found = (await office.admin.get("/api/auto-claim/apps")).json()["value"]
    assert [(one["id"], one["primary"]["skuPartNumber"], one["isLegacy"]) for one in found] == [
        ("powerApps", "POWERAPPS_PER_USER", False),
        ("powerAutomatePerUser", "FLOW_PER_USER", True),
        ("powerAutomateRpaAttended", "POWERAUTOMATE_ATTENDED_RPA", False),
    ]
    eligible = {product["skuPartNumber"] for product in found[1]["eligible"]}
    assert {"FLOW_PER_USER", "POWERAUTOMATE_ATTENDED_RPA"} <= eligible
    assert "POWERAPPS_PER_USER" not in eligible
