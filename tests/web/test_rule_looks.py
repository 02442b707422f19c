"""What the tick of each minute sees to: rules of time, failed ones, and what no call follows."""

from __future__ import annotations

from seatwright.app.directory.groups import find_group
from seatwright.app.dynamic.work import start_evaluation
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.jobs import Job, JobKind
from seatwright.postgres.jobs import open_jobs
from tests.dynamic import GROUPS, change, members, sales, set_rule, tick, work_off
from tests.office import Office
from tests.world import add_group, add_people, call_of

__all__ = ["sales"]

SOON = "user.employeeHireDate -le system.now -plus p1d"


async def _tend(office: Office) -> list[Job]:
    """One tick without a worker; the jobs of rules that are open then."""
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        return [job for job in await open_jobs(tx) if job.kind is JobKind.RULES]


async def test_an_evaluation_that_takes_long_or_waits_is_begun_once(office: Office) -> None:
    await add_people(office, "ada")
    await change(office, "ada", employeeHireDate="2026-11-25")
    group = await add_group(office, "Soon")
    await set_rule(office, group, SOON)
    office.clock.move(days=4)
    for _ in range(3):
        office.clock.move(hours=2)
        (job,) = await _tend(office)
    await work_job(
        Workshop(database=office.database, clock=office.clock),
        office.made.tenant.tenant_id,
        job.job_no,
    )
    office.clock.move(minutes=1)
    assert await _tend(office) == []
    assert await members(office, group) == ["ada"]


async def test_an_evaluation_that_failed_is_tried_again_in_an_hour_and_not_each_minute(
    office: Office, sales: str
) -> None:
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update app_user set department = 'Sales' where upn = 'cara@contoso.example'"
        )
        await start_evaluation(call, (await find_group(call, sales)).group_no)
    (job,) = await _tend(office)
    await office.admin.post(f"/api/jobs/{job.id}/cancel")
    await work_off(office)
    shown = (await office.admin.get(f"{GROUPS}/{sales}/rule")).json()
    assert shown["status"] == "error"
    for _ in range(3):
        office.clock.move(minutes=1)
        assert await _tend(office) == []
    office.clock.move(hours=1)
    await tick(office)
    shown = (await office.admin.get(f"{GROUPS}/{sales}/rule")).json()
    assert shown["status"] == "complete"
    assert await members(office, sales) == ["ada", "ben", "cara"]
