"""What a group's license would come to is known before it is given."""

from __future__ import annotations

from typing import Any

from seatwright.domain.roles import Role
from tests.moves import give, license_group, upn
from tests.office import Office
from tests.world import add_group, add_people, call_of, set_seats


async def impact(office: Office, group: str, sku: str, **query: str) -> dict[str, Any]:
    path = f"/api/identity/groups/{group}/license-impact"
    answer = await office.admin.get(path, params={"sku": sku, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_tells_seats_errors_gains_and_cost_and_writes_nothing(office: Office) -> None:
    numbers = await add_people(office, "ada", "bob", "cleo", "dan")
    body = {"skuPartNumber": "SPE_E3", "units": 2, "unitPrice": "30.50", "currency": "EUR"}
    answer = await office.admin.post("/api/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    await give(office, "ada", "SPE_E3")
    await office.admin.put(
        "/api/catalog/products/SPE_E3/prohibited-locations", json={"locations": ["DK"]}
    )
    await office.admin.patch(f"/api/identity/users/{upn('dan')}", json={"usageLocation": "DK"})
    group = await add_group(office, "Team", numbers)
    found = await impact(office, "team", "spe_e3")
    assert (found["members"], found["alreadyHold"]) == (4, 1)
    assert (found["seatsNeeded"], found["seatsFree"], found["seatsToBuy"]) == (2, 1, 1)
    errors = {one["reason"]: one for one in found["errors"]}
    assert {reason: one["people"] for reason, one in errors.items()} == {
        "noSeatLeft": 1,
        "usageLocationProhibited": 1,
    }
    assert errors["noSeatLeft"]["first"][0]["userPrincipalName"] == upn("cleo")
    assert {one["people"] for one in found["servicePlansGained"]} == {1}
    assert found["monthlyCost"] == [{"currency": "EUR", "amount": "61.00"}]
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*) from license_error")
        assert await cursor.fetchone() == (0,)
    await license_group(office, group, "SPE_E3")
    members = (await office.admin.get(f"/api/identity/groups/{group}")).json()
    assert members["errorCount"] == found["errors"][0]["people"] + found["errors"][1]["people"]


async def test_another_choice_of_service_plans_has_an_impact_of_its_own(office: Office) -> None:
    numbers = await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    group = await add_group(office, "Team", numbers)
    await license_group(office, group, "SPE_E3", disabledServicePlans=["SWAY", "TEAMS1"])
    assert (await impact(office, group, "SPE_E3"))["servicePlansGained"] == []
    found = await impact(office, group, "SPE_E3", disabledServicePlans="SWAY")
    assert [one["name"] for one in found["servicePlansGained"]] == ["TEAMS1"]
    assert (found["alreadyHold"], found["seatsNeeded"]) == (1, 0)


async def test_who_may_not_read_prices_sees_no_cost(office: Office) -> None:
    await add_group(office, "Team", await add_people(office, "ada"))
    helper = await office.as_role(Role.HELPDESK_ADMINISTRATOR)
    path = "/api/identity/groups/Team/license-impact"
    answer = await helper.get(path, params={"sku": "SPE_E3"})
    assert (answer.status_code, answer.json()["monthlyCost"]) == (200, None)


async def test_an_unknown_group_or_product_is_refused(office: Office) -> None:
    await add_group(office, "Team")
    for path, sku, code in (("Nope", "SPE_E3", "unknownGroup"), ("Team", "NOPE", "unknownSku")):
        answer = await office.admin.get(
            f"/api/identity/groups/{path}/license-impact", params={"sku": sku}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, code)
