"""Time in an office: upkeep at the clock's moment, and what was told of it."""

from __future__ import annotations

from typing import Any

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from tests.office import Office

SUBSCRIPTIONS = "/api/subscriptions"


async def tick(office: Office) -> None:
    """What a worker does each minute."""
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)


async def after(office: Office, **duration: float) -> None:
    """Let time pass, and a worker see to it."""
    office.clock.move(**duration)
    await tick(office)


async def buy(office: Office, units: int = 10, **fields: Any) -> dict[str, Any]:
    """Store a purchase of Microsoft 365 E3 unless the fields say otherwise."""
    body = {"skuPartNumber": "SPE_E3", "units": units, **fields}
    answer = await office.admin.post(SUBSCRIPTIONS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def bought(office: Office, made: dict[str, Any]) -> dict[str, Any]:
    """A purchase as it is now."""
    answer = await office.admin.get(f"{SUBSCRIPTIONS}/{made['id']}")
    found: dict[str, Any] = answer.json()
    return found


async def seats(office: Office, sku: str = "SPE_E3") -> tuple[int, int, int]:
    """Seats of a product that may be used, that are used, and that are free."""
    found = (await office.admin.get(f"/api/identity/licenses/{sku}")).json()
    return found["assignable"], found["consumed"], found["free"]


async def give(office: Office, *names: str, **fields: Any) -> None:
    """Assign Microsoft 365 E3 to these people."""
    for name in names:
        answer = await office.admin.post(
            f"/api/identity/users/{name}@contoso.example/licenses",
            json={"skuPartNumber": "SPE_E3", **fields},
        )
        assert answer.status_code in {200, 201}, answer.text


async def told(office: Office, kind: str) -> list[dict[str, Any]]:
    """What was told of a kind, in the order in which it was."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select data from telling where kind = %s order by telling_no", (kind,)
        )
        return [row[0] for row in await cursor.fetchall()]


async def history(office: Office, *actions: str) -> list[dict[str, Any]]:
    """Rows of the history with these actions, oldest first."""
    answer = await office.admin.get("/api/identity/licenses/assignment-history?kind=all&limit=1000")
    rows = [row for row in answer.json()["value"] if row["action"] in actions]
    return rows[::-1]
