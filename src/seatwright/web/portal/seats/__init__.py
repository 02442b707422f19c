"""The pages about products and their seats: the list, one product, what was bought of it."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.seats.licenses import LICENSE_PAGES
from seatwright.web.portal.seats.subscriptions import SUBSCRIPTION_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *LICENSE_PAGES,
    *SUBSCRIPTION_PAGES,
)
