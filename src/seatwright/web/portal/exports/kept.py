"""`/exports`: the files of long lists that somebody has: made, looked at, taken and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.exports import orders
from seatwright.app.exports.files import (
    MEDIA_TYPES,
    csv_pieces,
    file_name,
    workbook_pieces,
)
from seatwright.app.exports.lists import ListFile
from seatwright.app.jobs import get_job
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import EXPORTS_KEPT, FileKind
from seatwright.domain.jobs import JobState
from seatwright.postgres.reports.runs import StoredRun, workbook_size
from seatwright.web.portal.exports.short import headers_of, kind_in, list_in, page_from_elsewhere
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.downloads import Download
from seatwright.web.portal.frame.pages import keep, page, see

QUERY_FIELDS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file with what a page says of it; `kinds` are those that it can be taken as."""

    run: StoredRun
    list: ListFile | None
    kinds: tuple[FileKind, ...]

    @property
    def is_done(self) -> bool:
        """Whether it can be downloaded."""
        return self.run.state is JobState.COMPLETED and self.list is not None


def _kept(run: StoredRun) -> Kept:
    kinds = (FileKind.XLSX, FileKind.CSV) if run.with_workbook else (FileKind.CSV,)
    return Kept(run=run, list=orders.list_of(run), kinds=kinds)


@get("/exports", opt=needs(None))
async def files(
    call: TheCall, request: AnyRequest, done: FromQuery[str | None] = None
) -> Response[bytes]:
    """One's own files, newest first; nobody else sees them."""
    found = [_kept(run) for run in await orders.list_exports(call)]
    return page(request, "exports.html", files=found, days=EXPORTS_KEPT.days, done=done)


@post("/exports", opt=needs(None), status_code=303)
async def make_file(call: TheCall, request: AnyRequest) -> Response[None]:
    """Have a job make the file of the list that the form names, with the filters of its page."""
    form = form_of(request)
    wanted, kind = list_in(form.text("list")), kind_in(form.text("kind"))
    try:
        given = dict(parse_qsl(form.text("query") or "", max_num_fields=QUERY_FIELDS_MAX))
    except ValueError:
        raise Refusal(Reason.INVALID_VALUE, "The form has more filters than any list.") from None
    run = await orders.start_export(call, wanted, kind, given)
    return see(f"/exports/files/{run.job_id}")


@get("/exports/files/{job_id:uuid}", opt=needs(None))
async def one_file(call: TheCall, request: AnyRequest, job_id: FromPath[UUID]) -> Response[bytes]:
    """How far it is, and where it can be had."""
    run = await orders.get_export(call, job_id)
    one = _kept(run)
    if one.is_done:
        await orders.require_as_asked(call, run)
    return page(
        request,
        "export.html",
        one=one,
        job=await get_job(call, job_id),
        chosen=orders.asked_by(run),
        until=run.created_at + EXPORTS_KEPT,
    )


@get("/exports/files/{job_id:uuid}/{file:str}", opt=needs(None))
async def take_file(
    call: TheCall, request: AnyRequest, job_id: FromPath[UUID], file: FromPath[str]
) -> Response[bytes]:
    """The file itself, for whoever asked for it and may still read all that is in it."""
    run = await orders.get_export(call, job_id)
    kept, kind = _kept(run), kind_in(file.removeprefix("file."))
    if kept.list is None or not kept.is_done:
        raise _not_there(run)
    orders.require_list(call, kept.list)
    await orders.require_as_asked(call, run)
    if kind not in kept.kinds:
        raise Refusal(
            Reason.INVALID_VALUE, "It was made as CSV: export the list again to have it as XLSX."
        )
    if (asks_first := page_from_elsewhere(request, kept.list)) is not None:
        return asks_first
    await orders.record_taken(call, kept.list, kind, orders.asked_by(run), rows=run.rows)
    keep(request)
    request.scope["state"]["download"] = await _download(call, run, kept.list, kind)
    return Response(
        b"",
        media_type=MEDIA_TYPES[kind],
        headers=headers_of(file_name(kept.list, orders.asked_by(run), run.created_at, kind)),
    )


async def _download(call: Call, run: StoredRun, file: ListFile, kind: FileKind) -> Download:
    tenant_id = call.tenant.tenant_id
    if kind is FileKind.CSV:
        return Download(pieces=partial(csv_pieces, tenant_id=tenant_id, run=run, file=file))
    count, size = await workbook_size(call.tx, run.run_no)
    stored = partial(workbook_pieces, tenant_id=tenant_id, run=run, count=count)
    return Download(pieces=stored, size=size)


def _not_there(run: StoredRun) -> Refusal:
    if not run.state.is_final:
        return Refusal(
            Reason.STILL_RUNNING, f"The file is being made: {run.rows:,} rows are there so far."
        )
    return Refusal(
        Reason.UNKNOWN_EXPORT, "There is no such file: it was not made to its end, see its page."
    )


@post("/exports/files/{job_id:uuid}/stop", opt=needs(None), status_code=303)
async def stop_file(call: TheCall, job_id: FromPath[UUID]) -> Response[None]:
    """Make it no further."""
    await orders.stop_export(call, job_id)
    return see(f"/exports/files/{job_id}")


@post("/exports/files/{job_id:uuid}/delete", opt=needs(None), status_code=303)
async def delete_file(call: TheCall, job_id: FromPath[UUID]) -> Response[None]:
    """Forget it before its time."""
    await orders.remove_export(call, job_id)
    return see("/exports?done=deleted")


KEPT_PAGES = (files, make_file, one_file, take_file, stop_file, delete_file)
