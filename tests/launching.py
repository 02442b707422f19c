"""A scene for launches: environments, apps, flows, policies and seats, and the call itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from seatwright.domain.roles import Role
from tests.office import Office
from tests.world import call_of, set_seats

APPS, FLOWS, RPA = "POWERAPPS_PER_USER", "FLOW_PER_USER", "POWERAUTOMATE_ATTENDED_RPA"
DESKTOP = "power-automate-desktop"

FIELDS = {
    "outcome",
    "reason",
    "skuId",
    "skuPartNumber",
    "policyId",
    "backup",
    "requestUrl",
    "message",
}


@dataclass(slots=True, kw_only=True)
class Stage:
    """An office in which things can be launched, and the gateway that asks."""

    office: Office
    gateway: httpx.AsyncClient

    async def make(self, path: str, **body: Any) -> dict[str, Any]:
        """Make something as the administrator; it must be taken."""
        answer = await self.office.admin.post(f"/api/{path}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def policy(self, app: str, *products: str, **fields: Any) -> dict[str, Any]:
        """A policy with these products, the first of them its primary."""
        if products:
            fields["products"] = [{"skuPartNumber": product} for product in products]
        return await self.make("auto-claim/policies", name=f"Policy of {app}", app=app, **fields)

    async def change(self, policy: dict[str, Any], **fields: Any) -> None:
        """Change a policy."""
        answer = await self.office.admin.patch(
            f"/api/auto-claim/policies/{policy['id']}", json=fields
        )
        assert answer.status_code == 200, answer.text

    async def turn(self, *, on: bool) -> None:
        """Turn auto-claim on or off."""
        answer = await self.office.admin.patch("/api/auto-claim/settings", json={"enabled": on})
        assert answer.status_code == 200, answer.text

    async def launch(
        self, user: str | None, event: str = "appLaunch", *, by: Any = None, **named: Any
    ) -> httpx.Response:
        """Ask for a launch, of the premium app unless something else is named."""
        if not named.keys() & {"app", "flow"} and event == "appLaunch":
            named["app"] = "Premium app"
        body = {"event": event, **named}
        if user is not None:
            body["user"] = user if "@" in user else f"{user}@contoso.example"
        answer: httpx.Response = await (by or self.gateway).post("/api/launch", json=body)
        return answer

    async def holds(self, name: str) -> dict[str, tuple[int, int]]:
        """What somebody effectively holds: kind and number of the source, by part number."""
        async with call_of(self.office) as call:
            cursor = await call.tx.connection.execute(
                "select s.part_number, l.source_kind, l.strategy from effective_license l"
                " join sku s using (tenant_id, sku_no) join app_user u using (tenant_id, user_no)"
                " where u.upn_key = %s",
                (f"{name}@contoso.example",),
            )
            return {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}

    async def count(self, query: str, *values: object) -> int:
        """A number out of the tenant's tables."""
        async with call_of(self.office) as call:
            cursor = await call.tx.connection.execute(query, values)
            row = await cursor.fetchone()
            assert row is not None
            return int(row[0])


async def set_stage(office: Office, *, seats: int = 5) -> Stage:
    """Auto-claim on, the platform stored, and seats of Microsoft's three products."""
    stage = Stage(office=office, gateway=await office.as_role(Role.APP_GATEWAY))
    await stage.turn(on=True)
    await stage.make("platform/environments", displayName="Default")
    await stage.make("platform/environments", displayName="Managed", managed=True)
    for policy in (await office.admin.get("/api/auto-claim/policies")).json()["value"]:
        # Whatever seatwright made by itself for the managed environment is not under test.
        await office.admin.delete(f"/api/auto-claim/policies/{policy['id']}")
    for name, environment, premium in (
        ("Premium app", "Default", True),
        ("Standard app", "Default", False),
        ("Managed app", "Managed", False),
    ):
        await stage.make(
            "platform/apps", displayName=name, environment=environment, premium=premium
        )
        await stage.make(f"platform/apps/{name}/shares", everyone=True)
    for name, environment, premium, rpa in (
        ("Premium flow", "Default", True, False),
        ("Standard flow", "Default", False, False),
        ("Managed flow", "Managed", False, False),
        ("RPA flow", "Default", True, True),
    ):
        await stage.make(
            "platform/flows",
            displayName=name,
            environment=environment,
            premium=premium,
            attendedRpa=rpa,
        )
    for part_number in (APPS, FLOWS, RPA):
        await set_seats(office, part_number, seats)
    return stage
