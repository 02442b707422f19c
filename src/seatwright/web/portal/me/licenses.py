"""`/me`: what somebody has themselves, why and until when, and giving it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.assign.overview import PersonLicense, licenses_of
from seatwright.app.assign.person import unassign
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.history import Question, history_page, understand
from seatwright.app.telling.inbox import unread
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.events import Event, Thing, events_of
from seatwright.web.portal.frame.pages import page, see

RECEIPTS: Final = 20

_NOT_GIVEN_BACK: Final = frozenset({SourceKind.GROUP, SourceKind.HOLD})
"""What a group gives ends with the membership, and what the brake holds is on its way out."""


@get("/me", opt=needs(None))
async def me(
    call: TheCall, request: AnyRequest, done: FromQuery[str | None] = None
) -> Response[bytes]:
    """A person's licenses and what became of them; a token or client has none."""
    own = await person_of(call)
    held = () if own is None else await licenses_of(call, own.user_no)
    may_read_inbox = call.principal.may(Permission.USE_INBOX)
    return page(
        request,
        "me.html",
        licenses=held,
        own_sources={one.sku.sku_no: own_sources(one) for one in held},
        person=own,
        catalog=await catalog_of(call),
        receipts=() if own is None else await _receipts(call, own),
        unread=await unread(call, None) if own is not None and may_read_inbox else 0,
        done=done,
    )


async def person_of(call: Call) -> UserLabel | None:
    """The person of the directory as whom somebody is signed in."""
    own = call.principal.user_no
    return None if own is None else (await user_labels(call.tx, (own,))).get(own)


def own_sources(one: PersonLicense) -> int:
    """How many of its sources the person can give back."""
    return sum(source.wish.source.kind not in _NOT_GIVEN_BACK for source in one.sources)


async def _receipts(call: Call, own: UserLabel) -> tuple[Event, ...]:
    """What happened to their licenses, without ways to pages that are not for everybody."""
    wanted = await understand(call, Question(user=str(own.id)))
    events = await events_of(call, await history_page(call, wanted, before=None, limit=RECEIPTS))
    return tuple(
        replace(one, who=_plain(one.who), group=_plain(one.group), what=_plain(one.what))
        for one in events
    )


def _plain(thing: Thing) -> Thing:
    return replace(thing, path=None)


@post("/me/licenses/{sku:str}/give-back", opt=needs(None), status_code=303)
async def give_back(call: TheCall, sku: FromPath[str]) -> Response[None]:
    """Give back what nobody but oneself was given: its seat goes to whoever waits."""
    own = await person_of(call)
    if own is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{call.principal.name}” is no person of the directory and has no license to give"
            " back.",
        )
    await unassign(call, str(own.id), sku)
    return see(f"/me?{urlencode({'done': 'given-back'})}")


ME_PAGES = (me, give_back)
