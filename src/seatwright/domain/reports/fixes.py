"""What mends an error, in one sentence that names the product and, where there is one, the group.

The sentence about the person (`domain/reconcile/sentences.py`) says more, and says it of the
person; this one is the same for everybody with the same error, so that a total can show it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.errors import Reason

_FIXES: Final[Mapping[str, str]] = {
    Reason.NO_SEAT_LEFT: "Buy seats of {product}, or take some back: the report idle-holders says"
    " whose.",
    Reason.CONFLICTING_SERVICE_PLANS: "Switch the service plan that conflicts off in"
    " {product}{at_group}, or remove the product that it conflicts with.",
    Reason.DEPENDENCY_MISSING: "Assign what {product} depends on as well, or switch the service"
    " plan that depends on it off{at_group}.",
    Reason.USAGE_LOCATION_MISSING: "Set the person's usage location, or the tenant's for everybody"
    " without one.",
    Reason.USAGE_LOCATION_PROHIBITED: "Correct the usage location, or switch off{at_group} what of"
    " {product} may not be used there.",
    Reason.SIBLING_FAILED: "Mend the error of the other product{at_group}; this one follows by"
    " itself.",
    Reason.ADDRESS_NOT_UNIQUE: "Give one of the two people another mail address, then reprocess.",
    Reason.NOT_ASSIGNABLE_TO_USERS: "Take {product} away{at_group}: the organization has it without"
    " assigning it.",
}
_ANY_OTHER: Final = "Reprocess the person; /docs/errors says more about the code."


def fix_of(reason: str, *, product: str, group: str | None) -> str:
    """What to do about an error of a product, which a group gives or which is a person's own."""
    at_group = f" at the group {group}" if group else ""
    return _FIXES.get(reason, _ANY_OTHER).format(product=product, at_group=at_group)
