"""Every list that can be had as a file, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.app.exports.auto_claim import AUTO_CLAIM_LISTS
from seatwright.app.exports.groups import GROUP_LISTS
from seatwright.app.exports.history import HISTORY_LISTS
from seatwright.app.exports.lists import ListFile
from seatwright.app.exports.own import OWN_LISTS
from seatwright.app.exports.people import PEOPLE_LISTS
from seatwright.app.exports.requests import REQUEST_LISTS
from seatwright.app.exports.seats import SEAT_LISTS
from seatwright.app.exports.settings import SETTINGS_LISTS
from seatwright.app.exports.work import WORK_LISTS
from seatwright.domain.exports import ListName

LISTS: Final[Mapping[ListName, ListFile]] = {
    one.name: one
    for one in (
        *PEOPLE_LISTS,
        *SEAT_LISTS,
        *GROUP_LISTS,
        *WORK_LISTS,
        *AUTO_CLAIM_LISTS,
        *REQUEST_LISTS,
        *HISTORY_LISTS,
        *SETTINGS_LISTS,
        *OWN_LISTS,
    )
}


def list_named(text: str) -> ListFile | None:
    """The list of a name; None when there is none of it."""
    return _BY_VALUE.get(text)


_BY_VALUE: Final = {name.value: one for name, one in LISTS.items()}
