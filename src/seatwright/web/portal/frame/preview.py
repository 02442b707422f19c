"""The page between a form and its change: who gains and loses what, seats before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from litestar.types import HTTPScope

from seatwright.app.call import Call
from seatwright.app.preview import LINES_MAX, Preview, SeatForecast
from seatwright.app.preview_words import sentence_of
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.changes import Action, Change
from seatwright.web.answers import Answer
from seatwright.web.portal.frame.forms import FORM_BYTES_MAX, Form
from seatwright.web.portal.frame.pages import answer_page, own_path, render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One license that begins, changes or ends; `every` service plan counts that it can have."""

    person: str
    product: str
    action: Action
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    every: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """The seats of a product before and after, and how many are to be bought for everybody."""

    product: str
    part_number: str
    free_before: int
    free_after: int
    waiting_before: int
    waiting_after: int
    seats_to_buy: int


class Ordered(Protocol):
    """What a form knows of the rows that it came with: the place of each person among them.

    `lacking` counts the people who find no seat of a product and do not wait for one.
    """

    @property
    def places(self) -> Mapping[UserNo, int]: ...

    @property
    def lacking(self) -> Mapping[SkuNo, int]: ...


async def preview_page(
    scope: HTTPScope, preview: Preview, *, form: Form, has_moved: bool
) -> Answer:
    """What the change comes to, with the form to do it; 412 when it came to something else."""
    net = preview.foreseen.net
    names = preview.names
    catalog = names.catalog
    forecast: Ordered | None = scope["state"].get("forecast")
    lacking: Mapping[SkuNo, int] = scope["state"].get("lacking", {})
    if forecast is not None:
        lacking = forecast.lacking
    pools = [(one, _seats(one, preview, lacking.get(one.sku, 0))) for one in preview.seats]
    body = render_page(
        scope,
        "preview.html",
        {
            "has_moved": has_moved,
            "digest": preview.foreseen.digest,
            "fields": form.beside("step", "digest", "proof"),
            "what": scope["state"].get("titled") or form.text("words") or "",
            "back": own_path(form.text("back") or "/"),
            "lines": [_line(one, preview) for one in _in_order(net.changes, forecast)],
            "names": names,
            "count": len(net.changes),
            "errors": [
                sentence_of(
                    one,
                    person=names.person(one.user_no),
                    product=catalog.skus[one.sku].display_name,
                )
                for one in net.error_changes[:LINES_MAX]
                if one.after is not None
            ],
            "notes": scope["state"].get("notes", ()),
            "named": scope["state"].get("named", ()),
            "facts": scope["state"].get("facts", ()),
            "undoes": scope["state"].get("undoes"),
            "held": [one.sentence for one in preview.held],
            "seats": [seats for one, seats in pools if one.is_moved],
            "short": [
                seats
                for one, seats in pools
                if seats.seats_to_buy
                and (one.sku in lacking or one.waiting_after > one.waiting_before)
            ],
            "ending": [(catalog.skus[sku].display_name, at) for sku, at in preview.ending.items()],
            "costs": preview.costs,
            "message": form.text("message"),
            "forecast": forecast,
            # Rows say themselves who gets none, but not of others whom the change is about too.
            "tells_errors": scope["state"].get("tells_errors", False),
            "is_large": sum(len(value) for _, value in form.pairs) > FORM_BYTES_MAX // 4,
        },
    )
    call: Call = scope["state"]["call"]
    scope["state"]["caller"] = (call.tenant.id, call.principal.id)
    return answer_page(412 if has_moved else 200, body)


def _seats(one: SeatForecast, preview: Preview, lacking: int) -> Seats:
    sku = preview.names.catalog.skus[one.sku]
    return Seats(
        product=sku.display_name,
        part_number=sku.part_number,
        free_before=one.free_before,
        free_after=one.free_after,
        waiting_before=one.waiting_before,
        waiting_after=one.waiting_after,
        seats_to_buy=max(0, one.waiting_after + lacking - one.free_after),
    )


def _in_order(changes: Sequence[Change], forecast: Ordered | None) -> Sequence[Change]:
    """The changes that are shown, in the order of the rows of a file where there is one."""
    shown = changes[:LINES_MAX]
    if forecast is None:
        return shown
    places = forecast.places
    return sorted(shown, key=lambda one: (places.get(one.user_no, len(places)), one.sku))


def _line(change: Change, preview: Preview) -> Line:
    catalog = preview.names.catalog
    before, after = change.before or ServicePlanBits(0), change.after or ServicePlanBits(0)
    gains = catalog.plans_of(ServicePlanBits(after & ~before))
    loses = catalog.plans_of(ServicePlanBits(before & ~after))
    return Line(
        person=preview.names.person(change.user_no),
        product=catalog.skus[change.sku].display_name,
        action=change.action,
        gains=tuple(plan.display_name for plan in gains),
        loses=tuple(plan.display_name for plan in loses),
        every=len(catalog.plans_of(catalog.skus[change.sku].service_plans)),
    )
