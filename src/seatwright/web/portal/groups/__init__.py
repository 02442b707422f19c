"""The pages about groups: the list, one group, what it gives and what a change would do."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.groups.changes import GROUP_CHANGE_PAGES
from seatwright.web.portal.groups.groups import GROUP_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *GROUP_PAGES,
    *GROUP_CHANGE_PAGES,
)
