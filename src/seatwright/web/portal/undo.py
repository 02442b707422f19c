"""`/undo`: what somebody did is put back, from the line that says that it was done."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from seatwright.app.undo import is_small, undo_batch
from seatwright.app.work import work_at_once
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.offers import UNDONE
from seatwright.web.portal.frame.pages import own_path, see


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
