"""Auto-claim policies for tests: the switch, and making one over the API."""

from __future__ import annotations

from typing import Any, Final

import httpx

from seatwright.app.auto_claim.policies import require_policy
from seatwright.app.reconcile import reconcile_users
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import ChangeReason
from seatwright.postgres.assignments import UserAssignment, store_user_assignments
from seatwright.postgres.users import find_users
from tests.office import Office
from tests.world import call_of

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


async def buy_first(office: Office, sku: str, units: int) -> None:
    """Buy a product whose first seats bring default policies, and delete these."""
    await buy(office, sku, units)
    policies = (await office.admin.get(URL)).json()["value"]
    assert policies, "the first premium subscription brings defaults"
    for policy in policies:
        answer = await office.admin.delete(f"{URL}/{policy['id']}")
        assert answer.status_code == 204, answer.text


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


async def give_claim(office: Office, policy: str, *names: str, event: str = "appLaunch") -> None:
    """Have people claim the primary product of a policy, as a launch writes it."""
    async with call_of(office) as call:
        found = await require_policy(call, policy)
        product = found.products[0]
        people = [f"{name}@contoso.example" for name in names]
        users = list((await find_users(call.tx, people)).values())
        rows = [
            UserAssignment(
                user=user,
                sku=product.sku,
                source=Source(kind=SourceKind.POLICY, no=found.policy_no),
                strategy=Strategy.ON_DEMAND,
                disabled=product.disabled,
            )
            for user in users
        ]
        await store_user_assignments(call.tx, rows, at=call.now, by=call.principal.principal_no)
        await call.tx.connection.execute(
            "insert into claim (tenant_id, policy_no, user_no, sku_no, backup, event, at,"
            " delivered) select %s, %s, unnest(%s::int4[]), %s, 0, %s, %s, 'direct'",
            (call.tx.tenant_id, found.policy_no, users, product.sku, event, call.now),
        )
        await reconcile_users(call, users, reason=ChangeReason.CLAIMED)
