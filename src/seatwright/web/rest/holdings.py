"""`/api/imports/holdings` and `/api/exports/holdings`: what people hold, in files."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream

from seatwright.app.bulk.forecast import foresee_bulk
from seatwright.app.bulk.holdings_file import export_table
from seatwright.app.bulk.orders import BulkCall, resolve
from seatwright.app.bulk.start import start_bulk
from seatwright.app.bulk.tables import read_holdings_table
from seatwright.app.call import Call
from seatwright.app.jobs import list_job_rows
from seatwright.domain.bulk import row_choice
from seatwright.domain.jobs import Job
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.bulk import StartedShape, forecast_shape, started_shape
from seatwright.web.rest.jobs import JobRowShape, JobShape, job_row_shape, job_shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload
from seatwright.web.rest.waiting import answer_when_done, wait_seconds

WAIT_SECONDS_UNASKED = 30.0
"""Imports are answered with what they did: without a `Prefer` this call waits so long."""

FAILURES_ANSWERED_MAX = 1_000


class OverAssigned(Shape, kw_only=True, frozen=True):
    """A product of which more people hold one than there are seats."""

    sku_id: UUID
    sku_part_number: str
    seats: int
    holders: int


class HoldingsShape(JobShape, kw_only=True, frozen=True):
    """An import that has ended: products with too few seats, and the first rows that failed."""

    ignored_columns: list[str]
    over_assigned: list[OverAssigned]
    failures: list[JobRowShape]


@post(
    "/api/imports/holdings",
    opt=needs(Permission.BULK_ASSIGN),
    summary="Import what people hold today",
    status_code=202,
)
async def import_holdings(call: TheCall, request: Request[Any, Any, Any]) -> Response[StartedShape]:
    """CSV with person, product, and if you like disabled service plans and since when.

    Everything is adopted as assigned by hand, even beyond the seats that were bought: 200 with
    the products of which that is so, or 202 with a job when it takes longer than 30 seconds.
    """
    upload = await read_upload(request)
    table = await asyncio.to_thread(read_holdings_table, upload.content)
    ignored = table.ignored_columns
    sent = BulkCall(lines=table.lines, ignored_columns=ignored, adopts=True)
    resolved = await resolve(call, sent)
    if call.is_foreseen:
        tell_result(request, forecast_shape(resolved, await foresee_bulk(call, resolved)))
    job = await start_bulk(call, resolved)
    seconds = wait_seconds(request, unasked=WAIT_SECONDS_UNASKED)
    answer_when_done(request, call, job, seconds=seconds, shape=partial(holdings_shape, ignored))
    return Response(
        started_shape(job, ignored), status_code=202, headers={"location": f"/api/jobs/{job.id}"}
    )


async def holdings_shape(ignored_columns: tuple[str, ...], call: Call, job: Job) -> HoldingsShape:
    """The answer of an import that has ended."""
    shape = job_shape(job)
    failures = await list_job_rows(
        call, job, after=None, limit=FAILURES_ANSWERED_MAX, chosen=row_choice("failed")
    )
    report = shape.report or {}
    return HoldingsShape(
        **msgspec.structs.asdict(shape),
        ignored_columns=list(ignored_columns),
        over_assigned=msgspec.convert(report.get("overAssigned", []), list[OverAssigned]),
        failures=[job_row_shape(row) for row in failures[:FAILURES_ANSWERED_MAX]],
    )


@get("/api/exports/holdings", opt=needs(Permission.READ_LICENSES), summary="Export holdings")
async def export_holdings(call: TheCall) -> Stream:
    """What everybody holds, from whatever source, as a CSV file that the import takes back."""
    return Stream(
        export_table(call),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"content-disposition": 'attachment; filename="holdings.csv"'},
    )


HOLDINGS_ROUTES = (import_holdings, export_holdings)
