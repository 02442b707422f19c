"""The pages about rules, conflicts and what happened, as one list for the application."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.auto_claim import AUTO_CLAIM_PAGES
from seatwright.web.portal.auto_claim_report import AUTO_CLAIM_REPORT_PAGES
from seatwright.web.portal.auto_claim_wizard import AUTO_CLAIM_WIZARD_PAGES
from seatwright.web.portal.conflicts import CONFLICT_PAGES
from seatwright.web.portal.fixes import FIX_PAGES
from seatwright.web.portal.held import HELD_PAGES
from seatwright.web.portal.history_past import HISTORY_PAST_PAGES
from seatwright.web.portal.strategies import STRATEGY_PAGES
from seatwright.web.portal.templates_ import TEMPLATE_PAGES

RULE_PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *AUTO_CLAIM_PAGES,
    *AUTO_CLAIM_WIZARD_PAGES,
    *AUTO_CLAIM_REPORT_PAGES,
    *CONFLICT_PAGES,
    *FIX_PAGES,
    *TEMPLATE_PAGES,
    *HISTORY_PAST_PAGES,
    *HELD_PAGES,
    *STRATEGY_PAGES,
)
