"""`/bulk`: products for many people at once: who, what, a preview, and the job that does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app import jobs
from seatwright.app.bulk.again import Rest, rest_of
from seatwright.app.bulk.forecast import foresee_bulk
from seatwright.app.bulk.orders import Resolved
from seatwright.app.bulk.start import start_bulk
from seatwright.app.bulk.tables import BULK_COLUMNS
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.people_filter import FILTER_NAMES, people_filter_of
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.app.templates import list_page as list_templates
from seatwright.app.undo import is_small, undo_job
from seatwright.app.work import work_at_once
from seatwright.domain.bulk import FillPolicy, RowEffect, row_choice
from seatwright.domain.csv_text import write_table
from seatwright.domain.errors import Refusal
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogServicePlan
from seatwright.postgres.job_rows import StoredRow, all_rows
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.bulk.foretold import foretold_of, titled_of
from seatwright.web.portal.bulk.order import given_of, resolved_of
from seatwright.web.portal.bulk.progress import rate_of
from seatwright.web.portal.bulk.titles import titles_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.files import with_text_of_file
from seatwright.web.portal.frame.forms import UPLOAD_BYTES_MAX, Form
from seatwright.web.portal.frame.pages import SECURITY_HEADERS, back_to, page, see
from seatwright.web.problems import status_of

JOBS_SHOWN = 20
ROWS_SHOWN = 50
PRODUCTS_MAX = 1000
RESULT_COLUMNS = ("row", "user", "sku", "action", "outcome", "reason", "message", "effect")
RESULT_PAGE_ROWS = 2_000
_SHOWN_APART = (RowEffect.CHANGED, RowEffect.BESIDE)
_SHOWS = ("done", "failed", "faulty", "unseated", "spared", "waiting", "cancelled", "all")


@get("/bulk", opt=needs(Permission.READ_JOBS))
async def bulk(
    call: TheCall,
    request: AnyRequest,
    *,
    user: FromQuery[list[str] | None] = None,
    product: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Response[bytes] | Response[None]:
    """The form, for the people whom the address names if it does, and the jobs that there were."""
    asked = request.query_params
    if asked.get("ticked") and not user:
        return back_to(asked.get("back") or "/users", unticked="yes")
    pairs = [("user", one) for one in user or ()]
    if asked.get("match"):
        kept = [(name, asked.get(name, "")) for name in FILTER_NAMES]
        pairs += [("match", "yes"), *((name, text) for name, text in kept if text)]
    elif product:
        pairs.append(("give", f"sku:{product}"))
    if action:
        pairs.append(("action", action))
    return await _form_page(call, request, Form(tuple(pairs)), before=before)


async def _form_page(
    call: Call,
    request: AnyRequest,
    form: Form,
    *,
    before: str | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    keys = keys_of(before, int)
    found = await jobs.list_jobs(
        call, before=None if keys is None else int(keys[0]), limit=JOBS_SHOWN, state=None
    )
    shown = found[:JOBS_SHOWN]
    may = call.principal.may(Permission.BULK_ASSIGN)
    match = await people_filter_of(call, dict(form.pairs)) if form.text("match") else None
    return page(
        request,
        "bulk.html",
        status=200 if refusal is None else status_of(refusal),
        form=form,
        people=form.all("user"),
        match=match,
        products=await _products(call) if may else [],
        templates=await list_templates(call, after="", limit=PRODUCTS_MAX) if may else [],
        plans=await _plans(call, form) if may else (),
        fills=tuple(FillPolicy),
        refusal=refusal,
        columns=tuple(BULK_COLUMNS),
        megabytes=UPLOAD_BYTES_MAX // 2**20,
        jobs=shown,
        titles=await titles_of(call, shown),
        older=f"/bulk?{urlencode({'before': cursor_of(shown[-1].job_no)})}"
        if len(found) > JOBS_SHOWN
        else None,
    )


async def _products(call: Call) -> list[SkuSeats]:
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


async def _plans(call: Call, form: Form) -> tuple[CatalogServicePlan, ...]:
    """The service plans of the product that was chosen, to choose among."""
    sku = given_of(form.text("give")).sku
    found = None if sku is None else (await catalog_of(call)).sku_by_text(sku)
    return () if found is None else tuple((await catalog_of(call)).plans_of(found.service_plans))


@post("/bulk", opt=needs(Permission.BULK_ASSIGN), status_code=303)
async def start(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Do what the form says, as a job; what is wrong with it is said above it."""
    form = form_of(request)
    try:
        form = await with_text_of_file(form)
        if form.text("step") == "plans":
            return await _form_page(call, request, form)
        resolved = await resolved_of(call, form)
    except Refusal as refusal:
        return await _form_page(call, request, form, refusal=refusal)
    request.scope["state"]["form"] = form
    if call.is_foreseen:
        forecast = await foresee_bulk(call, resolved)
        said = foretold_of(forecast, resolved)
        request.scope["state"]["forecast"] = said
        titled = titled_of(said, resolved.order.kind, products=await _given_names(call, resolved))
        request.scope["state"]["titled"] = titled
    job = await start_bulk(call, resolved)
    return see(f"/bulk/{job.id}")


async def _given_names(call: Call, resolved: Resolved) -> tuple[str, ...]:
    """The products that the rows name, as people call them."""
    catalog = await catalog_of(call)
    named = {row.sku for row in resolved.rows if row.sku is not None}
    named |= {product.sku for product in resolved.order.products if not named}
    return tuple(catalog.sku_name(sku) for sku in sorted(named))


@get("/bulk/{job_id:uuid}", opt=needs(Permission.READ_JOBS))
async def one_job(
    call: TheCall,
    request: AnyRequest,
    *,
    job_id: FromPath[UUID],
    show: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """How far it is, the rows that failed first, and what can be done about it."""
    job = await jobs.get_job(call, job_id)
    effects = await jobs.effects_of(call, job)
    rest = await rest_of(call, job)
    names = {*_SHOWS, *(one.value for one in effects)}
    shown = show if show in names else _worth_showing(job, rest)
    keys = keys_of(cursor, int)
    found = await jobs.list_job_rows(
        call,
        job,
        after=None if keys is None else int(keys[0]),
        limit=ROWS_SHOWN,
        chosen=row_choice(shown),
    )
    rows = found[:ROWS_SHOWN]
    more = None
    if len(found) > ROWS_SHOWN:
        place = urlencode({"show": shown, "cursor": cursor_of(rows[-1].row_no)})
        more = f"/bulk/{job.id}?{place}"
    return page(
        request,
        "bulk_job.html",
        job=job,
        title=(await titles_of(call, (job,)))[job.job_no],
        rows=rows,
        shown=shown,
        effects=effects,
        fresh=job.changed - sum(effects.get(one, 0) for one in _SHOWN_APART),
        catalog=await catalog_of(call),
        more=more,
        rate=rate_of(job),
        rest=rest,
        may_undo=job.state.is_final and job.done > job.failed and _is_undoable(job),
    )


def _worth_showing(job: Job, rest: Rest | None) -> str:
    if job.failed:
        kinds = () if rest is None else tuple(rest.failures)
        return kinds[0].value if len(kinds) > 1 else "failed"
    return "waiting" if job.waiting else "all"


def _is_undoable(job: Job) -> bool:
    return job.kind in {JobKind.BULK, JobKind.MOVE, JobKind.UNDO}


@get("/bulk/{job_id:uuid}/result.csv", opt=needs(Permission.READ_JOBS))
async def result_of_job(call: TheCall, job_id: FromPath[UUID]) -> Response[bytes]:
    """Every row with what became of it; safe to open in a spreadsheet."""
    job = await jobs.get_job(call, job_id)
    rows = [_cells(row) async for row in _every_row(call, job)]
    return Response(
        b"".join(write_table(RESULT_COLUMNS, rows)),
        media_type="text/csv; charset=utf-8; header=present",
        headers={
            **SECURITY_HEADERS,
            "content-disposition": f'attachment; filename="job-{job.id}.csv"',
        },
    )


def _every_row(call: Call, job: Job) -> AsyncIterator[StoredRow]:
    return all_rows(call.tx, job.job_no, page=RESULT_PAGE_ROWS)


def _cells(row: StoredRow) -> tuple[str | None, ...]:
    return (
        str(row.row_no),
        row.user_text,
        row.sku_text,
        row.action.value,
        row.outcome,
        row.reason,
        row.message,
        row.effect,
    )


@post("/bulk/{job_id:uuid}/cancel", opt=needs(Permission.BULK_ASSIGN), status_code=303)
async def cancel_job(call: TheCall, job_id: FromPath[UUID]) -> Response[None]:
    """Stop it after the rows that are being worked on; what was done stays done."""
    await jobs.cancel_job(call, job_id)
    return see(f"/bulk/{job_id}")


@post("/bulk/{job_id:uuid}/undo", opt=needs(Permission.UNDO_CHANGES), status_code=303)
async def undo(call: TheCall, job_id: FromPath[UUID]) -> Response[None]:
    """Put back everything that it did; a small one at once, a large one as a job."""
    job = await undo_job(call, job_id)
    if call.is_foreseen or await is_small(call, job):
        await work_at_once(call, job)
    return see(f"/bulk/{job.id}")


BULK_PAGES = (bulk, start, one_job, result_of_job, cancel_job, undo)
