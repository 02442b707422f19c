"""Every route of the REST surface, in one list."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.rest.principals import PRINCIPAL_ROUTES
from seatwright.web.rest.settings import SETTINGS_ROUTES
from seatwright.web.rest.subscriptions import SUBSCRIPTION_ROUTES

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    *PRINCIPAL_ROUTES,
    *SETTINGS_ROUTES,
    *SUBSCRIPTION_ROUTES,
)
