"""The pages about people: the list, one person, what is changed for them and what mends it."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.people.apps import APP_PAGES
from seatwright.web.portal.people.changes import USER_CHANGE_PAGES
from seatwright.web.portal.people.fixes import FIX_PAGES
from seatwright.web.portal.people.idle import IDLE_PAGES
from seatwright.web.portal.people.imports import IMPORT_PAGES
from seatwright.web.portal.people.new import NEW_USER_PAGES
from seatwright.web.portal.people.users import USER_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *USER_PAGES,
    *IDLE_PAGES,
    *APP_PAGES,
    *NEW_USER_PAGES,
    *IMPORT_PAGES,
    *USER_CHANGE_PAGES,
    *FIX_PAGES,
)
