"""What no link leads to: pages that a form, or the search box while somebody types, asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from benchmarks.town import NOW
from seatwright.domain.conflicts import ConflictKind

_PRODUCT: Final = "SPE_E3"
_WORDS: Final[Mapping[str, str]] = {
    "of everybody": "user",
    "two letters": "an",
    "a name": "anna",
    "two words": "ana ber",
    "one person": "user777@",
    "nobody": "qqqq",
}
"""What somebody types, by whom it finds."""

_FILTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "/users": {
        "state=error": {"state": "error"},
        "state=unlicensed": {"state": "unlicensed"},
        "enabled=no": {"enabled": "no"},
        "location": {"location": "DE"},
        "department of nobody": {"department": "None"},
        "product and search": {"product": _PRODUCT, "search": "ana ber"},
    },
    "/conflicts": {
        **{f"kind={kind}": {"kind": kind} for kind in ConflictKind},
        **{
            f"kind={kind} and product": {"kind": kind, "product": _PRODUCT} for kind in ConflictKind
        },
        "user": {"user": "user777@town.example"},
    },
    "/groups": {
        "search of all": {"search": "group"},
        "search of nothing": {"search": "qqqq"},
        "licensed": {"licensed": "true"},
    },
    "/idle": {"product": {"product": _PRODUCT}},
    "/history": {"product": {"product": _PRODUCT}},
    "/history/holders": {
        "now": {"sku": _PRODUCT},
        "then": {"sku": _PRODUCT, "day": f"{NOW.year}-06-01"},
    },
    "/history/timeline": {"user": {"user": "user777@town.example"}},
}


def _path(page: str, values: Mapping[str, str]) -> str:
    return f"{page}?{urlencode(values)}"


ASKED: Final[Mapping[str, str]] = {
    **{
        f"{page}?search ({whom})": _path(page, {"search": words})
        for page in ("/find/suggestions", "/find", "/users")
        for whom, words in _WORDS.items()
        # The only thing that there is is shown at once, by another page.
        if (page, whom) != ("/find", "one person")
    },
    **{
        f"{page} ({what})": _path(page, values)
        for page, filters in _FILTERS.items()
        for what, values in filters.items()
    },
}
"""A path for each of these pages; all are there in a town of any size."""
