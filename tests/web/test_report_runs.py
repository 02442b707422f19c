"""Runs: made by the worker slice by slice, read with the reader's eyes, forgotten in 90 days."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from seatwright.domain.roles import Role
from tests.office import Office
from tests.reports import rows_of, settle_company, tick, work_runs
from tests.world import call_of

RUNS = "/api/reports/per-person/runs"


@pytest.fixture
async def company(office: Office) -> Office:
    await settle_company(office)
    return office


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of three rows, so that few people make several."""
    monkeypatch.setattr("seatwright.app.reports.job.SLICE_ROWS", 3)


async def start(
    office: Office, client: httpx.AsyncClient | None = None, path: str = RUNS, **body: Any
) -> str:
    answer = await (client or office.admin).post(path, json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{path}/{answer.json()['id']}"
    return str(answer.headers["location"])


async def look(office: Office, path: str) -> Any:
    return (await office.admin.get(path)).json()


async def count_chunks(office: Office) -> int:
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*)::int4 from report_chunk")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


@pytest.mark.usefixtures("small_slices")
async def test_a_run_holds_what_the_report_says(company: Office) -> None:
    path = await start(company)
    assert (await look(company, path))["state"] == "queued"
    refused = await company.admin.get(f"{path}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "stillRunning")
    await work_runs(company)
    run = await look(company, path)
    assert (run["state"], run["rows"], run["requestedBy"]["name"]) == (
        "completed",
        8,
        "local administrator",
    )
    job = (await company.admin.get(f"/api/jobs/{run['jobId']}")).json()
    assert (job["kind"], job["total"], job["done"]) == ("report", 8, 8)
    whole = (await company.admin.get(f"{path}/file?format=json")).json()["value"]
    assert whole == await rows_of(company, "per-person")
    csv = (await company.admin.get(f"{path}/file?format=csv")).text
    assert csv == (await company.admin.get("/api/reports/per-person?format=csv")).text
    book = await company.admin.get(f"{path}/file?format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert sheet.height == 9


@pytest.mark.usefixtures("small_slices")
async def test_a_run_whose_worker_is_killed_goes_on_where_it_was(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await start(company)
    await work_runs(company, slices=1)
    assert (await look(company, path))["rows"] == 3

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("seatwright.app.reports.job.jobs.advance_job", die)
        with pytest.raises((KeyboardInterrupt, TypeError)):
            await work_runs(company, slices=1)
    # The slice that died had stored its rows, and took them with it.
    assert (await look(company, path))["rows"] == 3
    await work_runs(company)
    assert (await look(company, path))["rows"] == 8
    whole = (await company.admin.get(f"{path}/file?format=json")).json()["value"]
    assert whole == await rows_of(company, "per-person")


async def test_a_long_workbook_is_made_by_the_run_that_asks_for_one(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("files", "runs", "job"):
        monkeypatch.setattr(f"seatwright.app.reports.{module}.INLINE_ROWS_MAX", 7)
    monkeypatch.setattr("seatwright.app.reports.keeping.PIECE_BYTES", 1000)
    without = await start(company)
    path = await start(company, workbook=True)
    await work_runs(company)
    refused = await company.admin.get(f"{without}/file?format=xlsx")
    assert refused.status_code == 400
    assert "made without a workbook" in refused.json()["detail"]
    book = await company.admin.get(f"{path}/file?format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert [row[1] for row in sheet.to_python()[1:]] == [
        row["displayName"] for row in await rows_of(company, "per-person")
    ]
    reader = await company.as_role(Role.REPORTS_READER)
    hidden = await reader.get(f"{path}/file?format=xlsx")
    assert hidden.status_code == 400
    assert "details of people" in hidden.json()["detail"]


async def test_a_run_shows_each_reader_only_what_they_may_see(company: Office) -> None:
    reader = await company.as_role(Role.REPORTS_READER)
    of_admin = await start(company)
    of_reader = await start(company, reader)
    await work_runs(company)
    for path in (of_admin, of_reader):
        text = (await reader.get(f"{path}/file?format=csv")).text
        assert text.startswith("userId,displayName,product,")
        assert "@contoso.example" not in text
    # What the reader's run never stored, nobody gets out of it.
    assert "@" not in (await company.admin.get(f"{of_reader}/file?format=csv")).text
    assert "ada@contoso.example" in (await company.admin.get(f"{of_admin}/file?format=csv")).text


async def test_runs_are_kept_90_days_and_then_forgotten(company: Office) -> None:
    path = await start(company)
    await work_runs(company)
    company.clock.move(days=90)
    await tick(company)
    assert (await company.admin.get(path)).status_code == 200
    assert len((await look(company, RUNS))["value"]) == 1
    company.clock.move(minutes=1)
    gone = await company.admin.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknownReportRun")
    assert (await look(company, RUNS))["value"] == []
    assert await count_chunks(company) == 1
    await tick(company)
    assert await count_chunks(company) == 0


async def test_runs_are_listed_newest_first_in_pages(company: Office) -> None:
    paths = [await start(company, parameters={"sku": sku}) for sku in ("SPE_E3", "SPE_E5")]
    page = await look(company, f"{RUNS}?limit=1")
    assert page["value"][0]["parameters"] == {"sku": "SPE_E5"}
    rest = await look(company, f"{RUNS}?limit=1&cursor={page['nextCursor']}")
    assert [f"{RUNS}/{run['id']}" for run in rest["value"]] == paths[:1]
    assert rest["nextCursor"] is None
    other = await company.admin.get(paths[0].replace("per-person", "inventory"))
    assert other.status_code == 404, "a run belongs to its report"


async def test_a_run_for_somebody_who_was_revoked_ends_and_says_so(company: Office) -> None:
    made = (
        await company.admin.post("/api/tokens", json={"name": "leaver", "roles": ["global-reader"]})
    ).json()
    async with company.client(made["token"]) as leaver:
        path = await start(company, leaver)
    assert (await company.admin.delete(f"/api/tokens/{made['id']}")).status_code == 204
    await work_runs(company)
    run = await look(company, path)
    assert run["state"] == "failed"
    assert "“leaver”, who asked for this, was revoked." in run["error"]
    refused = await company.admin.get(f"{path}/file")
    assert refused.status_code == 400
    assert "was revoked" in refused.json()["detail"]


async def test_a_run_about_a_product_that_is_not_there_fails_with_the_sentence(
    company: Office,
) -> None:
    path = await start(company, parameters={"sku": "NO_SUCH"})
    await work_runs(company)
    run = await look(company, path)
    assert run["state"] == "failed"
    assert "NO_SUCH" in run["error"]


async def test_a_run_is_forgotten_early_by_its_owner_and_by_nobody_else(company: Office) -> None:
    reader = await company.as_role(Role.REPORTS_READER)
    path = await start(company)
    assert (await company.admin.delete(path)).status_code == 409
    await work_runs(company)
    assert (await reader.delete(path)).status_code == 403
    assert (await company.admin.delete(path)).status_code == 204
    assert (await company.admin.get(path)).status_code == 404
    of_reader = await start(company, reader)
    await work_runs(company)
    assert (await reader.delete(of_reader)).status_code == 204


async def test_a_cancelled_run_has_no_file(company: Office) -> None:
    path = await start(company)
    job = (await look(company, path))["jobId"]
    assert (await company.admin.post(f"/api/jobs/{job}/cancel")).status_code == 200
    await work_runs(company)
    assert (await look(company, path))["state"] == "cancelled"
    assert (await company.admin.get(f"{path}/file")).status_code == 400


async def test_what_a_run_cannot_be_is_refused_at_once(office: Office) -> None:
    for body, words in (
        ({"parameters": {"days": 3}}, "has no parameter “days”"),
        ({"parameters": {"sku": 3}}, "give a text"),
        ({"workbook": "yes"}, "workbook"),
        ({"format": "xlsx"}, "format"),
    ):
        answer = await office.admin.post(RUNS, json=body)
        assert answer.status_code == 400, answer.text
        assert words in answer.json()["detail"]
    assert (await office.admin.post("/api/reports/payroll/runs", json={})).status_code == 404
