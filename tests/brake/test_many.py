"""The brake and its decisions for more people than one call looks at: jobs in slices."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app import held_changes
from seatwright.app.tenants import NewTenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.semantics import Preset
from seatwright.postgres.jobs import open_jobs
from tests.books import audit
from tests.brake.scene import E5, executive_team, pending, second_admin
from tests.bulk import holders
from tests.conftest import Database
from tests.lives.holds import broken_holds
from tests.office import Office, open_office
from tests.world import call_of

PEOPLE = 620
SLICE = 250


async def work(office: Office, *, slices: int | None = None) -> None:
    """Work on the open jobs to their end, or for so many slices."""
    async with call_of(office) as call:
        jobs = [job.job_no for job in await open_jobs(call.tx)]
    bench = Workshop(database=office.database, clock=office.clock)
    turns = iter([True] * slices) if slices is not None else None
    for job in jobs:
        await work_job(
            bench,
            office.made.tenant.tenant_id,
            job,
            goes_on=lambda: turns is None or next(turns, False),
        )


async def held_by_job(office: Office) -> dict[str, Any]:
    """A large group stops giving a product, as a job; what of it is held."""
    group = await executive_team(office, PEOPLE, seats=700)
    await work(office)
    assert await holders(office, E5) == PEOPLE
    await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
    assert await pending(office) == []
    await work(office)
    found = await pending(office)
    assert [one["people"] for one in found] == [PEOPLE]
    assert await holders(office, E5) == PEOPLE
    return found[0]


async def test_a_job_holds_what_is_too_much_and_a_job_lets_it_go(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await second_admin(office)
    held = await held_by_job(office)
    assert f"taken from {PEOPLE} people" in held["sentence"]
    monkeypatch.setattr(held_changes, "SLICE_PEOPLE", SLICE)
    decided = await other.post(f"/api/held-changes/{held['id']}/approve", json={})
    assert (decided.status_code, decided.json()["pending"]) == (200, PEOPLE), decided.text
    assert await holders(office, E5) == PEOPLE

    # The worker dies after a slice, and another goes on where it was.
    await work(office, slices=1)
    assert await holders(office, E5) == PEOPLE - SLICE
    await work(office)

    assert await holders(office, E5) == 0
    seen = (await other.get(f"/api/held-changes/{held['id']}")).json()
    assert (seen["state"], seen["revoked"], seen["pending"]) == ("approved", PEOPLE, 0)
    assert broken_holds(database.owner_url) == []
    assert audit(database.owner_url, office.made.tenant.tenant_id) == []


async def test_whom_a_cancelled_decision_did_not_reach_wait_for_another(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await second_admin(office)
    held = await held_by_job(office)
    monkeypatch.setattr(held_changes, "SLICE_PEOPLE", SLICE)
    await other.post(f"/api/held-changes/{held['id']}/approve", json={})
    await work(office, slices=1)
    async with call_of(office) as call:
        job = (await open_jobs(call.tx))[0].id
    assert (await other.post(f"/api/jobs/{job}/cancel")).is_success
    await work(office)
    seen = (await other.get(f"/api/held-changes/{held['id']}")).json()
    assert (seen["state"], seen["revoked"], seen["pending"]) == ("pending", SLICE, PEOPLE - SLICE)
    assert broken_holds(database.owner_url) == []
    again = await other.post(f"/api/held-changes/{held['id']}/reject", json={})
    assert again.status_code == 200, again.text
    # The group gives again; all its members are looked at, and that is one more job.
    await work(office)
    await work(office)
    assert await holders(office, E5) == PEOPLE
    assert broken_holds(database.owner_url) == []


async def test_the_brake_is_off_under_the_entra_preset(database: Database) -> None:
    new = NewTenant(name="Contoso", domain="contoso.example", preset=Preset.ENTRA)
    async with open_office(database.app_url, new) as office:
        await office.admin.patch("/api/settings", json={"groupLicensingNeedsEntraP1": False})
        group = await executive_team(office, 30)
        await office.admin.delete(f"/api/identity/groups/{group}/licenses/{E5}")
        assert (await holders(office, E5), await pending(office)) == (0, [])
