"""`/held`: removals that wait for a second administrator, and deciding about them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.held_changes import (
    decide,
    list_held_changes,
    people_of_held,
    see_held_change,
)
from seatwright.domain.brake import HeldState
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.pages import page, see

ROWS: Final = 50
_STATES: Final = {one.value: one for one in HeldState}


@get("/held", opt=needs(Permission.READ_LICENSES))
async def held(
    call: TheCall,
    request: AnyRequest,
    *,
    show: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What waits for a decision, newest first; `show=all` also what was decided."""
    keys = keys_of(cursor, int)
    found = await list_held_changes(
        call,
        state=None if show == "all" else _STATES.get(show or "", HeldState.PENDING),
        before=int(keys[0]) if keys else None,
        limit=ROWS,
    )
    rows = found[:ROWS]
    more = None
    if len(found) > ROWS:
        place = {"show": show or "pending", "cursor": cursor_of(rows[-1].held.held_no)}
        more = "/held?" + urlencode(place)
    return page(request, "held.html", changes=rows, show=show or "pending", more=more)


@get("/held/{held_id:uuid}", opt=needs(Permission.READ_LICENSES))
async def one_held(
    call: TheCall,
    request: AnyRequest,
    *,
    held_id: FromPath[UUID],
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What was done, whom it concerns, and what each decision would do."""
    found = await see_held_change(call, held_id)
    keys = keys_of(cursor, int)
    people = await people_of_held(call, held_id, after=int(keys[0]) if keys else 0, limit=ROWS)
    shown = people[:ROWS]
    more = None
    if len(people) > ROWS:
        more = f"/held/{held_id}?cursor={cursor_of(shown[-1].user_no)}"
    return page(
        request,
        "held_one.html",
        detail=found,
        one=found.seen,
        people=shown,
        more=more,
        is_own=found.seen.made_by[0] == call.principal.id,
        done=done,
    )


@post("/held/{held_id:uuid}/decide", opt=needs(Permission.DECIDE_HELD_CHANGES), status_code=303)
async def decide_held(
    call: TheCall, request: AnyRequest, held_id: FromPath[UUID]
) -> Response[None]:
    """Let the removals happen, or put back what was taken; more than 500 people follow as a job."""
    form = form_of(request)
    states = {"approve": HeldState.APPROVED, "reject": HeldState.REJECTED}
    state = states.get(form.text("decision") or "")
    if state is None:
        raise Refusal(Reason.INVALID_VALUE, gettext("Choose Approve or Reject."))
    count = form.text("count")
    if count is not None and not count.isdecimal():
        raise Refusal(
            Reason.INVALID_VALUE, gettext("“%(text)s” is no whole number.") % {"text": count[:40]}
        )
    await decide(call, held_id, state, count=None if count is None else int(count[:9]))
    return see(f"/held/{held_id}?done={state.value}")


HELD_PAGES = (held, one_held, decide_held)
