"""A sealed history, and what seatwright says of it."""

from __future__ import annotations

from typing import Any

from seatwright.app.seals import seal_history
from seatwright.app.work import Workshop
from tests.office import Office

VERIFY = "/api/history/verify"


async def seal(office: Office) -> int:
    """Let the worker's tick seal what is due."""
    workshop = Workshop(database=office.database, clock=office.clock)
    return await seal_history(workshop, office.made.tenant.tenant_id)


async def add_person(office: Office, name: str) -> str:
    """Create a person over the API, as one row of history; gives the id."""
    answer = await office.admin.post(
        "/api/identity/users",
        json={"userPrincipalName": f"{name}@contoso.example", "displayName": name.title()},
    )
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def sealed_in_blocks(office: Office, blocks: int = 3) -> None:
    """A history of several blocks, some rows each."""
    for number in range(blocks):
        for name in ("ada", "bob", "cleo"):
            await add_person(office, f"{name}{number}")
        office.clock.move(minutes=11)
        assert await seal(office) == 1


async def verdict(office: Office, head: str | None = None) -> dict[str, Any]:
    answer = await office.admin.get(VERIFY, params={} if head is None else {"head": head})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def head_of(office: Office) -> str:
    digest: str = (await office.admin.get("/api/history/head")).json()["head"]["digest"]
    return digest
