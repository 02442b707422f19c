"""`/requests`: asking for a product, one's own requests, and deciding about many at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app.call import Call
from seatwright.app.requests.asking import ask
from seatwright.app.requests.foretelling import Foretold, Way, foretell
from seatwright.app.requests.orders import AskOrder
from seatwright.app.requests.queue import QueueOrder, count_queue, queue_page, state_shown
from seatwright.app.requests.standing import Standing, standings
from seatwright.app.seats import SkuSeats, list_seats, shortages_of
from seatwright.app.undo import wishes_to_undo
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.requests.states import LineState
from seatwright.domain.roles import Permission
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.offers import UndoOffer
from seatwright.web.portal.frame.pages import back_to, note, own_path, page, see
from seatwright.web.portal.requests.one import names_in
from seatwright.web.portal.requests.ruling import (
    Ruled,
    decided_words,
    decisions_in,
    rule,
    ruled_words,
)
from seatwright.web.problems import status_of

ROWS = 50
PRODUCTS_MAX = 1000
COUNTED_MAX = 1000
"""More than so many that wait are not counted for a tab."""

LINE_NO_MAX = 2**31 - 1
FILTERS = ("search", "product", "person", "state", "order")
ENDS = tuple(one for one in LineState if one is not LineState.PENDING)
_SHOWS = ("decide", "all", "completed", "mine")


@get("/requests", opt=needs(Permission.SEE_REQUESTS))
async def requests(
    call: TheCall,
    request: AnyRequest,
    *,
    show: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What waits for a decision: a line for each person, oldest first."""
    shown = _shown(call, show)
    chosen = {name: text for name in FILTERS if (text := request.query_params.get(name, ""))}
    keys = keys_of(cursor, int)
    order = _order(shown, chosen)
    after = None if keys is None else max(0, min(int(keys[0]), LINE_NO_MAX))
    found = await queue_page(call, order, after=after, limit=ROWS)
    rows = found[:ROWS]
    more = None
    if len(found) > ROWS:
        more = _address(shown, {**chosen, "cursor": cursor_of(rows[-1].line.line_no)})
    return page(
        request,
        "requests.html",
        lines=rows,
        shown=shown,
        shows=await _tabs(call),
        chosen=chosen,
        is_narrow=bool(set(chosen) - {"order"}),
        address=partial(_address_with, shown, chosen),
        order=chosen.get("order", "newest" if shown in {"completed", "mine"} else "oldest"),
        states=ENDS if shown == "completed" else (),
        products=await _products(call),
        standing=await standings(call, rows),
        Standing=Standing,
        can_decide=_can_decide(call, shown),
        counted_max=COUNTED_MAX,
        more=more,
        done=done,
        done_words=await decided_words(call, request, done),
    )


def _order(shown: str, chosen: Mapping[str, str]) -> QueueOrder:
    return QueueOrder(
        state=chosen.get("state", state_shown(shown)),
        to_decide=shown == "decide",
        mine=shown == "mine",
        product=chosen.get("product"),
        person=chosen.get("person"),
        search=chosen.get("search"),
        order=chosen.get("order"),
    )


def _address(shown: str, query: Mapping[str, str]) -> str:
    return "/requests?" + urlencode({"show": shown, **query})


def _address_with(shown: str, chosen: Mapping[str, str], **others: str) -> str:
    """The list with other filters; an empty one is none."""
    query = {**chosen, **others}
    return _address(shown, {name: text for name, text in query.items() if text})


async def _tabs(call: Call) -> dict[str, int | None]:
    """The parts of the queue that somebody may look at, with how much waits in each."""
    tabs: dict[str, int | None] = {}
    for name in _shows(call):
        tabs[name] = None
        if name != "completed":
            waits = QueueOrder(
                state=LineState.PENDING.value, to_decide=name == "decide", mine=name == "mine"
            )
            tabs[name] = await count_queue(call, waits, most=COUNTED_MAX + 1)
    return tabs


def _can_decide(call: Call, shown: str) -> bool:
    """Whether the lines of a list have boxes: on all its pages or on none, as pages are joined."""
    if shown == "all":
        return call.principal.may(Permission.TAKE_PART_IN_REQUESTS)
    return shown == "decide"


def _shows(call: Call) -> tuple[str, ...]:
    """Which parts of the queue somebody may look at."""
    sees_all = call.principal.may(Permission.READ_ANY_REQUEST)
    is_person = call.principal.user_no is not None
    takes_part = call.principal.may(Permission.TAKE_PART_IN_REQUESTS)
    allowed = {
        "decide": takes_part and is_person,
        "all": sees_all,
        "completed": True,
        "mine": is_person,
    }
    return tuple(name for name in _SHOWS if allowed[name])


def _shown(call: Call, wanted: str | None) -> str:
    shows = _shows(call)
    if wanted in shows:
        return str(wanted)
    return "all" if "all" in shows else shows[0]


@get("/requests/new", opt=needs(Permission.TAKE_PART_IN_REQUESTS))
async def new_request(
    call: TheCall,
    request: AnyRequest,
    *,
    product: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
    extends: FromQuery[bool] = False,
) -> Response[bytes]:
    """The form; once a product is chosen, it says beforehand what will happen.

    More time for a license that somebody has takes the same way; nothing is foretold of it.
    """
    who = person or None
    foretold: Foretold | None = None
    if product and (who is not None or call.principal.user_no is not None):
        foretold = await foretell(call, product, who)
    return page(
        request,
        "request_new.html",
        products=await _products(call),
        product=product or "",
        person=who or "",
        foretold=foretold,
        extends=extends,
        can_ask=foretold is not None
        and (extends or foretold.way in {Way.AUTO_CLAIM, Way.APPROVAL, Way.BY_ITSELF}),
        is_person=call.principal.user_no is not None,
    )


async def _products(call: Call) -> list[SkuSeats]:
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


@post("/requests", opt=needs(Permission.TAKE_PART_IN_REQUESTS), status_code=303)
async def ask_for_product(call: TheCall, request: AnyRequest) -> Response[None]:
    """Ask for the product of the form, for oneself or for those who are named."""
    form = form_of(request)
    person = form.text("person")
    order = AskOrder(
        sku=form.text("product") or "",
        people=names_in(form.text("people")) if person is None else (person,),
        justification=form.text("justification"),
        starts_at=day_in(form, "startsAt"),
        expires_at=day_in(form, "expiresAt", is_end=True),
        extends=form.text("extends") == "true",
    )
    asked = await ask(call, order)
    granted = bool(asked.lines) and all(line.how is not None for line in asked.lines)
    return see(f"/requests?show={_after_asking(call)}&done={'given' if granted else 'asked'}")


def _after_asking(call: Call) -> str:
    return "mine" if call.principal.user_no is not None else "all"


@post("/requests/decisions", opt=needs(Permission.TAKE_PART_IN_REQUESTS), status_code=303)
async def decide_requests(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Approve or deny every line that was ticked, with one message.

    Who cannot be decided about any more is named and left out; the others go on.
    """
    form = form_of(request)
    shown = _shown(call, form.text("show"))
    orders = decisions_in(form)
    approves = orders[0].approves
    ruled = await rule(call, orders)
    request.scope["state"]["form"] = form.having("words", ruled.words)
    state = request.scope["state"]
    state["facts"], state["lacking"] = ruled.about, ruled.lacking
    call.ledger.concerned.update(ruled.lacking)
    note(request, [one.sentence for one in ruled.left_out])
    if ruled.left_out:
        back = form.text("back") or _address(shown, {})
        return await _results(call, request, ruled, approves=approves, back=own_path(back))
    done = "approved" if approves else "denied"
    if request_id := parse_id(form.text("request") or ""):
        return see(f"/requests/{request_id}?done={done}")
    return back_to(form.text("back") or _address(shown, {}), done=done)


async def _results(
    call: Call, request: AnyRequest, ruled: Ruled, *, approves: bool, back: str
) -> Response[bytes]:
    """Who was decided about, with the way to undo it, and who was not and why."""
    nothing = ruled.refusal
    undo = None
    if nothing is None:
        count = await wishes_to_undo(call, call.correlation)
        undo = UndoOffer(correlation=call.correlation, count=count, back=back)
    return page(
        request,
        "request_results.html",
        status=200 if nothing is None else status_of(nothing),
        refused=ruled.left_out,
        shortages=await shortages_of(call, ruled.lacking),
        code=None if nothing is None else nothing.reason.value,
        done=ruled.count,
        approves=approves,
        back=back,
        undo=undo,
        done_words=ruled_words(ruled, approves=approves),
    )


def day_in(form: Form, name: str, *, is_end: bool = False) -> datetime | None:
    """A day of a form as a moment (UTC); the end of a license is the end of its day.

    Raises Refusal invalidValue for what is no day.
    """
    text = form.text(name)
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, f"“{text[:40]}” is no day: give 2027-01-31, say."
        ) from None
    return day + timedelta(days=1) if is_end else day


REQUEST_PAGES = (requests, new_request, ask_for_product, decide_requests)
