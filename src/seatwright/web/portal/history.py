"""`/history`: what happened, newest first."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app.history import Question, history_page, parse_bound, understand
from seatwright.domain.history import HistoryPlace
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.access import AnyRequest, TheCall, needs
from seatwright.web.portal.events import events_of
from seatwright.web.portal.pages import page

ROWS = 50


@get("/history", opt=needs(Permission.READ_HISTORY))
async def history(
    call: TheCall,
    request: AnyRequest,
    *,
    user: FromQuery[str | None] = None,
    sku: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """By person, product and time; `kind=all` also what is no license."""
    given = {"user": user, "sku": sku, "since": since, "until": until, "kind": kind}
    chosen = {name: value for name, value in given.items() if value}
    found = await history_page(
        call, await understand(call, Question(**chosen)), before=_place(cursor), limit=ROWS
    )
    more = None
    if found.resume is not None:
        place = cursor_of(found.resume.at.isoformat(), found.resume.event_no)
        more = "/history?" + urlencode({**chosen, "cursor": place})
    return page(
        request,
        "history.html",
        events=await events_of(call, found),
        chosen=chosen,
        more=more,
    )


def _place(cursor: str | None) -> HistoryPlace | None:
    keys = keys_of(cursor, str, int)
    if keys is None:
        return None
    at: datetime = parse_bound("cursor", str(keys[0]))
    return HistoryPlace(at=at, event_no=int(keys[1]))


HISTORY_PAGES = (history,)
