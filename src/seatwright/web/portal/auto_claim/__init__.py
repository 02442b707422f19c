"""The pages about auto-claim: the policies, the wizard that makes them, the report."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.portal.auto_claim.policies import AUTO_CLAIM_PAGES
from seatwright.web.portal.auto_claim.report import AUTO_CLAIM_REPORT_PAGES
from seatwright.web.portal.auto_claim.wizard import AUTO_CLAIM_WIZARD_PAGES

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *AUTO_CLAIM_PAGES,
    *AUTO_CLAIM_WIZARD_PAGES,
    *AUTO_CLAIM_REPORT_PAGES,
)
