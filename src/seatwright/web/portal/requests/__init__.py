"""The pages about license requests: what waits, one request, the policies."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.requests.one import ONE_REQUEST_PAGES
from seatwright.web.portal.requests.policies import REQUEST_POLICY_PAGES
from seatwright.web.portal.requests.queue import REQUEST_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *REQUEST_PAGES,
    *REQUEST_POLICY_PAGES,
    *ONE_REQUEST_PAGES,
)
