"""The pages about settings: the tenant, who may do what, sign-in, what is told."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.settings.access import SETTINGS_ACCESS_PAGES
from seatwright.web.portal.settings.domains import SETTINGS_DOMAIN_PAGES
from seatwright.web.portal.settings.sign_in import SETTINGS_SIGN_IN_PAGES
from seatwright.web.portal.settings.telling import SETTINGS_TELLING_PAGES
from seatwright.web.portal.settings.tenant import SETTINGS_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *SETTINGS_PAGES,
    *SETTINGS_DOMAIN_PAGES,
    *SETTINGS_ACCESS_PAGES,
    *SETTINGS_SIGN_IN_PAGES,
    *SETTINGS_TELLING_PAGES,
)
