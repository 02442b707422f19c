"""Jobs: looked up, read row by row, cancelled, and resumed exactly once."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from seatwright.app.work import Workshop, fail_job, work_job
from seatwright.domain import bulk
from seatwright.domain.ids import JobNo
from seatwright.domain.roles import Role
from seatwright.postgres.jobs import find_job
from tests.bulk import BULK, DONE, holders, reserved_seats, upn
from tests.office import Office
from tests.world import add_people, call_of, counts_agree, set_seats


def bench(office: Office) -> Workshop:
    return Workshop(database=office.database, clock=office.clock)


async def start(office: Office, names: list[str], **more: Any) -> str:
    body = {"users": [upn(name) for name in names], "skuPartNumber": "SPE_E3", **more}
    answer = await office.admin.post(BULK, json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["jobId"])


async def number_of(office: Office, job_id: str) -> JobNo:
    async with call_of(office) as call:
        job = await find_job(call.tx, job_id)  # type: ignore[arg-type]  # text is as good
    assert job is not None
    return job.job_no


async def work(office: Office, job_id: str, *, slices: int | None = None) -> None:
    """Work a job, or only so many slices of it, as a worker that is then killed."""
    left = iter(range(slices)) if slices is not None else None
    await work_job(
        bench(office),
        office.made.tenant.tenant_id,
        await number_of(office, job_id),
        goes_on=lambda: left is None or next(left, None) is not None,
    )


async def look(office: Office, job_id: str) -> Any:
    return (await office.admin.get(f"/api/jobs/{job_id}")).json()


async def assigned_rows(office: Office) -> int:
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*), count(distinct user_no) from history_event"
            " where tenant_id = %s and action = 1",
            (call.tx.tenant_id,),
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] == row[1], "somebody has two rows for one assignment"
    return int(row[0])


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of ten rows, so that few people make many of them."""
    for module in ("slices", "foresight"):
        monkeypatch.setattr(f"seatwright.app.bulk.{module}.SLICE_ROWS", 10)
    assert bulk.SLICE_ROWS > 10


NAMES = [f"p{number:03}" for number in range(45)]


@pytest.mark.usefixtures("small_slices")
async def test_a_job_that_was_killed_goes_on_where_it_was(office: Office) -> None:
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 40)
    job_id = await start(office, NAMES)
    await work(office, job_id, slices=2)
    half = await look(office, job_id)
    assert (half["state"], half["done"]) == ("running", 20)
    await work(office, job_id)
    done = await look(office, job_id)
    assert (done["state"], done["succeeded"], done["failed"]) == ("completed", 40, 5)
    assert await holders(office, "SPE_E3") == 40
    assert await assigned_rows(office) == 40
    assert await counts_agree(office)


@pytest.mark.usefixtures("small_slices")
async def test_a_slice_that_dies_before_its_commit_leaves_no_trace(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 45)
    job_id = await start(office, NAMES)
    await work(office, job_id, slices=1)

    async def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("seatwright.app.bulk.slices.advance_job", die)
        with pytest.raises(KeyboardInterrupt):
            await work(office, job_id)
    assert (await look(office, job_id))["done"] == 10
    assert await holders(office, "SPE_E3") == 10
    await work(office, job_id)
    assert (await look(office, job_id))["succeeded"] == 45
    assert await assigned_rows(office) == 45
    assert await counts_agree(office)


@pytest.mark.usefixtures("small_slices")
async def test_a_cancelled_job_keeps_what_was_done(office: Office) -> None:
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 45)
    job_id = await start(office, NAMES)
    await work(office, job_id, slices=2)
    asked = await office.admin.post(f"/api/jobs/{job_id}/cancel")
    assert asked.status_code == 200, asked.text
    assert asked.json()["cancelRequested"] is True
    await work(office, job_id)
    job = await look(office, job_id)
    assert (job["state"], job["succeeded"]) == ("cancelled", 20)
    rows = (await office.admin.get(f"/api/jobs/{job_id}/rows?outcome=cancelled")).json()["value"]
    assert len(rows) == 25
    assert await holders(office, "SPE_E3") == 20
    again = await office.admin.post(f"/api/jobs/{job_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "alreadyDecided")


@pytest.mark.usefixtures("small_slices")
async def test_all_or_nothing_holds_its_seats_until_its_last_row(office: Office) -> None:
    await add_people(office, *NAMES, "late")
    await set_seats(office, "SPE_E3", 45)
    job_id = await start(office, NAMES, fillPolicy="allOrNothing")
    await work(office, job_id, slices=2)
    assert (await holders(office, "SPE_E3"), await reserved_seats(office)) == (10, 35)
    taken = await office.admin.post(
        f"/api/identity/users/{upn('late')}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "noSeatLeft")
    await work(office, job_id)
    assert (await look(office, job_id))["succeeded"] == 45
    assert (await holders(office, "SPE_E3"), await reserved_seats(office)) == (45, 0)
    assert await counts_agree(office)


@pytest.mark.usefixtures("small_slices")
async def test_reserved_seats_go_back_on_cancel_on_failure_and_to_who_waits(
    office: Office,
) -> None:
    await add_people(office, *NAMES, "late")
    await set_seats(office, "SPE_E3", 45)
    job_id = await start(office, NAMES, fillPolicy="allOrNothing")
    await work(office, job_id, slices=2)
    late = {"users": [upn("late")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"}
    waiting = await office.admin.post(BULK, json=late, headers=DONE)
    assert waiting.json()["waiting"] == 1
    await office.admin.post(f"/api/jobs/{job_id}/cancel")
    await work(office, job_id)
    assert (await holders(office, "SPE_E3"), await reserved_seats(office)) == (11, 0)

    second = await start(office, NAMES[:40], fillPolicy="allOrNothing")
    await work(office, second, slices=1)
    assert await reserved_seats(office) > 0
    number = await number_of(office, second)
    await fail_job(bench(office), office.made.tenant.tenant_id, number, "a bug")
    assert await reserved_seats(office) == 0
    assert (await look(office, second))["error"] == "a bug"
    assert await counts_agree(office)


@pytest.mark.usefixtures("small_slices")
async def test_a_row_that_becomes_impossible_is_reported_and_its_seat_goes_back(
    office: Office,
) -> None:
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 45)
    job_id = await start(office, NAMES, fillPolicy="allOrNothing")
    await work(office, job_id, slices=1)
    gone = await office.admin.delete(f"/api/identity/users/{upn(NAMES[-1])}")
    assert gone.status_code == 204, gone.text
    await work(office, job_id)
    job = await look(office, job_id)
    assert (job["state"], job["succeeded"], job["failed"]) == ("completed", 44, 1)
    assert await reserved_seats(office) == 0
    assert await counts_agree(office)


async def test_rows_come_in_pages_and_by_outcome(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    job_id = await start(office, ["ada", "nobody", "bob"])
    before = (await office.admin.get(f"/api/jobs/{job_id}/rows")).json()["value"]
    assert [row["outcome"] for row in before] == [None] * 3
    await work(office, job_id)
    rows = f"/api/jobs/{job_id}/rows"
    first = (await office.admin.get(rows, params={"limit": 2})).json()
    assert [row["row"] for row in first["value"]] == [1, 2]
    rest = await office.admin.get(rows, params={"cursor": first["nextCursor"]})
    assert [row["user"] for row in rest.json()["value"]] == [upn("bob")]
    assert rest.json()["nextCursor"] is None
    failed = (await office.admin.get(rows, params={"outcome": "failed"})).json()["value"]
    assert [row["row"] for row in failed] == [2]
    assert (await office.admin.get(rows, params={"outcome": "odd"})).status_code == 400


async def test_jobs_are_listed_newest_first_and_by_state(office: Office) -> None:
    await add_people(office, "ada")
    first, second = await start(office, ["ada"]), await start(office, ["ada"])
    await work(office, first)
    page = (await office.admin.get("/api/jobs?limit=1")).json()
    assert [job["id"] for job in page["value"]] == [second]
    rest = await office.admin.get("/api/jobs", params={"cursor": page["nextCursor"]})
    assert [job["id"] for job in rest.json()["value"]] == [first]
    queued = (await office.admin.get("/api/jobs?state=queued")).json()["value"]
    assert [job["id"] for job in queued] == [second]


async def test_a_job_that_is_not_there_is_unknown(office: Office) -> None:
    for path in ("", "/rows", "/result.csv"):
        answer = await office.admin.get(f"/api/jobs/{uuid4()}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknownJob")


async def test_the_result_file_is_safe_to_open_and_can_be_sent_again(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    job_id = await start(office, ["ada", "=cmd|' /C calc'!A0"])
    await work(office, job_id)
    answer = await office.admin.get(f"/api/jobs/{job_id}/result.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.reader(io.StringIO(answer.text)))
    assert table[0] == ["row", "user", "sku", "action", "outcome", "reason", "message", "effect"]
    assert table[1] == ["1", upn("ada"), "SPE_E3", "add", "succeeded", "", "", "given"]
    assert table[2][1].startswith("'=cmd")
    assert table[2][4:6] == ["failed", "unknownUser"]
    again = await office.admin.post(
        BULK, content=answer.content, headers={"content-type": "text/csv", **DONE}
    )
    assert again.status_code == 200, again.text
    assert [row["outcome"] for row in again.json()["rows"]] == ["succeeded", "failed"]
    assert again.json()["rows"][1]["user"].startswith("=cmd")


async def test_two_jobs_that_race_for_seats_get_exactly_those_there_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.bulk.slices.SLICE_ROWS", 100)
    names = [f"r{number}" for number in range(2_000)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 1_000)
    jobs = [await start(office, names[:1_000]), await start(office, names[1_000:])]

    async def work_to_its_end(job_id: str) -> None:
        while (await look(office, job_id))["state"] != "completed":
            await work(office, job_id)

    # Two workers on each of the jobs: one of them finds its rows taken, and leaves or takes turns.
    await asyncio.gather(*(work_to_its_end(job) for job in jobs for _ in range(2)))
    found = [await look(office, job) for job in jobs]
    assert sum(job["succeeded"] for job in found) == 1_000
    assert sum(job["failed"] for job in found) == 1_000
    assert all(job["succeeded"] for job in found)
    assert await holders(office, "SPE_E3") == 1_000
    assert await assigned_rows(office) == 1_000
    assert await counts_agree(office)


async def test_whoever_waits_for_a_job_that_a_worker_has_sees_it_end(office: Office) -> None:
    names = [f"r{number}" for number in range(50)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 50)
    body = {"users": [upn(name) for name in names], "skuPartNumber": "SPE_E3"}

    async def be_a_worker() -> None:
        for _ in range(500):
            for job in (await office.admin.get("/api/jobs")).json()["value"]:
                await work(office, job["id"])
            await asyncio.sleep(0.002)

    worker = asyncio.create_task(be_a_worker())
    try:
        answers = await asyncio.gather(
            *(office.admin.post(BULK, json=body, headers=DONE) for _ in range(5))
        )
    finally:
        worker.cancel()
    assert [answer.status_code for answer in answers] == [200] * 5
    assert {answer.json()["succeeded"] for answer in answers} == {50}
    assert await assigned_rows(office) == 50
    assert await counts_agree(office)


async def test_whoever_may_not_assign_in_bulk_may_not_cancel(office: Office) -> None:
    await add_people(office, "ada")
    job_id = await start(office, ["ada"])
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.get(f"/api/jobs/{job_id}")).status_code == 200
    assert (await reader.post(f"/api/jobs/{job_id}/cancel")).status_code == 403
