"""`/conflicts`: what is at odds, each with what would mend it as a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from seatwright.app import conflicts as desk
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.counting import count_some
from seatwright.app.conflicts.rows import Conflict, GiverBack
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import page
from seatwright.web.portal.people.fixes import FixOffer, offer_of

ROWS: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Somebody who could give a seat back, and the button that takes it."""

    giver: GiverBack
    fix: FixOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictCard:
    """One conflict with its product and its fixes as buttons."""

    one: Conflict
    sku: CatalogSku
    fixes: tuple[FixOffer, ...]
    givers: tuple[Giver, ...]


@get("/conflicts", opt=needs(Permission.READ_LICENSES))
async def conflicts(
    call: TheCall,
    request: AnyRequest,
    *,
    kind: FromQuery[str | None] = None,
    user: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """By kind and person, each counted as far as that costs nothing.

    What would end an error is tried out for one person, not for a page of them.
    """
    given = {"kind": kind, "user": user}
    chosen = {name: value for name, value in given.items() if value}
    keys = keys_of(cursor, str, int, int)
    resume = None
    if keys is not None:
        of_kind = desk.conflict_kind(str(keys[0]))
        resume = desk.Place(kind=of_kind, after=(int(keys[1]), int(keys[2])))
    found = await desk.list_conflicts(
        call,
        kind=desk.conflict_kind(kind) if kind else None,
        person=user or None,
        resume=resume,
        limit=ROWS,
        tries_fixes=bool(user),
    )
    place = found.resume
    more = None
    if place is not None:
        at = cursor_of(place.kind.value, *place.after)
        more = "/conflicts?" + urlencode({**chosen, "cursor": at})
    return page(
        request,
        "conflicts.html",
        cards=[await _card(call, one) for one in found.found],
        kinds=tuple(ConflictKind),
        counts=await count_some(call),
        chosen=chosen,
        back="/conflicts" + (f"?{urlencode(chosen)}" if chosen else ""),
        more=more,
        done=done,
    )


async def _card(call: Call, one: Conflict) -> ConflictCard:
    catalog = await catalog_of(call)
    givers = () if one.shortage is None else one.shortage.could_give_back
    return ConflictCard(
        one=one,
        sku=catalog.skus[one.sku],
        fixes=tuple(offer_of(call, fix) for fix in one.fixes),
        givers=tuple(Giver(giver=giver, fix=offer_of(call, giver.fix)) for giver in givers),
    )


CONFLICT_PAGES = (conflicts,)
