"""The pages about bulk jobs: an order, its preview, its progress and its result."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.bulk.jobs import BULK_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (*BULK_PAGES,)
