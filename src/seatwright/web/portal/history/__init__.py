"""The pages about what happened: the record, its files, who held what on a day."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.history.past import HISTORY_PAST_PAGES
from seatwright.web.portal.history.record import HISTORY_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *HISTORY_PAGES,
    *HISTORY_PAST_PAGES,
)
