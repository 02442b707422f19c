"""An error to come or to go, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.errors import Reason
from seatwright.domain.reconcile.changes import ErrorChange

_COMING: Final[Mapping[Reason, str]] = {
    Reason.NO_SEAT_LEFT: "{person} would wait for a seat of {product}.",
    Reason.CONFLICTING_SERVICE_PLANS: "{person} would not get all of {product}: it has a service"
    " plan that cannot be had together with one they have.",
    Reason.DEPENDENCY_MISSING: "A service plan of {product} needs another one that {person} would"
    " not have, or is itself needed by one they keep.",
    Reason.USAGE_LOCATION_MISSING: "{person} would not get {product}: it is not known where they"
    " use services.",
    Reason.USAGE_LOCATION_PROHIBITED: "{person} would not have all of {product}: it may not be used"
    " where they are.",
    Reason.ADDRESS_NOT_UNIQUE: "{person} would not get {product}: somebody else has their address.",
    Reason.SIBLING_FAILED: "{person} would not get {product}, because another product of the same"
    " group cannot be given.",
}
_STAYS_AWAY: Final = "{person} would not get {product} ({code})."
_NO_LONGER_WAITS: Final = "{person} would no longer wait for a seat of {product}."
_GONE: Final = "What kept {product} from {person} would be gone."


def sentence_of(error: ErrorChange, *, person: str, product: str) -> str:
    """What an error change means for a person."""
    if error.after is not None:
        form = _COMING.get(error.after, _STAYS_AWAY)
        return form.format(person=person, product=product, code=error.after.value)
    form = _NO_LONGER_WAITS if error.before is Reason.NO_SEAT_LEFT else _GONE
    return form.format(person=person, product=product)
