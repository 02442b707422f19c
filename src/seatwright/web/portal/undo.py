"""Undo wherever it can be undone: every page that says that something was done offers it.

A change answers with a page whose address says `done=`; the correlation id of the change is put
beside it here. The page that is shown then looks whether it can be undone, and its frame offers it
(`frame.html`): one press for one person, with a preview for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath
from litestar.types import Message, Scope

from seatwright.app.call import Call
from seatwright.app.undo import is_small, undo_batch, wishes_to_undo
from seatwright.app.work import work_at_once
from seatwright.domain.directory import parse_id
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.pages import own_path, see

UNDONE: Final = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOffer:
    """What can be undone from this page: which change, how many wishes, and where to come back.

    `has_undone` says that what was done is an undo itself.
    """

    correlation: UUID
    count: int
    back: str
    has_undone: bool


async def offer_undo(request: Request[Any, Any, Any]) -> None:
    """Before a page is made: look whether what its address says was done can be undone."""
    text = request.query_params.get("undo")
    if request.method != "GET" or not isinstance(text, str):
        return
    correlation = parse_id(text)
    if correlation is None:
        return
    call: Call = request.scope["state"]["call"]
    count = await wishes_to_undo(call, correlation)
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in {"undo", "done"}]
    request.scope["state"]["undo"] = UndoOffer(
        correlation=correlation,
        count=count,
        back=request.url.path + (f"?{urlencode(kept)}" if kept else ""),
        has_undone=request.query_params.get("done") == UNDONE,
    )


async def name_change(message: Message, scope: Scope) -> None:
    """After a change: have the page that says that it was done know which change it was."""
    if message["type"] != "http.response.start" or message["status"] != 303:
        return
    correlation = scope["state"].get("correlation")
    message["headers"] = [
        (name, _naming(value, correlation) if name.lower() == b"location" else value)
        for name, value in message["headers"]
    ]


def _naming(location: bytes, correlation: object) -> bytes:
    query = urlsplit(location.decode()).query
    if "done" not in dict(parse_qsl(query)):
        return location
    return location + f"&undo={correlation}".encode()


@post("/undo/{correlation:uuid}", opt=needs(Permission.UNDO_CHANGES), status_code=303)
async def undo_change(
    call: TheCall, request: AnyRequest, correlation: FromPath[UUID]
) -> Response[None]:
    """Put back what a change did; many people are done by a job."""
    job = await undo_batch(call, correlation)
    if call.is_foreseen or await is_small(call, job):
        await work_at_once(call, job)
    back = own_path(form_of(request).text("back") or "/")
    return see(f"{back}{'&' if '?' in back else '?'}done={UNDONE}")


UNDO_PAGES = (undo_change,)
