"""The page between a form and its change: who gains and loses what, seats before and after."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.types import HTTPScope

from seatwright.app.call import Call
from seatwright.app.preview import LINES_MAX, Preview
from seatwright.app.preview_words import sentence_of
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.reconcile.changes import Action, Change
from seatwright.web.answers import Answer
from seatwright.web.portal.frame.forms import FORM_BYTES_MAX, Form
from seatwright.web.portal.frame.pages import answer_page, own_path, render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One license that begins, changes or ends."""

    person: str
    product: str
    action: Action
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """The seats of a product before and after."""

    product: str
    free_before: int
    free_after: int
    waiting_before: int
    waiting_after: int
    seats_to_buy: int


async def preview_page(
    scope: HTTPScope, preview: Preview, *, form: Form, has_moved: bool
) -> Answer:
    """What the change comes to, with the form to do it; 412 when it came to something else."""
    net = preview.foreseen.net
    names = preview.names
    catalog = names.catalog
    body = render_page(
        scope,
        "preview.html",
        {
            "has_moved": has_moved,
            "digest": preview.foreseen.digest,
            "fields": form.beside("step", "digest", "proof"),
            "what": form.text("words") or "",
            "back": own_path(form.text("back") or "/"),
            "lines": [_line(one, preview) for one in net.changes[:LINES_MAX]],
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
            "facts": scope["state"].get("facts", ()),
            "held": [one.sentence for one in preview.held],
            "seats": [
                Seats(
                    product=catalog.skus[one.sku].display_name,
                    free_before=one.free_before,
                    free_after=one.free_after,
                    waiting_before=one.waiting_before,
                    waiting_after=one.waiting_after,
                    seats_to_buy=one.seats_to_buy,
                )
                for one in preview.seats
                if one.is_moved
            ],
            "costs": preview.costs,
            "message": form.text("message"),
            "forecast": scope["state"].get("forecast"),
            "is_large": sum(len(value) for _, value in form.pairs) > FORM_BYTES_MAX // 4,
        },
    )
    call: Call = scope["state"]["call"]
    scope["state"]["caller"] = (call.tenant.id, call.principal.id)
    return answer_page(412 if has_moved else 200, body)


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
    )
