"""Auto-claim policies for tests: the switch, and making one over the API."""

from __future__ import annotations

from typing import Any, Final

import httpx

from tests.office import Office

URL: Final = "/api/auto-claim/policies"
SWITCH: Final = "/api/auto-claim/settings"
PREMIUM_PLAN: Final = "POWERAPPS_PER_USER"


async def turn_on(office: Office) -> None:
    answer = await office.admin.patch(SWITCH, json={"enabled": True})
    assert answer.status_code == 200, answer.text


async def buy(office: Office, sku: str, units: int) -> None:
    answer = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": sku, "units": units}
    )
    assert answer.status_code == 201, answer.text


async def make(office: Office, **fields: Any) -> dict[str, Any]:
    """Make a policy for Power Apps."""
    answer = await try_to_make(office, **fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def try_to_make(office: Office, **fields: Any) -> httpx.Response:
    return await office.admin.post(URL, json={"name": "Makers", "app": "powerApps", **fields})


async def own_product(office: Office, part_number: str, *plans: str) -> None:
    """A product of the organisation's own with service plans that exist."""
    shown = (await office.admin.get("/api/catalog/products/POWERAPPS_PER_USER")).json()
    known = {plan["name"]: plan for plan in shown["servicePlans"]}
    answer = await office.admin.post(
        "/api/catalog/products",
        json={
            "skuPartNumber": part_number,
            "displayName": part_number.title(),
            "servicePlans": [{"name": known[plan]["name"]} for plan in plans],
        },
    )
    assert answer.status_code == 201, answer.text
