"""`/history/holders`, `/history/timeline`, `/history/seals`: who held what on a day, and proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app import seals
from seatwright.app.catalog import catalog_of
from seatwright.app.exports.history import end_of_day, lasts_at
from seatwright.app.history_holders import PastHoldersPage, count_at, holders_at, moment_of
from seatwright.app.history_timeline import Timeline, timeline_of
from seatwright.app.seats import list_seats
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.postgres.history_holders import HeldPlace, PastHolder
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.pages import page
from seatwright.web.problems import status_of

ROWS: Final = 50
PRODUCTS_MAX: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@get("/history/holders", opt=needs(Permission.READ_HISTORY))
async def past_holders(
    call: TheCall,
    request: AnyRequest,
    *,
    sku: FromQuery[str | None] = None,
    day: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Who held a product at the end of a day."""
    found: PastHoldersPage | None = None
    at, count, more, refusal = call.now, 0, None, None
    if sku:
        try:
            at = end_of_day(call, day)
            moment = await moment_of(call, sku, at.isoformat())
            count = await count_at(call, moment)
            found = await holders_at(call, moment, after=_place(cursor), limit=ROWS)
        except Refusal as refused:
            refusal = refused
    if found is not None and len(found.holders) > ROWS:
        place = {"sku": sku, "day": day or "", "cursor": _cursor(found.holders[ROWS - 1])}
        more = "/history/holders?" + urlencode(place)
    return page(
        request,
        "history_holders.html",
        status=200 if refusal is None else status_of(refusal),
        error=None if refusal is None else refusal.detail,
        seats=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        sku=sku or "",
        day=day or "",
        at=at,
        count=count,
        holders=() if found is None else found.holders[:ROWS],
        groups={} if found is None else found.groups,
        more=more,
    )


@get("/history/timeline", opt=needs(Permission.READ_HISTORY))
async def past_of_person(
    call: TheCall,
    request: AnyRequest,
    *,
    user: FromQuery[str | None] = None,
    day: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What a person held, waited for or could not get: all of it, or at the end of a day."""
    found: Timeline | None = None
    at, refusal = call.now, None
    if user:
        try:
            at = end_of_day(call, day)
            found = await timeline_of(call, user.strip())
        except Refusal as refused:
            refusal = refused
    spans = () if found is None else found.spans
    return page(
        request,
        "history_timeline.html",
        status=200 if refusal is None else status_of(refusal),
        error=None if refusal is None else refusal.detail,
        user=user or "",
        day=day or "",
        at=at,
        line=found,
        spans=[one for one in spans if not day or lasts_at(one, at)],
        catalog=await catalog_of(call),
    )


@get("/history/seals", opt=needs(Permission.READ_HISTORY))
async def seals_of_history(
    call: TheCall,
    request: AnyRequest,
    *,
    check: FromQuery[str | None] = None,
    head: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The newest seal; with `check` every seal is computed anew from the rows."""
    block, unsealed = await seals.current_head(call)
    verdict, refusal = None, None
    if check:
        try:
            verdict = await seals.verify_history(call, head=(head or "").strip() or None)
        except Refusal as refused:
            refusal = refused
    return page(
        request,
        "history_seals.html",
        status=200 if refusal is None else status_of(refusal),
        error=None if refusal is None else refusal.detail,
        block=block,
        unsealed=unsealed,
        months=await seals.monthly_heads(call),
        verdict=verdict,
        head=head or "",
    )


def _cursor(last: PastHolder) -> str:
    until = -1 if last.place.until is None else (last.place.until - _EPOCH) // _MICROSECOND
    return cursor_of(until, (last.place.since - _EPOCH) // _MICROSECOND, last.place.user_no)


def _place(cursor: str | None) -> HeldPlace | None:
    keys = keys_of(cursor, int, int, int)
    if keys is None:
        return None
    try:
        until, since, user_no = (int(key) for key in keys)
        return HeldPlace(
            user_no=max(0, min(user_no, 2**31 - 1)),
            since=_EPOCH + since * _MICROSECOND,
            until=None if until < 0 else _EPOCH + until * _MICROSECOND,
        )
    except OverflowError:
        raise Refusal(
            Reason.INVALID_VALUE, gettext("This page of the list is none: begin at its first.")
        ) from None


HISTORY_PAST_PAGES = (past_holders, past_of_person, seals_of_history)
