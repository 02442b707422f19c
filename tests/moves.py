"""Starting moves in an office, and seeing what became of people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seatwright.app.work import Workshop, work_job
from seatwright.postgres.jobs import find_job
from tests.office import Office
from tests.world import call_of

MOVES = "/api/moves"


def upn(name: str) -> str:
    return f"{name}@contoso.example"


async def move(office: Office, **body: Any) -> dict[str, Any]:
    """Start a move and work it to its end, or to where it waits; the job with its rows."""
    answer = await office.admin.post(MOVES, json=body)
    assert answer.status_code == 202, answer.text
    return await worked(office, answer.json()["jobId"])


async def worked(
    office: Office, job_id: str, *, goes_on: Callable[[], bool] = lambda: True
) -> dict[str, Any]:
    """Work on a job as a worker does, until it ends or pauses, and read it."""
    async with call_of(office) as call:
        found = await find_job(call.tx, job_id)  # type: ignore[arg-type]  # Postgres reads it.
    assert found is not None
    bench = Workshop(database=office.database, clock=office.clock)
    await work_job(bench, office.made.tenant.tenant_id, found.job_no, goes_on=goes_on)
    job: dict[str, Any] = (await office.admin.get(f"/api/jobs/{job_id}")).json()
    rows = await office.admin.get(f"/api/jobs/{job_id}/rows", params={"limit": 1000})
    return {**job, "rows": rows.json()["value"]}


async def give(office: Office, names: str, sku: str, **fields: Any) -> None:
    """Assign a product to people by hand."""
    for name in names.split():
        path = f"/api/identity/users/{upn(name)}/licenses"
        answer = await office.admin.post(path, json={"skuPartNumber": sku, **fields})
        assert answer.status_code in {200, 201}, answer.text


async def license_group(office: Office, group: str, sku: str, **fields: Any) -> None:
    path = f"/api/identity/groups/{group}/licenses"
    answer = await office.admin.post(path, json={"skuPartNumber": sku, **fields})
    assert answer.status_code == 202, answer.text


async def held(office: Office, name: str) -> dict[str, list[str]]:
    """What a person holds, and from where: part number to the kinds of its sources."""
    answer = await office.admin.get(f"/api/identity/users/{upn(name)}/licenses")
    return {
        one["skuPartNumber"]: sorted(
            "group" if source["group"] else "direct" for source in one["sources"]
        )
        for one in answer.json()["value"]
        if one["state"] == "Active"
    }


async def members(office: Office, group: str) -> set[str]:
    answer = await office.admin.get(f"/api/identity/groups/{group}/members", params={"limit": 1000})
    return {row["displayName"] for row in answer.json()["value"]}


def ends(job: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["reason"]) for row in job["rows"]]
