"""`/api/inbox`: what one was told, and which of it is mailed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.telling import inbox, preferences
from seatwright.app.telling.inbox import InboxItem
from seatwright.app.telling.preferences import PreferenceChange
from seatwright.domain.mail_preferences import MailPreference
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keyset_page, page_limit
from seatwright.web.rest.newest_first import number_before


class InboxShape(Shape, kw_only=True, frozen=True):
    """Something one was told: `data` are the facts, `subject` and `text` the words for them."""

    id: UUID
    kind: str
    at: datetime
    read_at: datetime | None
    subject: str
    text: str
    data: dict[str, str | int | None]


class UnreadShape(Shape, kw_only=True, frozen=True):
    """How many nobody has read yet, up to 1,000."""

    unread: int


class MarkedShape(Shape, kw_only=True, frozen=True):
    """How many were marked as read just now, and whether there are more: then call again."""

    marked: int
    has_more: bool


class PreferenceShape(Shape, kw_only=True, frozen=True):
    """What a person is mailed: `mail` at all; `daily`: decisions in one mail a day; not `muted`."""

    mail: bool
    daily: bool
    muted: list[str]


class PreferenceEdit(Body, kw_only=True, frozen=True):
    """What changes; what is absent stays. `muted` are kinds of events that are not mailed."""

    mail: bool | None = None
    daily: bool | None = None
    muted: list[str] | None = None


def _shape(item: InboxItem) -> InboxShape:
    return InboxShape(
        id=item.row.id,
        kind=item.row.kind.value,
        at=item.row.at,
        read_at=item.row.read_at,
        subject=item.words.subject,
        text=item.words.body,
        data=dict(item.row.data),
    )


@get("/api/inbox", opt=needs(Permission.USE_INBOX), summary="List what one was told")
async def list_inbox(
    call: TheCall,
    *,
    of: FromQuery[str | None] = None,
    unread: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[InboxShape]:
    """Newest first. `of` is me or administrators; without it people see their own."""
    size = page_limit(limit)
    rows = await inbox.inbox_page(
        call, of, only_unread=unread, before=number_before(cursor), limit=size
    )
    return keyset_page(rows, size=size, shape=_shape, place=lambda one: (one.row.telling_no,))


@get("/api/inbox/unread", opt=needs(Permission.USE_INBOX), summary="Count what is unread")
async def count_unread(call: TheCall, of: FromQuery[str | None] = None) -> UnreadShape:
    """For a number beside a bell; `of` as for the list."""
    return UnreadShape(unread=await inbox.unread(call, of))


@post(
    "/api/inbox/read",
    opt=needs(Permission.USE_INBOX),
    summary="Mark everything in an inbox as read",
    status_code=200,
)
async def read_all(call: TheCall, of: FromQuery[str | None] = None) -> MarkedShape:
    """What the administrators were told is read once one of them has read it.

    One call marks the newest 5,000, and says whether there are more.
    """
    marked = await inbox.read_all(call, of)
    return MarkedShape(marked=marked.count, has_more=marked.has_more)


@post(
    "/api/inbox/{telling_id:uuid}/read",
    opt=needs(Permission.USE_INBOX),
    summary="Mark one thing as read",
    status_code=204,
)
async def read_one(call: TheCall, telling_id: FromPath[UUID]) -> None:
    """Nothing changes for what was read before."""
    await inbox.read_one(call, telling_id)


def _preference(one: MailPreference) -> PreferenceShape:
    return PreferenceShape(mail=one.is_on, daily=one.is_daily, muted=sorted(one.muted))


@get(
    "/api/identity/users/{user:str}/mail-preferences",
    opt=needs(Permission.USE_INBOX),
    summary="Show what a person is mailed",
)
async def show_preferences(call: TheCall, user: FromPath[str]) -> PreferenceShape:
    """A person sees their own; whoever may read what was sent sees everybody's."""
    return _preference(await preferences.preference_of(call, user))


@patch(
    "/api/identity/users/{user:str}/mail-preferences",
    opt=needs(Permission.USE_INBOX),
    summary="Choose what a person is mailed",
)
async def change_preferences(
    call: TheCall, user: FromPath[str], data: JSONBody[PreferenceEdit]
) -> PreferenceShape:
    """The inbox has everything, whatever is mailed."""
    change = PreferenceChange(is_on=data.mail, is_daily=data.daily, muted=data.muted)
    return _preference(await preferences.change_preference(call, user, change))


INBOX_ROUTES = (
    list_inbox,
    count_unread,
    read_all,
    read_one,
    show_preferences,
    change_preferences,
)
