"""The same for auto-claim: the policies are those that a premium subscription brings."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from seatwright.app.auto_claim.policies import require_policy
from seatwright.postgres.auto_claim_notices import NewNotice, announce_releases
from seatwright.postgres.users import find_users
from tests.auto_claim import URL, buy, give_claim, turn_on
from tests.moves import license_group
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, call_of
from tests.writes import write

POWER_APPS = "Auto-Created Policy for PowerApps"
BACKUPS = ("FLOW_PER_USER", "POWER_AUTOMATE_ATTENDED_RPA", "DYN365_ENTERPRISE_SALES")


async def set_claims(office: Office) -> dict[str, str]:
    """Auto-claim on, the default policies, two who claimed, a notice, and a group to move to."""
    await turn_on(office)
    await buy(office, "POWERAPPS_PER_USER", 10)
    await give_claim(office, POWER_APPS, "ada", "bob")
    await license_group(office, await add_group(office, "Makers"), "POWERAPPS_PER_USER")
    notice = uuid4()
    async with call_of(office) as call:
        policy = await require_policy(call, POWER_APPS)
        (user,) = (await find_users(call.tx, [upn("ada")])).values()
        new = NewNotice(
            id=notice,
            policy=policy.policy_no,
            user=user,
            sku=policy.products[0].sku,
            due_at=call.now + timedelta(days=7),
        )
        await announce_releases(call.tx, [new], at=call.now)
    return {"notice": str(notice)}


def _products(*names: str) -> list[dict[str, str]]:
    return [{"skuPartNumber": name} for name in names]


AUTO_CLAIM_WRITES = (
    write(
        "DELETE /api/auto-claim/policies/{policy}", f"{URL}/Auto-Created Policy for Power Automate"
    ),
    write(
        "POST /api/auto-claim/policies",
        URL,
        {"name": "Flows", "app": "powerAutomatePerUser", "products": _products(*BACKUPS)},
    ),
    write("PATCH /api/auto-claim/policies/{policy}", f"{URL}/Flows", {"claimsMax": 5}),
    write(
        "POST /api/auto-claim/policies/{policy}/order",
        f"{URL}/Flows/order",
        {"product": BACKUPS[2], "move": "up"},
    ),
    write(
        "DELETE /api/auto-claim/policies/{policy}/products/{sku}",
        f"{URL}/Flows/products/{BACKUPS[1]}",
    ),
    write("POST /api/auto-claim/notices/{notice_id}/keep", "/api/auto-claim/notices/{notice}/keep"),
    write(
        "POST /api/auto-claim/policies/{policy}/unassign",
        f"{URL}/{POWER_APPS}/unassign",
        {"users": [upn("ada")]},
    ),
    write(
        "POST /api/auto-claim/policies/{policy}/move",
        f"{URL}/{POWER_APPS}/move",
        {"users": [upn("bob")], "group": "Makers"},
    ),
    write("PATCH /api/auto-claim/settings", "/api/auto-claim/settings", {"enabled": False}),
)
