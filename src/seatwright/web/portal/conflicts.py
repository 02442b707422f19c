"""`/conflicts`: what is at odds, each with what would mend it as a button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app import conflicts as desk
from seatwright.app.afterwards import done_by
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts import finding, mending
from seatwright.app.conflicts.counting import count_some
from seatwright.app.conflicts.mending import Mendable, Mended
from seatwright.app.conflicts.rows import START, Conflict, GiverBack
from seatwright.app.reconcile import USERS_AT_ONCE_MAX
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.app.work import work_at_once
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.directory import parse_id
from seatwright.domain.history import HistoryAction
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form, NothingTicked
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.naming import few_names
from seatwright.web.portal.frame.pages import formats_of, note, own_path, page, see
from seatwright.web.portal.frame.words import KIND_ADVICE
from seatwright.web.portal.people.fixes import FixOffer, offer_of

ROWS: Final = 25
PRODUCTS_MAX: Final = 1000
FAILING_TOLD: Final = 20
MENDED: Final = "mended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Somebody who could give a seat back, and the button that takes it."""

    giver: GiverBack
    fix: FixOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictCard:
    """One conflict with its product and its fixes as buttons.

    `tick` is what its box says: the assignment that goes. None where that would not mend it.
    """

    one: Conflict
    sku: CatalogSku
    fixes: tuple[FixOffer, ...]
    givers: tuple[Giver, ...]
    tick: str | None = None


@get("/conflicts", opt=needs(Permission.READ_LICENSES))
async def conflicts(
    call: TheCall,
    request: AnyRequest,
    *,
    kind: FromQuery[str | None] = None,
    user: FromQuery[str | None] = None,
    product: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    tick: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """By kind, person and product, each kind counted as far as that costs nothing.

    `tick=all` has every box ticked, for who has no JavaScript.

    What would end an error is tried out for one person, not for a page of them.
    """
    given = {"kind": kind, "product": product, "user": user}
    chosen = {name: value for name, value in given.items() if value}
    keys = keys_of(cursor, str, int, int)
    resume = None
    if keys is not None:
        of_kind = desk.conflict_kind(str(keys[0]))
        resume = desk.Place(kind=of_kind, after=(int(keys[1]), int(keys[2])))
    found = await desk.list_conflicts(
        call,
        desk.About(
            kind=desk.conflict_kind(kind) if kind else None,
            person=user or None,
            product=product or None,
        ),
        resume=resume,
        limit=ROWS,
        tries_fixes=bool(user),
    )
    place = found.resume
    more = None
    if place is not None:
        at = cursor_of(place.kind.value, *place.after)
        more = "/conflicts?" + urlencode({**chosen, "cursor": at})
    cards = [await _card(call, one) for one in found.found]
    back = "/conflicts" + (f"?{urlencode(chosen)}" if chosen else "")
    here = {"cursor": cursor} if cursor else {}
    return page(
        request,
        "conflicts.html",
        cards=cards,
        can_tick=_can_tick(call, cards, kind, has_more=more is not None),
        is_ticked=tick == "all",
        tick_all=f"/conflicts?{urlencode({**chosen, **here, 'tick': 'all'})}",
        heads=_heads(call, cards, resume, is_of_one=bool(user)),
        products=await _products(call),
        kinds=tuple(ConflictKind),
        counts=await count_some(call),
        chosen=chosen,
        back=back,
        more=more,
        done=done,
        done_words=await _mended_words(call, request, done),
    )


async def _products(call: Call) -> list[SkuSeats]:
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return [one for one in seats if one.sku.is_assignable_to_users]


async def _mended_words(call: Call, request: AnyRequest, done: str | None) -> str:
    """What the banner says after direct assignments were removed; other mends tell themselves."""
    correlation = parse_id(str(request.query_params.get("undo", "")))
    if done != MENDED or correlation is None:
        return ""
    told = await done_by(call, correlation, HistoryAction.REMOVED)
    if not told.people:
        return ""
    return gettext("Removed the direct assignment of %(products)s: %(names)s.") % {
        "products": few_names(told.products),
        "names": few_names(told.people, is_more=told.is_more),
    }


@post("/conflicts/mend", opt=needs(Permission.BULK_ASSIGN), status_code=303)
async def mend_conflicts(call: TheCall, request: AnyRequest) -> Response[None]:
    """Mend those that are ticked, or all of a kind.

    One change with one undo: at once for a few hundred, as a job for more.
    """
    form = form_of(request)
    if form.text("all"):
        kind = desk.conflict_kind(form.text("kind") or ConflictKind.DIRECT_BESIDE_INHERITED)
        mendable = await finding.find_all(call, kind, product=form.text("product") or None)
    else:
        ticked = [one.partition("/") for one in form.all("conflict")]
        if not ticked:
            raise NothingTicked
        mendable = await mending.chosen(call, [(user, sku) for user, _, sku in ticked])
    mended = await mending.mend(call, mendable)
    _tell(request, form, mendable, mended)
    is_small = mended.job.total <= USERS_AT_ONCE_MAX
    if is_small and not call.is_preview:
        await work_at_once(call, mended.job)
    if not is_small:
        return see(f"/bulk/{mended.job.id}")
    back = own_path(form.text("back") or "/conflicts")
    return see(f"{back}{'&' if '?' in back else '?'}done={MENDED}")


def _tell(request: AnyRequest, form: Form, mendable: Mendable, mended: Mended) -> None:
    """Have the preview say how many go, through what people keep it, and who is left out."""
    count = len(mendable.pairs)
    text = ngettext("Remove one direct assignment", "Remove %(count)s direct assignments", count)
    formats = formats_of(request.scope)
    state = request.scope["state"]
    state["form"] = form.having("words", text % {"count": formats.number(count)})
    keeps = gettext("They keep %(product)s through %(groups)s.")
    facts = [gettext("Of %(names)s.") % {"names": few_names(mendable.people)}]
    facts += [
        keeps % {"product": product, "groups": few_names(groups)}
        for product, groups in mendable.keeping
    ]
    if mendable.losing:
        text = ngettext(
            "One more is left out: without the direct assignment service plans would go.",
            "%(count)s more are left out: without the direct assignment service plans would go.",
            mendable.losing,
        )
        facts.append(text % {"count": formats.number(mendable.losing)})
    if mendable.has_more:
        facts.append(gettext("These are the first: there are more, to be mended after these."))
    if mendable.ended_after is not None:
        ended = gettext("The search ended after %(count)s: choose a product to look at its others.")
        facts.append(ended % {"count": formats.number(mendable.ended_after)})
    state["facts"] = tuple(facts)
    if mended.forecast is not None:
        failing = [one for _, one in mended.forecast.failing if one.message]
        note(request, [str(one.message) for one in failing[:FAILING_TOLD]])


async def _card(call: Call, one: Conflict) -> ConflictCard:
    catalog = await catalog_of(call)
    givers = () if one.shortage is None else one.shortage.could_give_back
    return ConflictCard(
        one=one,
        sku=catalog.skus[one.sku],
        fixes=tuple(offer_of(call, fix) for fix in one.fixes),
        givers=tuple(Giver(giver=giver, fix=offer_of(call, giver.fix)) for giver in givers),
        tick=_tick(call, one, catalog.skus[one.sku]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KindHead:
    """What stands above the first conflict of a kind: what to do, and whether all go together."""

    kind: ConflictKind
    advice: str
    can_mend_all: bool


def _heads(
    call: Call, cards: Sequence[ConflictCard], resume: desk.Place | None, *, is_of_one: bool
) -> dict[int, KindHead]:
    """The heads by the place of the card that they are above.

    A page that goes on within a kind has none for it, and of one person nothing is mended at once.
    What people have twice comes mostly by groups, so that all of it go only where one is shown that
    can; direct assignments beside a group's may be far behind others that stay.
    """
    together = {card.one.kind for card in cards if card.tick}
    if call.principal.may(Permission.BULK_ASSIGN):
        together.add(ConflictKind.DIRECT_BESIDE_INHERITED)
    before = None if resume is None or resume.after == START else resume.kind
    heads: dict[int, KindHead] = {}
    for place, kind in enumerate(card.one.kind for card in cards):
        if kind is not before:
            advice = gettext(KIND_ADVICE[kind])
            can_mend_all = kind in together and not is_of_one
            heads[place] = KindHead(kind=kind, advice=advice, can_mend_all=can_mend_all)
        before = kind
    return heads


def _can_tick(
    call: Call, cards: Sequence[ConflictCard], kind: str | None, *, has_more: bool
) -> bool:
    """Whether there are boxes, or may be on the pages that are put behind this one."""
    if any(card.tick for card in cards):
        return True
    is_of_kind = not kind or kind in finding.MENDED_TOGETHER
    return has_more and is_of_kind and call.principal.may(Permission.BULK_ASSIGN)


def _tick(call: Call, one: Conflict, sku: CatalogSku) -> str | None:
    """The assignment that a box stands for, where taking it away is the first of the fixes."""
    if one.person is None or one.kind not in finding.MENDED_TOGETHER or not one.fixes:
        return None
    path = f"/api/identity/users/{one.person.id}/licenses/{sku.sku_id}"
    ends = (one.fixes[0].method, one.fixes[0].path) == ("DELETE", path)
    may = call.principal.may(Permission.BULK_ASSIGN)
    return f"{one.person.id}/{sku.sku_id}" if ends and may else None


CONFLICT_PAGES = (conflicts, mend_conflicts)
