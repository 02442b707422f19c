"""`/api/reports/...`: read-only questions about many people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, QueryParameter

from seatwright.app import reports
from seatwright.app.catalog import catalog_of
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.reports import ReportRow
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit, page_of


class ReportShape(Shape, kw_only=True, frozen=True):
    """A person, and the product that the report is about where it is about one."""

    id: UUID
    user_principal_name: str
    display_name: str
    department: str | None
    last_sign_in_at: datetime | None
    sku_id: UUID | None
    sku_part_number: str | None
    product: str | None
    since: datetime | None
    strategy: str | None
    also_inherited: bool


class AdviceShape(Shape, kw_only=True, frozen=True):
    """A product that another strategy would serve better, and how many people have it by hand."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    people: int
    advice: str


def _shape(row: ReportRow, catalog: TenantCatalog) -> ReportShape:
    sku = None if row.sku is None else catalog.skus.get(row.sku)
    return ReportShape(
        id=row.user_id,
        user_principal_name=row.upn,
        display_name=row.display_name,
        department=row.department,
        last_sign_in_at=row.last_sign_in_at,
        sku_id=None if sku is None else sku.sku_id,
        sku_part_number=None if sku is None else sku.part_number,
        product=None if sku is None else sku.display_name,
        since=row.since,
        strategy=None if row.strategy is None else STRATEGY_OF_CODE[row.strategy].value,
        also_inherited=row.is_also_inherited,
    )


def _page(rows: Sequence[ReportRow], size: int, catalog: TenantCatalog) -> Page[ReportShape]:
    shown = rows[:size]
    return Page(
        value=[_shape(row, catalog) for row in shown],
        next_cursor=cursor_of(shown[-1].user_no, shown[-1].sku or 0) if len(rows) > size else None,
    )


def _after(cursor: str | None) -> tuple[int, int]:
    keys = keys_of(cursor, int, int)
    return (int(keys[0]), int(keys[1])) if keys else (0, 0)


@get(
    "/api/reports/users-without-license",
    opt=needs(Permission.READ_LICENSES),
    summary="Enabled people who hold nothing",
)
async def list_users_without_license(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[ReportShape]:
    """Every account that should have access needs a license: these have none."""
    size = page_limit(limit)
    rows = await reports.users_without_license(call, after=_after(cursor)[0], limit=size)
    return _page(rows, size, await catalog_of(call))


@get(
    "/api/reports/direct-assignments",
    opt=needs(Permission.READ_LICENSES),
    summary="Products that stand on people themselves",
)
async def list_direct_assignments(
    call: TheCall,
    sku: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ReportShape]:
    """The exceptions beside the groups; `alsoInherited`: a group of the person gives it too."""
    size = page_limit(limit)
    rows = await reports.direct_assignments(call, sku=sku, after=_after(cursor), limit=size)
    return _page(rows, size, await catalog_of(call))


@get(
    "/api/reports/inactive-holders",
    opt=needs(Permission.READ_LICENSES),
    summary="Holders who do not sign in",
)
async def list_inactive_holders(
    call: TheCall,
    inactive_days: Annotated[int, QueryParameter(name="inactiveDays")] = 90,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ReportShape]:
    """Candidates to reclaim from; nothing is freed by itself."""
    size = page_limit(limit)
    rows = await reports.inactive_holders(
        call, days=inactive_days, after=_after(cursor), limit=size
    )
    return _page(rows, size, await catalog_of(call))


@get(
    "/api/reports/strategy-advice",
    opt=needs(Permission.READ_LICENSES),
    summary="Where another strategy would serve better",
)
async def list_strategy_advice(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[AdviceShape]:
    """Products handled by hand for more people than the setting bulkAdviceAbove."""
    shapes = [
        AdviceShape(
            sku_id=one.sku.sku_id,
            sku_part_number=one.sku.part_number,
            display_name=one.sku.display_name,
            people=one.people,
            advice=one.advice,
        )
        for one in await reports.strategy_advice(call)
    ]
    return page_of(shapes, cursor=cursor, limit=limit)


REPORT_ROUTES = (
    list_users_without_license,
    list_direct_assignments,
    list_inactive_holders,
    list_strategy_advice,
)
