"""`/history`: what happened, newest first, by whatever it is asked for."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app.exports.history import chosen_of, question_of
from seatwright.app.history import history_page, parse_bound, understand
from seatwright.app.seats import list_seats
from seatwright.domain.history import HistoryPlace
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.events import events_of
from seatwright.web.portal.frame.pages import page
from seatwright.web.portal.history.actions import action_choices

ROWS = 50
PRODUCTS_MAX = 1000


@get("/history", opt=needs(Permission.READ_HISTORY))
async def history(
    call: TheCall, request: AnyRequest, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """By whom, about whom, which product, what and when; `kind=all` also what is no license."""
    chosen = chosen_of(request.query_params)
    found = await history_page(
        call, await understand(call, question_of(chosen)), before=_place(cursor), limit=ROWS
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
        query=urlencode(chosen),
        actions=action_choices(),
        seats=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        more=more,
    )


def _place(cursor: str | None) -> HistoryPlace | None:
    keys = keys_of(cursor, str, int)
    if keys is None:
        return None
    at: datetime = parse_bound("cursor", str(keys[0]))
    return HistoryPlace(at=at, event_no=int(keys[1]))


HISTORY_PAGES = (history,)
