"""The pages of everybody: what I hold, what I asked for, what waits for me."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.me.inbox import INBOX_PAGES
from seatwright.web.portal.me.licenses import ME_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *ME_PAGES,
    *INBOX_PAGES,
)
