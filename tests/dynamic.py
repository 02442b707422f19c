"""Dynamic groups of an office: setting rules, changing people, and what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.postgres.jobs import open_jobs
from tests.office import Office
from tests.world import add_group, add_people, set_seats

Json = dict[str, Any]
GROUPS = "/api/identity/groups"
USERS = "/api/identity/users"


async def set_rule(office: Office, group: str, rule: str | None, **more: str) -> Json:
    body = {"membershipRule": rule, **more}
    answer = await office.admin.patch(f"{GROUPS}/{group}/rule", json=body)
    assert answer.status_code == 200, answer.text
    changed: Json = answer.json()
    return changed


async def change(office: Office, name: str, **fields: object) -> None:
    answer = await office.admin.patch(f"{USERS}/{name}@contoso.example", json=fields)
    assert answer.status_code == 200, answer.text


async def members(office: Office, group: str) -> list[str]:
    answer = await office.admin.get(f"{GROUPS}/{group}/members")
    return [row["userPrincipalName"].partition("@")[0] for row in answer.json()["value"]]


async def held(office: Office, name: str) -> list[str]:
    answer = await office.admin.get(f"{USERS}/{name}@contoso.example/licenses")
    return [one["skuPartNumber"] for one in answer.json()["value"] if one["state"] == "Active"]


async def give(office: Office, group: str, sku: str = "SPE_E3") -> None:
    answer = await office.admin.post(f"{GROUPS}/{group}/licenses", json={"skuPartNumber": sku})
    assert answer.status_code == 202, answer.text


async def work_off(office: Office) -> None:
    """Work every open job, and those that they start."""
    tenant_id = office.made.tenant.tenant_id
    workshop = Workshop(database=office.database, clock=office.clock)
    for _ in range(10):
        async with office.database.transaction(tenant_id) as tx:
            jobs = await open_jobs(tx)
        if not jobs:
            return
        for job in jobs:
            await work_job(workshop, tenant_id, job.job_no)
    raise AssertionError("jobs start jobs without end")


async def tick(office: Office) -> None:
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    await work_off(office)


@pytest.fixture
async def sales(office: Office) -> str:
    """A licensed group, dynamic: whoever is in Sales; ada and ben are."""
    await add_people(office, "ada", "ben", "cara")
    await set_seats(office, "SPE_E3", 5)
    for name in ("ada", "ben"):
        await change(office, name, department="Sales")
    await change(office, "cara", department="HR")
    group = await add_group(office, "Sales people")
    await give(office, group)
    changed = await set_rule(office, group, 'user.department -eq "sales"')
    assert (changed["joining"], changed["leaving"], changed["takenIn"]) == (2, 0, 2)
    assert changed["status"] == "complete"
    return group
