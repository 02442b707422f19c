"""What a change of bought seats costs, said by the preview before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import Request

from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.pages import formats_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseMoved:
    """Seats of a purchase before and after; `price` is of one seat a month, in `currency`."""

    before: int
    after: int
    price: Decimal | None = None
    currency: str | None = None
    is_correction: bool = False

    @property
    def more(self) -> int:
        """How many more there are then."""
        return self.after - self.before


def tell_purchase(request: Request[Any, Any, Any], moved: PurchaseMoved) -> None:
    """Have a preview say what becomes of the purchase, what it costs, and what it is not."""
    formats = formats_of(request.scope)
    known = {"before": formats.number(moved.before), "after": formats.number(moved.after)}
    said = [gettext("The purchase goes from %(before)s to %(after)s seats.") % known]
    if moved.price is not None and moved.currency:
        count = abs(moved.more)
        known = {
            "cost": formats.money(moved.price * count, moved.currency),
            "price": formats.money(moved.price, moved.currency),
            "number": formats.number(count),
        }
        said.append(
            ngettext(
                "It costs %(cost)s more a month: one seat.",
                "It costs %(cost)s more a month: %(number)s seats of %(price)s.",
                count,
            )
            % known
            if moved.more > 0
            else gettext("It costs %(cost)s less a month.") % known
        )
    else:
        said.append(gettext("No price is recorded for it, so what it costs is not known here."))
    if moved.more < 0 and not moved.is_correction:
        said.append(gettext("Fewer seats count from the next billing cycle on."))
    if moved.is_correction:
        said.append(
            gettext(
                "Whoever got one of these seats keeps it: until somebody gives one back, more are"
                " in use than were bought."
            )
        )
    said.append(
        gettext("seatwright records what was bought: it orders and cancels nothing at the seller.")
    )
    request.scope["state"]["facts"] = (" ".join(said),)
