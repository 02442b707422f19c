"""`/me/inbox`: what somebody was told, and what of it they are mailed."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.telling.inbox import ADMINISTRATORS, ME, inbox_page, read_all, read_one
from seatwright.app.telling.preferences import (
    PreferenceChange,
    change_preference,
    preference_of,
)
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.telling import EventKind
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.language import marked
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.me.licenses import person_of

ROWS = 50

FOR_PEOPLE: Final = {
    EventKind.LICENSE_REQUEST_RECEIVED: marked("Somebody asks for a license that you decide about"),
    EventKind.LICENSE_REQUEST_ESCALATED: marked("A decision that nobody made comes to you"),
    EventKind.LICENSE_REQUEST_SHARED: marked("Somebody asks what you think of a request"),
    EventKind.LICENSE_REQUEST_DECIDED: marked("A request of yours is decided"),
    EventKind.LICENSE_REQUEST_EXPIRED: marked("A request of yours ran out"),
    EventKind.LICENSE_REQUEST_CANCELLED: marked("A request is taken back"),
    EventKind.ASSIGNMENT_STARTED: marked("A license begins"),
    EventKind.ASSIGNMENT_EXPIRING: marked("A license ends soon"),
    EventKind.ASSIGNMENT_EXPIRED: marked("A license has ended"),
    EventKind.CLAIM_RELEASING: marked("A license that you do not use will be released"),
    EventKind.INVITATION_SENT: marked("Somebody whom you invited has their mail"),
    EventKind.INVITATION_EXPIRING: marked("An invitation of yours lapses soon"),
    EventKind.INVITATION_EXPIRED: marked("An invitation of yours has lapsed"),
}
"""What a person can be told, and choose to be mailed or not."""


@get("/me/inbox", opt=needs(Permission.USE_INBOX))
async def inbox(
    call: TheCall,
    request: AnyRequest,
    *,
    of: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What one was told, newest first; for administrators what they are told together, too."""
    boxes = _boxes(call)
    chosen = of if of in boxes else boxes[0]
    keys = keys_of(cursor, int)
    before = None if keys is None else int(keys[0])
    found = await inbox_page(call, chosen, only_unread=False, before=before, limit=ROWS)
    rows, more = found[:ROWS], None
    if len(found) > ROWS:
        place = cursor_of(rows[-1].row.telling_no)
        more = "/me/inbox?" + urlencode({"of": chosen, "cursor": place})
    own = await person_of(call)
    return page(
        request,
        "inbox.html",
        items=rows,
        of=chosen,
        boxes=boxes,
        more=more,
        can_mark=chosen == ME or call.principal.may(Permission.ASSIGN_TO_USERS),
        preference=None if own is None else await preference_of(call, str(own.id)),
        kinds=FOR_PEOPLE,
        done=done,
    )


def _boxes(call: Call) -> tuple[str, ...]:
    """The inboxes that somebody may look into, their own first."""
    own = (ME,) if call.principal.user_no is not None else ()
    shared = (ADMINISTRATORS,) if call.principal.may(Permission.READ_TELLING) else ()
    return (own + shared) or (ME,)


@post("/me/inbox/read", opt=needs(Permission.USE_INBOX), status_code=303)
async def mark_everything(call: TheCall, request: AnyRequest) -> Response[None]:
    """Mark what is in an inbox as read."""
    of = form_of(request).text("of")
    await read_all(call, of)
    return _back(of)


@post("/me/inbox/{telling:str}/read", opt=needs(Permission.USE_INBOX), status_code=303)
async def mark_one(call: TheCall, request: AnyRequest, telling: FromPath[str]) -> Response[None]:
    """Mark one thing as read."""
    id_ = parse_id(telling)
    if id_ is None:
        raise Refusal(Reason.UNKNOWN_NOTICE, f"There is nothing “{telling[:60]}” in your inbox.")
    await read_one(call, id_)
    return _back(form_of(request).text("of"))


@post("/me/inbox/mail", opt=needs(Permission.USE_INBOX), status_code=303)
async def choose_mail(call: TheCall, request: AnyRequest) -> Response[None]:
    """Choose what one is mailed; the inbox has everything."""
    own = await person_of(call)
    if own is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{call.principal.name}” is no person of the directory: administrators are mailed at"
            " the addresses of the setting administratorAddresses.",
        )
    form = form_of(request)
    how = form.text("how")
    wanted = set(form.all("kind"))
    muted = {kind.value for kind in FOR_PEOPLE} - wanted
    there = await preference_of(call, str(own.id))
    others = there.muted - {kind.value for kind in FOR_PEOPLE}
    change = PreferenceChange(
        is_on=how != "none", is_daily=how == "daily", muted=sorted(muted | others)
    )
    await change_preference(call, str(own.id), change)
    return see("/me/inbox?done=chosen")


def _back(of: str | None) -> Response[None]:
    return see("/me/inbox?" + urlencode({"of": of or ME, "done": "read"}))


INBOX_PAGES = (inbox, mark_everything, choose_mail, mark_one)
