"""`/api/reports/duplicate-services`: who has the same service from two products."""

from __future__ import annotations

from uuid import UUID

from litestar import get
from litestar.params import FromQuery

from seatwright.app import conflicts
from seatwright.app.catalog import catalog_of
from seatwright.domain.conflicts import ServiceOverlap
from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit


class ProductName(Shape, kw_only=True, frozen=True):
    """A product."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class OverlapShape(Shape, kw_only=True, frozen=True):
    """A service plan that another product covers, by the same one or a higher tier of it."""

    service_plan: str
    product: ProductName
    covered_by_service_plan: str
    covered_by_product: ProductName


class DuplicatesShape(Shape, kw_only=True, frozen=True):
    """What a person has twice; `removable` could go without a service being lost."""

    user_id: UUID
    user_principal_name: str
    display_name: str
    overlaps: list[OverlapShape]
    removable: list[ProductName]
    advice: str


def _product(sku_no: SkuNo, catalog: TenantCatalog) -> ProductName:
    sku = catalog.skus[sku_no]
    return ProductName(
        sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
    )


def _overlap(one: ServiceOverlap, catalog: TenantCatalog) -> OverlapShape:
    return OverlapShape(
        service_plan=catalog.service_plans[one.service_plan].display_name,
        product=_product(one.sku, catalog),
        covered_by_service_plan=catalog.service_plans[one.covered_by].display_name,
        covered_by_product=_product(one.covering_sku, catalog),
    )


def _shape(one: conflicts.Duplicates, catalog: TenantCatalog) -> DuplicatesShape:
    removable = [_product(sku_no, catalog) for sku_no in one.removable]
    names = " and ".join(product.display_name for product in removable)
    advice = (
        f"{names} can be taken away: the other products of this person cover it."
        if removable
        else "Each product gives something that no other does: switch off the service plans that"
        " are covered, if they are in the way."
    )
    return DuplicatesShape(
        user_id=one.person.user_id,
        user_principal_name=one.person.upn,
        display_name=one.person.display_name,
        overlaps=[_overlap(overlap, catalog) for overlap in one.overlaps],
        removable=removable,
        advice=advice,
    )


@get(
    "/api/reports/duplicate-services",
    opt=needs(Permission.READ_LICENSES),
    summary="List who has a service twice",
)
async def list_duplicates(
    call: TheCall,
    user: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[DuplicatesShape]:
    """A warning with a suggestion; nothing is ever taken away by itself."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    if user is not None:
        page = await conflicts.duplicates_of(call, user)
    else:
        page = await conflicts.list_duplicates(call, after=int(keys[0]) if keys else 0, limit=size)
    catalog = await catalog_of(call)
    return Page(
        value=[_shape(one, catalog) for one in page.found],
        next_cursor=None if page.after is None else cursor_of(page.after),
    )


CONFLICT_ROUTES = (list_duplicates,)
