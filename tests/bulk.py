"""Sending bulk calls and counting what they did."""

from __future__ import annotations

from typing import Any

from tests.office import Office
from tests.world import call_of

BULK = "/api/identity/licenses/bulk-assign"
DONE = {"prefer": "wait=30"}


def upn(name: str) -> str:
    return f"{name}@contoso.example"


def csv_of(*rows: str, header: str = "UserPrincipalName,SkuPartNumber") -> bytes:
    return "\n".join((header, *rows, "")).encode()


async def send_csv(office: Office, content: bytes, **query: str) -> dict[str, Any]:
    answer = await office.admin.post(
        BULK, content=content, params=query, headers={"content-type": "text/csv", **DONE}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def send_json(office: Office, body: dict[str, Any]) -> dict[str, Any]:
    answer = await office.admin.post(BULK, json=body, headers=DONE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def outcomes(job: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["reason"]) for row in job["rows"]]


async def holders(office: Office, part_number: str) -> int:
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*) from effective_license l join sku s on s.tenant_id = l.tenant_id"
            " and s.sku_no = l.sku_no where l.tenant_id = %s and s.part_number = %s",
            (call.tx.tenant_id, part_number),
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def reserved_seats(office: Office) -> int:
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select sum(reserved)::int4 from sku_pool where tenant_id = %s", (call.tx.tenant_id,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
