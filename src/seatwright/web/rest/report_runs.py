"""`/api/reports/{report}/runs`: reports made in the background, kept 90 days, and their files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from seatwright.app.reports import runs
from seatwright.app.reports.files import csv_of, json_of
from seatwright.domain.reports.catalog import require_report
from seatwright.domain.roles import Permission
from seatwright.postgres.reports.runs import StoredRun
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.reports import (
    CSV_TYPE,
    JSON_TYPE,
    XLSX_TYPE,
    FormatText,
    as_file,
    file_name,
    once,
    read_format,
)


class RunBody(Body, kw_only=True, frozen=True):
    """What to run a report with; `workbook` has an XLSX file made of more than 10,000 rows too."""

    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    workbook: bool = False


class ReportPrincipal(Shape, kw_only=True, frozen=True):
    """Whoever asked for a run or a schedule."""

    id: UUID
    name: str


class RunShape(Shape, kw_only=True, frozen=True):
    """A run: `state` is that of its job, `rows` how many it has so far.

    `columns` is null before its first row. `dueAt` says when its schedule meant it to run. It is
    forgotten after `expiresAt`.
    """

    id: UUID
    report: str
    parameters: dict[str, Any]
    columns: list[str] | None
    state: str
    error: str | None
    rows: int
    workbook: bool
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    requested_by: ReportPrincipal
    job_id: UUID
    schedule_id: UUID | None
    due_at: datetime | None


def run_shape(run: StoredRun) -> RunShape:
    """A run as the surface shows it."""
    return RunShape(
        id=run.id,
        report=run.report,
        parameters=dict(run.parameters),
        columns=None if run.columns is None else list(run.columns),
        state=run.state.value,
        error=run.error,
        rows=run.rows,
        workbook=run.with_workbook,
        created_at=run.created_at,
        finished_at=run.finished_at,
        expires_at=run.created_at + runs.RUNS_KEPT,
        requested_by=ReportPrincipal(id=run.principal_id, name=run.principal_name),
        job_id=run.job_id,
        schedule_id=run.schedule_id,
        due_at=run.due_at,
    )


@post(
    "/api/reports/{report:str}/runs",
    opt=needs(Permission.READ_REPORTS),
    summary="Run a report in the background",
    status_code=202,
)
async def start_report_run(
    call: TheCall, report: FromPath[str], data: JSONBody[RunBody]
) -> Response[RunShape]:
    """For what takes longer than anybody waits: it is kept 90 days, and its file downloaded."""
    order = runs.Order(
        report=require_report(report), given=data.parameters, with_workbook=data.workbook
    )
    run = await runs.start_run(call, order)
    where = f"/api/reports/{run.report}/runs/{run.id}"
    return Response(run_shape(run), status_code=202, headers={"location": where})


@get(
    "/api/reports/{report:str}/runs",
    opt=needs(Permission.READ_REPORTS),
    summary="List the runs of a report",
)
async def list_report_runs(
    call: TheCall,
    report: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[RunShape]:
    """Of the last 90 days, newest first."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await runs.page_of_runs(
        call, require_report(report), before=int(keys[0]) if keys else None, limit=size
    )
    return Page(
        value=[run_shape(run) for run in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].run_no) if len(rows) > size else None,
    )


@get(
    "/api/reports/{report:str}/runs/{run_id:uuid}",
    opt=needs(Permission.READ_REPORTS),
    summary="Read a run of a report",
)
async def get_report_run(call: TheCall, report: FromPath[str], run_id: FromPath[UUID]) -> RunShape:
    """How far it is."""
    return run_shape(await runs.get_run(call, require_report(report), run_id))


@delete(
    "/api/reports/{report:str}/runs/{run_id:uuid}",
    opt=needs(Permission.READ_REPORTS),
    summary="Forget a run of a report",
)
async def delete_report_run(call: TheCall, report: FromPath[str], run_id: FromPath[UUID]) -> None:
    """Before its 90 days are over; one's own, or any for a global administrator."""
    await runs.remove_run(call, require_report(report), run_id)


@get(
    "/api/reports/{report:str}/runs/{run_id:uuid}/file",
    opt=needs(Permission.READ_REPORTS),
    summary="Download a run of a report",
)
async def get_report_file(
    call: TheCall,
    report: FromPath[str],
    run_id: FromPath[UUID],
    *,
    file_format: FormatText = None,
) -> Stream:
    """Every row as JSON, CSV or a workbook, with the columns that the caller may see."""
    wanted = require_report(report)
    ending = read_format(file_format)
    view = await runs.view_run(call, wanted, run_id)
    named = file_name(wanted, view.run.created_at, ending)
    match ending:
        case "csv":
            return as_file(csv_of(view.columns, view.slices()), named=named, kind=CSV_TYPE)
        case "xlsx":
            book = await view.workbook()
            pieces = once(book) if isinstance(book, bytes) else book
            return as_file(pieces, named=named, kind=XLSX_TYPE)
        case _:
            return as_file(json_of(view.columns, view.slices()), named=named, kind=JSON_TYPE)


REPORT_RUN_ROUTES = (
    start_report_run,
    list_report_runs,
    get_report_run,
    delete_report_run,
    get_report_file,
)
