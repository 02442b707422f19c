"""Templates: named sets of products and service plan choices that are assigned together."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.domain.catalog import ServicePlanId, SkuId


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProduct:
    """One product of a template, with the service plans that it leaves off.

    Only what is off is kept: what Microsoft adds to a product later is on unless it is listed
    (GBL-030).
    """

    sku_id: SkuId
    disabled_service_plan_ids: frozenset[ServicePlanId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template without its place in a tenant; `products` are in the order they are assigned."""

    name: str
    description: str
    products: tuple[TemplateProduct, ...]
