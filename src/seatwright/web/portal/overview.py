"""`/`: seats, what needs attention, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from litestar import Response, get

from seatwright.app.attention import attention
from seatwright.app.call import Call
from seatwright.app.history import Question, history_page, understand
from seatwright.app.requests.queue import QueueOrder, count_queue
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.requests.states import LineState
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.events import Event, events_of
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.pages import formats_of, page, see
from seatwright.web.portal.frame.rendering import Formats

PRODUCTS_MAX = 1000
EVENTS = 12
ASKED_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """All products together: bought = assigned + reserved + free - over.

    `over` are the seats that products give beyond what was bought of them.
    """

    bought: int
    assigned: int
    reserved: int
    free: int
    over: int
    waiting: int


@get("/", opt=needs(None))
async def overview(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """For those who may read licenses; everybody else begins at what they have themselves."""
    if not call.principal.may(Permission.READ_LICENSES):
        return see("/me")
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return page(
        request,
        "overview.html",
        seats=seats,
        sums=(sums := _sums(seats)),
        sums_words=_sums_words(sums, formats_of(request.scope)),
        short=[one for one in seats if one.hint is not None],
        now=await attention(call),
        asked=await _asked(call),
        asked_max=ASKED_MAX,
        events=await _recent(call),
    )


async def _asked(call: Call) -> int:
    """How many requests wait for a decision, counted no further than one beyond the most shown."""
    if not call.principal.may(Permission.READ_ANY_REQUEST):
        return 0
    waits = QueueOrder(state=LineState.PENDING.value)
    return await count_queue(call, waits, most=ASKED_MAX + 1)


def _sums(seats: Sequence[SkuSeats]) -> Sums:
    return Sums(
        bought=sum(one.pool.assignable for one in seats),
        assigned=sum(one.pool.consumed for one in seats),
        reserved=sum(one.pool.reserved for one in seats),
        free=sum(max(0, one.free) for one in seats),
        over=sum(max(0, -one.free) for one in seats),
        waiting=sum(one.waiting for one in seats),
    )


def _sums_words(sums: Sums, formats: Formats) -> str:
    """Every seat in one sentence that adds up."""
    numbers = {name: formats.number(value) for name, value in asdict(sums).items()}
    words = gettext("%(bought)s seats bought: %(assigned)s assigned, %(free)s free.")
    if sums.reserved:
        words = gettext(
            "%(bought)s seats bought: %(assigned)s assigned, %(reserved)s reserved, %(free)s free."
        )
    if sums.over:
        more = ngettext(
            "Of some product one seat more is given than was bought.",
            "Of some products %(over)s seats more are given than were bought.",
            sums.over,
        )
        words = f"{words} {more}"
    return words % numbers


async def _recent(call: Call) -> tuple[Event, ...]:
    if not call.principal.may(Permission.READ_HISTORY):
        return ()
    wanted = await understand(call, Question())
    return await events_of(call, (await history_page(call, wanted, before=None, limit=EVENTS)))


OVERVIEW_PAGES = (overview,)
