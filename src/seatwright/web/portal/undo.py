"""`/undo`: what somebody did is put back, from the line that says that it was done."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from seatwright.app.undo import is_small, undo_batch
from seatwright.app.work import work_at_once
from seatwright.domain.history import HistoryAction
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.offers import UNDONE, Undoes, told_of
from seatwright.web.portal.frame.pages import own_path, see

_WISHES: Final = frozenset(
    {
        HistoryAction.ASSIGNED,
        HistoryAction.UPDATED,
        HistoryAction.REMOVED,
        HistoryAction.MEMBER_ADDED,
        HistoryAction.MEMBER_REMOVED,
        HistoryAction.GROUP_NESTED,
        HistoryAction.GROUP_UNNESTED,
        HistoryAction.GROUP_LICENSE_ASSIGNED,
        HistoryAction.GROUP_LICENSE_UPDATED,
        HistoryAction.GROUP_LICENSE_REMOVED,
    }
)
"""What an undo puts back: people whom a file made, say, stay."""


@post("/undo/{correlation:uuid}", opt=needs(Permission.UNDO_CHANGES), status_code=303)
async def undo_change(
    call: TheCall, request: AnyRequest, correlation: FromPath[UUID]
) -> Response[None]:
    """Put back what a change did; many people are done by a job."""
    if call.is_foreseen:
        # Memberships are no licenses: a preview of those would be empty without what was done.
        done, has_more = await told_of(call, correlation)
        request.scope["state"]["undoes"] = Undoes(
            correlation=correlation,
            events=tuple(event for row, event in done if row.action in _WISHES),
            has_more=has_more,
        )
    job = await undo_batch(call, correlation)
    if call.is_foreseen or await is_small(call, job):
        await work_at_once(call, job)
    back = own_path(form_of(request).text("back") or "/")
    return see(f"{back}{'&' if '?' in back else '?'}done={UNDONE}")


UNDO_PAGES = (undo_change,)
