"""Looking at everybody over the surface: a job, and what it found."""

from __future__ import annotations

from seatwright.app.work import Workshop, work_job
from seatwright.domain.ids import JobNo
from seatwright.domain.roles import Role
from tests.office import Office
from tests.world import add_group, add_people, call_of, set_seats

RECONCILE = "/api/reconcile"


async def work_all(office: Office) -> None:
    """Work every open job."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select job_no from job where state in ('queued', 'running') order by 1"
        )
        numbers = [JobNo(row[0]) for row in await cursor.fetchall()]
    bench = Workshop(database=office.database, clock=office.clock)
    for number in numbers:
        await work_job(bench, office.made.tenant.tenant_id, number)


async def licensed_people(office: Office, count: int) -> None:
    """People in a licensed group of whom nobody has noticed that it gives them a product."""
    await set_seats(office, "SPE_E3", 10_000)
    numbers = await add_people(office, *(f"p{n}" for n in range(count)))
    group = await add_group(office, "Everybody")
    path = f"/api/identity/groups/{group}/licenses"
    assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).status_code < 300
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into membership (tenant_id, user_no, group_no, since) select %s, u, 1, %s"
            " from unnest(%s::int4[]) u",
            (call.tx.tenant_id, call.now, numbers),
        )


async def test_a_look_at_everybody_mends_and_tells(office: Office) -> None:
    await licensed_people(office, 3)
    started = await office.admin.post(RECONCILE)
    assert started.status_code == 202, started.text
    again = await office.admin.post(RECONCILE)
    assert again.json()["id"] == started.json()["id"], "one run at a time"
    await work_all(office)
    job = (await office.admin.get(f"/api/jobs/{started.json()['id']}")).json()
    assert (job["state"], job["done"]) == ("completed", 3)
    runs = (await office.admin.get(f"{RECONCILE}/runs")).json()["value"]
    assert [(run["state"], run["isPeriodic"]) for run in runs] == [("completed", False)]
    assert runs[0]["finishedAt"] is not None
    assert (runs[0]["people"], runs[0]["licenses"]) == (3, 3)


async def test_many_are_mended_and_counted(office: Office) -> None:
    await licensed_people(office, 620)
    await office.admin.post(RECONCILE)
    await work_all(office)
    run = (await office.admin.get(f"{RECONCILE}/runs")).json()["value"][0]
    assert (run["people"], run["licenses"], run["errors"]) == (620, 620, 0)
    scraped = (await office.admin.get("/metrics")).text
    assert 'seatwright_reconcile_findings{found="licenses",periodic="false"} 620.0' in scraped
    assert 'seatwright_reconcile_runs{periodic="false"} 1.0' in scraped


async def test_a_preview_tells_what_would_be_mended(office: Office) -> None:
    await licensed_people(office, 5)
    seen = await office.admin.post(f"{RECONCILE}?preview=true")
    assert seen.status_code == 200, seen.text
    assert len(seen.json()["changes"]) == 5
    assert (await office.admin.get(f"{RECONCILE}/runs")).json()["value"] == []


async def test_who_may_only_read_may_not_start_one(office: Office) -> None:
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.post(RECONCILE)).status_code == 403
    assert (await reader.get(f"{RECONCILE}/runs")).status_code == 200
