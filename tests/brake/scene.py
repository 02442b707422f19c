"""Scenes of removals: an executive team that holds a product by its group, and people by name."""

from __future__ import annotations

from typing import Any

import httpx

from tests.bulk import csv_of, upn
from tests.office import Office
from tests.world import add_group, add_people, call_of, set_seats

E5 = "SPE_E5"
E3 = "SPE_E3"


async def executive_team(office: Office, size: int = 156, *, seats: int = 500) -> str:
    """A group of people who hold Microsoft 365 E5 by it; gives its id."""
    await set_seats(office, E5, seats)
    people = await add_people(office, *(f"exec{number}" for number in range(size)))
    group = await add_group(office, "Executive Team", people)
    await license_group(office, group, E5)
    return group


async def license_group(office: Office, group: str, sku: str) -> None:
    """Have a group give a product."""
    path = f"/api/identity/groups/{group}/licenses"
    answer = await office.admin.post(path, json={"skuPartNumber": sku})
    assert answer.status_code == 202, answer.text


async def empty_by_import(
    office: Office, group: str, *, keeping: str, client: httpx.AsyncClient | None = None
) -> httpx.Response:
    """Import a file of members that names one other person: everybody else goes."""
    return await (client or office.admin).post(
        "/api/imports/members",
        params={"mode": "replace", "confirm": "true"},
        content=csv_of(f"{group},{upn(keeping)}", header="groupId,userPrincipalName"),
        headers={"content-type": "text/csv"},
    )


async def pending(office: Office) -> list[dict[str, Any]]:
    """The held changes that wait."""
    answer = await office.admin.get("/api/held-changes", params={"state": "pending"})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


async def second_admin(office: Office, name: str = "second") -> httpx.AsyncClient:
    """Another administrator, who was there before anything happened."""
    answer = await office.admin.post(
        "/api/tokens", json={"name": name, "roles": ["global-administrator"]}
    )
    assert answer.status_code == 201, answer.text
    return office.client(answer.json()["token"])


async def rows(office: Office, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the tenant, its number being the first value."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(query.encode(), (call.tx.tenant_id, *values))
        return await cursor.fetchall()


async def members(office: Office, group: str) -> int:
    """How many people are in a group."""
    found = await rows(
        office,
        "select count(*) from membership m join app_group g on g.tenant_id = m.tenant_id"
        " and g.group_no = m.group_no where m.tenant_id = %s and g.id = %s",
        group,
    )
    return int(found[0][0])
