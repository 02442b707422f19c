"""The policies that appear by themselves, once for each fact of the tenant."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from tests.auto_claim import SWITCH, URL, buy, make, turn_on
from tests.office import Office
from tests.world import call_of

NAMES = [
    "Auto-Created Policy for PowerApps",
    "Auto-Created Policy for Power Automate",
    "Auto-Created Policy for Power Automate RPA",
]
MANAGED, ALL = "onlyManagedEnvironments", "allEnvironments"


async def environment(office: Office, *, managed: bool, name: str = "Sales") -> dict[str, Any]:
    answer = await office.admin.post(
        "/api/platform/environments", json={"displayName": name, "managed": managed}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def policies(office: Office) -> list[dict[str, Any]]:
    """Every policy with all its fields, in the order of the sources."""
    rows = (await office.admin.get(URL)).json()["value"]
    found = [(await office.admin.get(f"{URL}/{row['id']}")).json() for row in rows]
    return sorted(found, key=lambda one: NAMES.index(one["name"]) if one["name"] in NAMES else -1)


async def scopes(office: Office) -> dict[str, str]:
    return {one["name"]: one["environmentScope"] for one in await policies(office)}


async def test_the_first_managed_environment_brings_three_for_managed_ones(office: Office) -> None:
    await environment(office, managed=False)
    assert await policies(office) == []
    await environment(office, managed=True, name="Managed")
    found = await policies(office)
    assert [one["name"] for one in found] == NAMES
    assert {one["environmentScope"] for one in found} == {MANAGED}
    assert {one["origin"] for one in found} == {"system"}
    assert {one["status"] for one in found} == {"feature off"}
    # Premium and the legacy per user plan are both covered (T-109).
    assert [one["products"][0]["skuPartNumber"] for one in found] == [
        "POWERAPPS_PER_USER",
        "FLOW_PER_USER",
        "POWERAUTOMATE_ATTENDED_RPA",
    ]


async def test_an_environment_that_becomes_managed_brings_them_too(office: Office) -> None:
    made = await environment(office, managed=False)
    await office.admin.patch(f"/api/platform/environments/{made['id']}", json={"managed": True})
    assert await scopes(office) == dict.fromkeys(NAMES, MANAGED)


@pytest.mark.parametrize("sku", ["POWERAPPS_PER_USER", "POWER_AUTOMATE_ATTENDED_RPA"])
async def test_the_first_premium_subscription_brings_three_for_all_environments(
    office: Office, sku: str
) -> None:
    await buy(office, "SPE_E3", 1)
    await buy(office, "FLOW_PER_USER", 1)
    assert await policies(office) == []
    await buy(office, sku, 5)
    assert await scopes(office) == dict.fromkeys(NAMES, ALL)


async def test_a_subscription_that_is_not_in_force_brings_none(office: Office) -> None:
    body = {"skuPartNumber": "POWERAPPS_PER_USER", "units": 5, "status": "Suspended"}
    made = (await office.admin.post("/api/subscriptions", json=body)).json()
    assert await policies(office) == []
    await office.admin.patch(f"/api/subscriptions/{made['id']}", json={"status": "Enabled"})
    assert len(await policies(office)) == 3


async def test_the_wider_scope_wins_whichever_fact_came_first(office: Office) -> None:
    await environment(office, managed=True)
    await buy(office, "POWERAPPS_PER_USER", 5)
    assert await scopes(office) == dict.fromkeys(NAMES, ALL)


async def test_a_managed_environment_never_narrows_them(office: Office) -> None:
    await buy(office, "POWERAPPS_PER_USER", 5)
    await environment(office, managed=True)
    assert await scopes(office) == dict.fromkeys(NAMES, ALL)


async def test_a_scope_that_somebody_chose_is_left_alone(office: Office) -> None:
    await environment(office, managed=True)
    # Choosing what it has already is a choice too.
    await office.admin.patch(f"{URL}/{NAMES[0]}", json={"environmentScope": MANAGED})
    await buy(office, "POWERAPPS_PER_USER", 5)
    assert await scopes(office) == {NAMES[0]: MANAGED, NAMES[1]: ALL, NAMES[2]: ALL}


async def test_an_app_that_has_a_policy_gets_no_default(office: Office) -> None:
    await turn_on(office)
    await make(office, name="Ours")
    await environment(office, managed=True)
    assert {one["name"]: one["origin"] for one in await policies(office)} == {
        "Ours": "administrator",
        NAMES[1]: "system",
        NAMES[2]: "system",
    }


async def test_what_brought_a_default_that_was_deleted_does_not_bring_it_again(
    office: Office,
) -> None:
    first = await environment(office, managed=True)
    for name in NAMES:
        assert (await office.admin.delete(f"{URL}/{name}")).status_code == 204
    url = f"/api/platform/environments/{first['id']}"
    await office.admin.patch(url, json={"managed": False})
    await office.admin.patch(url, json={"managed": True})
    await environment(office, managed=True, name="Another")
    assert await policies(office) == []


async def test_the_other_fact_brings_a_default_to_an_app_whose_first_was_deleted(
    office: Office,
) -> None:
    """The issue's rule: when the fact first holds, and no policy for that app exists."""
    await environment(office, managed=True)
    for name in NAMES:
        assert (await office.admin.delete(f"{URL}/{name}")).status_code == 204
    await buy(office, "POWERAPPS_PER_USER", 5)
    assert {one["name"] for one in await policies(office)} == set(NAMES)


async def test_defaults_give_once_the_feature_is_on(office: Office) -> None:
    await environment(office, managed=True)
    await turn_on(office)
    assert {one["status"] for one in await policies(office)} == {"on"}
    await office.admin.patch(f"{URL}/{NAMES[0]}", json={"status": "off"})
    statuses = {one["name"]: one["status"] for one in await policies(office)}
    assert statuses == {NAMES[0]: "off", NAMES[1]: "on", NAMES[2]: "on"}
    await office.admin.patch(SWITCH, json={"enabled": False})
    assert {one["status"] for one in await policies(office)} == {"feature off"}


async def test_a_preview_brings_none(office: Office) -> None:
    seen = await office.admin.post(
        "/api/platform/environments?preview=true", json={"displayName": "Sales", "managed": True}
    )
    assert seen.status_code == 200, seen.text
    assert await policies(office) == []


async def test_what_changed_elsewhere_is_found_by_the_tick(office: Office) -> None:
    made = await environment(office, managed=False)
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update environment set is_managed = true where tenant_id = %s and id = %s",
            (call.tx.tenant_id, made["id"]),
        )
        await call.tx.connection.commit()
    workshop = Workshop(database=office.database, clock=office.clock)
    for _ in range(2):
        await tend_tenant(workshop, office.made.tenant.tenant_id)
        assert await scopes(office) == dict.fromkeys(NAMES, MANAGED)
