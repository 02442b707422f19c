"""Lists as files: short ones at once, long ones made by a job and kept for who asked for them."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.exports.kept import KEPT_PAGES
from seatwright.web.portal.exports.short import SHORT_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (*SHORT_PAGES, *KEPT_PAGES)
