"""Every route of the Graph surface, in one list."""

from __future__ import annotations

from typing import Final

from seatwright.web.graph.organization import ORGANIZATION_ROUTES
from seatwright.web.graph.routing import Route
from seatwright.web.graph.skus import SKU_ROUTES

GRAPH_ROUTES: Final[tuple[Route, ...]] = (
    *ORGANIZATION_ROUTES,
    *SKU_ROUTES,
)
