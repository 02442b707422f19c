"""Environments, apps, flows and people to try the platform with."""

from __future__ import annotations

from typing import Any

import httpx

from tests.office import Office


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """Make something; it must be taken."""
    answer = await client.post(f"/api/{path}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Read something; it must be there."""
    answer = await client.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def person(office: Office, name: str, *, sku: str | None = None, **fields: Any) -> str:
    """Somebody in Norway, with a product if one is named; their user principal name."""
    upn = f"{name}@contoso.example"
    await post(
        office.admin,
        "identity/users",
        userPrincipalName=upn,
        displayName=name.title(),
        usageLocation="NO",
        **fields,
    )
    if sku is not None:
        await license_person(office, upn, sku)
    return upn


async def license_person(office: Office, upn: str, sku: str) -> None:
    """Give somebody a product."""
    await post(office.admin, f"identity/users/{upn}/licenses", skuPartNumber=sku)


async def buy(office: Office, sku: str, units: int = 50) -> None:
    """Buy seats of a product."""
    await post(office.admin, "subscriptions", skuPartNumber=sku, units=units)


async def group_of(office: Office, name: str, *people: str) -> str:
    """A group with these people in it; its id."""
    made = await post(office.admin, "identity/groups", displayName=name)
    if people:
        await post(office.admin, f"identity/groups/{made['id']}/members", users=list(people))
    return str(made["id"])


def names(page: dict[str, Any]) -> list[str]:
    """What the rows of a page are called."""
    return [row["displayName"] for row in page["value"]]


async def role_named(office: Office, name: str, environment: str) -> str:
    """The id of a security role of an environment."""
    page = await get(office.admin, f"platform/security-roles?environment={environment}")
    return next(str(row["id"]) for row in page["value"] if row["displayName"] == name)
