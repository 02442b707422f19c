"""Rules on service plans see what Graph shows of them: the state of the product, the service."""

from __future__ import annotations

from typing import Any

from tests.dynamic import GROUPS, give, members, set_rule, tick
from tests.office import Office
from tests.world import add_group, add_people

EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"


async def _buy(office: Office, part_number: str) -> str:
    answer = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": part_number, "units": 9}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _plans(office: Office, name: str) -> dict[str, dict[str, Any]]:
    """What Graph shows of somebody's service plans, by id."""
    answer = await office.admin.get(
        f"/v1.0/users/{name}@contoso.example", params={"$select": "assignedPlans"}
    )
    assert answer.status_code == 200, answer.text
    return {plan["servicePlanId"]: plan for plan in answer.json()["assignedPlans"]}


async def _evaluated(office: Office, group: str) -> list[str]:
    """Whom the rule takes in of everybody, which is whom it takes in of each."""
    answer = await office.admin.post(f"{GROUPS}/{group}/rule/evaluate")
    assert answer.status_code == 200, answer.text
    found = await members(office, group)
    people = [f"{name}@contoso.example" for name in ("ada", "ben", "cara")]
    tried = await office.admin.post(f"{GROUPS}/{group}/rule/validate", json={"users": people})
    assert found == [one["user"]["displayName"] for one in tried.json()["value"] if one["result"]]
    return found


async def _ruled(office: Office, name: str, asked: str) -> str:
    group = await add_group(office, name)
    plan = f'assignedPlan.servicePlanId -eq "{EXCHANGE}" -and '
    await set_rule(office, group, f"user.assignedPlans -any ({plan}{asked})")
    return group


async def test_rules_see_plans_in_the_state_of_their_product_and_look_again_when_it_changes(
    office: Office,
) -> None:
    ada, ben, _ = await add_people(office, "ada", "ben", "cara")
    small, large = await _buy(office, "SPE_E3"), await _buy(office, "SPE_E5")
    for sku, users in (("SPE_E3", [ada, ben]), ("SPE_E5", [ben])):
        await give(office, await add_group(office, sku, users), sku)
    usable = await _ruled(office, "Usable", 'assignedPlan.capabilityStatus -eq "Enabled"')
    stopped = await _ruled(office, "Stopped", 'assignedPlan.capabilityStatus -eq "Suspended"')
    assert await members(office, usable) == ["ada", "ben"]
    for subscription, suspended in ((small, ["ada"]), (large, ["ada", "ben"])):
        path = f"/api/subscriptions/{subscription}"
        assert (await office.admin.patch(path, json={"status": "Suspended"})).is_success
        office.clock.move(minutes=1)
        await tick(office)
        assert await members(office, stopped) == suspended
        assert await members(office, usable) == sorted({"ada", "ben"} - {*suspended})
        for group in (usable, stopped):
            assert await members(office, group) == await _evaluated(office, group)
        assert (await _plans(office, "ada"))[EXCHANGE]["capabilityStatus"] == "Suspended"
    back = await office.admin.patch(f"/api/subscriptions/{large}", json={"status": "Enabled"})
    assert back.is_success
    office.clock.move(minutes=1)
    await tick(office)
    assert await members(office, usable) == ["ben"]


async def test_a_service_is_the_same_word_in_rules_and_in_assigned_plans(office: Office) -> None:
    (ada, *_) = await add_people(office, "ada", "ben", "cara")
    await _buy(office, "SPE_E3")
    await give(office, await add_group(office, "SPE_E3", [ada]), "SPE_E3")
    service = (await _plans(office, "ada"))[EXCHANGE]["service"]
    group = await _ruled(office, "By service", f'assignedPlan.service -eq "{service}"')
    assert await members(office, group) == ["ada"]
    assert await _evaluated(office, group) == ["ada"]
