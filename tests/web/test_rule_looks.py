"""What the tick of each minute sees to: rules of time, failed ones, and what no call follows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.dynamic import look
from seatwright.app.dynamic.work import start_evaluation
from seatwright.app.record import record
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import UserNo
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
    office.clock.move(hours=2)
    (job,) = await _tend(office)
    for _ in range(2):
        office.clock.move(hours=2)
        assert [one.job_no for one in await _tend(office)] == [job.job_no]
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


async def _give_license(call: Call, user: int) -> None:
    """What a call writes that gives somebody a license, as far as rules can see it."""
    await call.tx.connection.execute(
        "insert into effective_license (tenant_id, user_no, sku_no, enabled_set, since,"
        " strategy, source_kind, source_no)"
        " select %s, %s, l.sku_no, l.enabled_set, l.since, l.strategy, l.source_kind, l.source_no"
        " from effective_license l where l.tenant_id = %s limit 1",
        (call.tx.tenant_id, user, call.tx.tenant_id),
    )
    line = HistoryLine(action=HistoryAction.GRANTED, user=UserNo(user))
    await record(call, line)


HAS_PLANS = "user.assignedPlans -any (assignedPlan.servicePlanId -ne null)"


async def test_a_call_that_commits_after_the_look_is_looked_at_by_the_next_one(
    office: Office, sales: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "OVERLAP", timedelta())
    (dina,) = await add_people(office, "dina")
    holders = await add_group(office, "Holders")
    await set_rule(office, holders, HAS_PLANS)
    async with call_of(office) as call:
        await _give_license(call, dina)
        office.clock.move(milliseconds=20)
        await asyncio.sleep(0.1)
        await tick(office)
    office.clock.move(minutes=1)
    await tick(office)
    assert await members(office, holders) == ["ada", "ben", "dina"]


async def test_where_more_have_changed_than_one_job_takes_everybody_is_judged(
    office: Office, sales: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "PEOPLE_MAX", 3)
    people = await add_people(office, *(f"p{number}" for number in range(6)))
    holders = await add_group(office, "Holders")
    await set_rule(office, holders, HAS_PLANS)
    await tick(office)
    async with call_of(office) as call:
        for user in people:
            await _give_license(call, user)
    office.clock.move(minutes=1)
    await tick(office)
    assert await members(office, holders) == ["ada", "ben", *(f"p{number}" for number in range(6))]


@pytest.mark.parametrize("ends", ["worked off", "cancelled"])
async def test_a_rule_that_is_paused_while_it_is_evaluated_stays_paused(
    office: Office, sales: str, ends: str
) -> None:
    async with call_of(office) as call:
        await start_evaluation(call, (await find_group(call, sales)).group_no)
    (job,) = await _tend(office)
    paused = {"membershipRuleProcessingState": "Paused"}
    assert (await office.admin.patch(f"{GROUPS}/{sales}/rule", json=paused)).is_success
    if ends == "cancelled":
        await office.admin.post(f"/api/jobs/{job.id}/cancel")
    await work_off(office)
    shown = (await office.admin.get(f"{GROUPS}/{sales}/rule")).json()
    assert (shown["status"], shown["membershipRuleProcessingState"]) == ("paused", "Paused")
    office.clock.move(hours=2)
    assert await _tend(office) == []
