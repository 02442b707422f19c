"""What was just done, in one line with its undo: every page that a change leads to shows it.

A change answers with a page whose address says `done=`; the correlation id of the change is put
beside it here. The page that is shown then reads what the history says of it, looks whether it can
be undone, and its frame says both (`frame.html`): one press for one person, with a preview for
more. A purchase is no wish that could be put back; its number of seats is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from litestar import Request
from litestar.types import Message, Scope

from seatwright.app.call import Call
from seatwright.app.history import Question, history_page, understand
from seatwright.app.undo import wishes_to_undo
from seatwright.domain.directory import parse_id
from seatwright.domain.history import HistoryAction, HistoryEvent
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.events import Event, Thing, events_of

UNDONE: Final = "undone"

EVENTS_READ: Final = 20
EVENTS_SAID: Final = 3
"""So many are said at once; the others are there for whoever asks which they are."""

_FOLLOWS: Final = frozenset(
    {
        HistoryAction.GRANTED,
        HistoryAction.REVOKED,
        HistoryAction.WAITING,
        HistoryAction.FAILED,
        HistoryAction.RESOLVED,
    }
)
"""What comes of a change; what somebody did is said before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseUndo:
    """A purchase that was raised, and the number of seats that it had before."""

    product: Thing
    subscription: str
    units: int
    more: int

    @property
    def body(self) -> str:
        """The call that records the old number, whoever has a seat of it meanwhile."""
        return f'{{"units": {self.units}, "external": true}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOffer:
    """What was done, and what can be undone of it: how many wishes, and where to come back.

    `events` are the first rows of the history that tell of it, `others` those that follow
    (`has_more`: the history has still more). `has_undone` says that it is an undo itself.
    """

    correlation: UUID
    count: int
    back: str
    has_undone: bool = False
    events: tuple[Event, ...] = ()
    others: tuple[Event, ...] = ()
    has_more: bool = False
    purchase: PurchaseUndo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoes:
    """What the history says of a change that is to be undone; `has_more`: it says still more."""

    correlation: UUID
    events: tuple[Event, ...]
    has_more: bool


async def offer_undo(request: Request[Any, Any, Any]) -> None:
    """Before a page is made: look what its address says was done, and whether it can be undone."""
    text = request.query_params.get("undo")
    if request.method != "GET" or not isinstance(text, str):
        return
    correlation = parse_id(text)
    if correlation is None:
        return
    call: Call = request.scope["state"]["call"]
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in {"undo", "done"}]
    done = request.query_params.get("done")
    told, has_more = await told_of(call, correlation) if done else ([], False)
    # Whom the page is about is named before others.
    told.sort(key=lambda pair: not _is_about(pair[1], request.url.path))
    told.sort(key=lambda pair: pair[0].action in _FOLLOWS)
    purchase = _purchase(call, told)
    # The row of the purchase itself is said with its numbers.
    rest = [
        event
        for row, event in told
        if row.action is not HistoryAction.CHANGE_UNDONE
        and not (purchase and row.action is HistoryAction.SUBSCRIPTION_UPDATED)
    ]
    request.scope["state"]["undo"] = UndoOffer(
        correlation=correlation,
        count=await wishes_to_undo(call, correlation),
        back=request.url.path + (f"?{urlencode(kept)}" if kept else ""),
        has_undone=done == UNDONE,
        events=tuple(rest[:EVENTS_SAID]),
        others=tuple(rest[EVENTS_SAID:]),
        has_more=has_more,
        purchase=purchase,
    )


async def offer_undo_here(request: Request[Any, Any, Any], *, back: str) -> None:
    """On a page that says itself what it did: have the frame offer to undo it.

    `back` is the page that says that it is undone.
    """
    call: Call = request.scope["state"]["call"]
    request.scope["state"]["undo"] = UndoOffer(
        correlation=call.correlation,
        count=await wishes_to_undo(call, call.correlation),
        back=back,
        has_undone=False,
        events=(),
        others=(),
        has_more=False,
        purchase=None,
    )


async def told_of(call: Call, correlation: UUID) -> tuple[list[tuple[HistoryEvent, Event]], bool]:
    """What the history says of a change, oldest first; and whether it says more."""
    if not call.principal.may(Permission.READ_HISTORY):
        return [], False
    wanted = await understand(call, Question(kind="all", correlation_id=str(correlation)))
    found = await history_page(call, wanted, before=None, limit=EVENTS_READ)
    pairs = list(zip(found.events, await events_of(call, found), strict=True))[::-1]
    return pairs, found.resume is not None


def _is_about(event: Event, path: str) -> bool:
    return event.who.path is not None and path.startswith(event.who.path)


def _purchase(call: Call, told: Sequence[tuple[HistoryEvent, Event]]) -> PurchaseUndo | None:
    """The purchase that a change raised, for who may lower it again."""
    if not call.principal.may(Permission.WRITE_SUBSCRIPTIONS):
        return None
    for row, event in told:
        detail: Mapping[str, Any] = row.detail or {}
        units = detail.get("changed", {}).get("units")
        if row.action is not HistoryAction.SUBSCRIPTION_UPDATED or not units:
            continue
        before, after = int(units["before"]), int(units["after"])
        if after > before:
            return PurchaseUndo(
                product=event.what,
                subscription=str(detail["subscriptionId"]),
                units=before,
                more=after - before,
            )
    return None


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
