"""Every route of the Graph surface, in one list."""

from __future__ import annotations

from typing import Final

from seatwright.web.graph.cloud_licensing import CLOUD_LICENSING_ROUTES
from seatwright.web.graph.deleted_items import DELETED_ROUTES
from seatwright.web.graph.delta import DELTA_ROUTES
from seatwright.web.graph.directory_objects import OBJECT_ROUTES
from seatwright.web.graph.domains import DOMAIN_ROUTES
from seatwright.web.graph.groups import GROUP_ROUTES
from seatwright.web.graph.license_actions import LICENSE_ROUTES
from seatwright.web.graph.members import MEMBER_ROUTES
from seatwright.web.graph.organization import ORGANIZATION_ROUTES
from seatwright.web.graph.routing import Route
from seatwright.web.graph.skus import SKU_ROUTES
from seatwright.web.graph.subscriptions import SUBSCRIPTION_ROUTES
from seatwright.web.graph.users import USER_ROUTES

GRAPH_ROUTES: Final[tuple[Route, ...]] = (
    *CLOUD_LICENSING_ROUTES,
    *ORGANIZATION_ROUTES,
    *DOMAIN_ROUTES,
    *SKU_ROUTES,
    *SUBSCRIPTION_ROUTES,
    *USER_ROUTES,
    *GROUP_ROUTES,
    *MEMBER_ROUTES,
    *LICENSE_ROUTES,
    *OBJECT_ROUTES,
    *DELETED_ROUTES,
    *DELTA_ROUTES,
)
