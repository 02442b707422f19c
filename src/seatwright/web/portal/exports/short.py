"""`/exports/{list}.csv`: a list with the query of its page; a long one says what happens now."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from seatwright.app.call import Call
from seatwright.app.exports.catalog import list_named
from seatwright.app.exports.files import (
    MEDIA_TYPES,
    csv_bytes,
    file_name,
    heading_of,
    xlsx_bytes,
)
from seatwright.app.exports.lists import Asked, ListFile
from seatwright.app.exports.orders import (
    asked_by,
    list_exports,
    list_of,
    record_taken,
    require_list,
    short_rows,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import EXPORTS_KEPT, INLINE_ROWS_MAX, FileKind
from seatwright.domain.jobs import JobState
from seatwright.postgres.reports.runs import StoredRun
from seatwright.spreadsheets.workbook import ROWS_IN_SHEET_MAX
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import SECURITY_HEADERS, keep, page

KINDS: Final = {one.value: one for one in FileKind}
_LOST: Final = frozenset({JobState.FAILED, JobState.CANCELLED})


def list_in(name: str | None) -> ListFile:
    """The list that an address or form names. Raises Refusal invalidValue."""
    found = list_named(name or "")
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no list “{(name or '')[:60]}”: take the links of the pages.",
        )
    return found


def kind_in(text: str | None) -> FileKind:
    """The kind of file that an address or form names. Raises Refusal invalidValue."""
    found = KINDS.get(text or "")
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE, f"There are no files of the kind “{(text or '')[:20]}” here."
        )
    return found


def headers_of(name: str) -> dict[str, str]:
    """The headers of a file that a browser keeps under a name."""
    return {**SECURITY_HEADERS, "content-disposition": f'attachment; filename="{name}"'}


def page_from_elsewhere(request: AnyRequest, wanted: ListFile) -> Response[bytes] | None:
    """A page with the link to the same address, where a page of another site led to it.

    Taking a file is written into the history, and no other site may have that done.
    """
    if request.headers.get("sec-fetch-site", "none").lower() in {"same-origin", "none"}:
        return None
    query = request.scope["query_string"].decode("latin-1")
    return page(
        request,
        "export_elsewhere.html",
        list=wanted.name,
        address=request.url.path + (f"?{query}" if query else ""),
    )


@get("/exports/{file:str}", opt=needs(None))
async def export(call: TheCall, request: AnyRequest, file: FromPath[str]) -> Response[bytes]:
    """Up to 10,000 rows are the answer itself; of a longer list only so many are read."""
    name, _, ending = file.rpartition(".")
    wanted, kind = list_in(name), kind_in(ending)
    require_list(call, wanted)
    if (asks_first := page_from_elsewhere(request, wanted)) is not None:
        return asks_first
    asked = wanted.asked_of(request.query_params)
    rows = await short_rows(call, wanted, asked)
    if rows is None:
        return await _long_page(call, request, wanted, kind=kind, asked=asked)
    await record_taken(call, wanted, kind, asked, rows=len(rows))
    keep(request)
    if kind is FileKind.CSV:
        content = await csv_bytes(wanted, rows)
    else:
        heading = heading_of(wanted, asked, tenant=call.tenant.name, at=call.now)
        content = await xlsx_bytes(heading, rows)
    return Response(
        content,
        media_type=MEDIA_TYPES[kind],
        headers=headers_of(file_name(wanted, asked, call.now, kind)),
    )


async def _long_page(
    call: Call, request: AnyRequest, wanted: ListFile, *, kind: FileKind, asked: Asked
) -> Response[bytes]:
    return page(
        request,
        "export_long.html",
        list=wanted.name,
        kinds=sorted(FileKind, key=lambda one: one is not kind),
        chosen=asked,
        query=urlencode(asked),
        most=INLINE_ROWS_MAX,
        sheet=ROWS_IN_SHEET_MAX,
        days=EXPORTS_KEPT.days,
        there=[one for one in await list_exports(call) if _is_same(one, wanted, asked)],
    )


def _is_same(run: StoredRun, wanted: ListFile, asked: Asked) -> bool:
    return list_of(run) is wanted and asked_by(run) == asked and run.state not in _LOST


SHORT_PAGES = (export,)
