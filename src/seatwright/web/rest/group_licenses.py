"""`/api/identity/groups/{id}/licenses`, its errors, and reprocessing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.group_licenses import (
    GroupLicensed,
    GroupOrder,
    GroupProduct,
    errors_of_group,
    license_group,
    products_of_group,
    reprocess_group,
    reprocess_user,
    require_group,
    unlicense_group,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit, page_of


class NewGroupLicense(Body, kw_only=True, frozen=True):
    """What a group should give: a product by `skuId` or `skuPartNumber`."""

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None
    priority: int | None = None


class GroupLicenseShape(Shape, kw_only=True, frozen=True):
    """One product that a group gives."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    disabled_service_plans: list[str]
    priority: int
    since: datetime | None


class GroupLicensedShape(Shape, kw_only=True, frozen=True):
    """A change that was taken: large groups are worked by the job named here, others are done."""

    group_id: UUID
    license: GroupLicenseShape | None
    job_id: UUID | None
    status: str
    warning: str | None


class PersonName(Shape, kw_only=True, frozen=True):
    """A person in a list."""

    id: UUID
    user_principal_name: str
    display_name: str


class GroupErrorShape(Shape, kw_only=True, frozen=True):
    """A member who does not get what the group gives, with the reason's code."""

    user: PersonName
    sku_id: UUID
    sku_part_number: str
    display_name: str
    reason: str
    since: datetime


def _product(product: GroupProduct, catalog: TenantCatalog) -> GroupLicenseShape:
    return GroupLicenseShape(
        sku_id=product.sku.sku_id,
        sku_part_number=product.sku.part_number,
        display_name=product.sku.display_name,
        disabled_service_plans=[plan.name for plan in catalog.plans_of(product.disabled)],
        priority=product.priority,
        since=product.since,
    )


async def _taken(
    call: Call, done: GroupLicensed, *, status: int = 202
) -> Response[GroupLicensedShape]:
    catalog = await catalog_of(call)
    body = GroupLicensedShape(
        group_id=done.group.id,
        license=None if done.product is None else _product(done.product, catalog),
        job_id=None if done.job is None else done.job.id,
        status="Active" if done.job is None else "Processing",
        warning=done.warning,
    )
    headers = {} if done.job is None else {"Location": f"/api/jobs/{done.job.id}"}
    return Response(body, status_code=status, headers=headers)


def _sku_text(data: NewGroupLicense) -> str:
    if (data.sku_id is None) == (data.sku_part_number is None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Name the product once: give either skuId or skuPartNumber.",
        )
    return data.sku_id or data.sku_part_number or ""


@get(
    "/api/identity/groups/{group:str}/licenses",
    opt=needs(Permission.READ_LICENSES),
    summary="What a group gives",
)
async def list_group_licenses(
    call: TheCall,
    group: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[GroupLicenseShape]:
    """Every product that the group gives its members, with its service plan choice."""
    catalog = await catalog_of(call)
    products = await products_of_group(call, await require_group(call, group))
    shapes = [_product(product, catalog) for product in products]
    return page_of(shapes, cursor=cursor, limit=limit)


@post(
    "/api/identity/groups/{group:str}/licenses",
    opt=needs(Permission.ASSIGN_TO_GROUPS),
    summary="License a group",
    status_code=202,
)
async def license_group_route(
    call: TheCall, group: FromPath[str], data: JSONBody[NewGroupLicense]
) -> Response[GroupLicensedShape]:
    """All members get the product, now and as they join; again: the choices are changed."""
    order = GroupOrder(
        sku=_sku_text(data), disabled=data.disabled_service_plans, priority=data.priority
    )
    return await _taken(call, await license_group(call, group, order))


@delete(
    "/api/identity/groups/{group:str}/licenses/{sku:str}",
    opt=needs(Permission.ASSIGN_TO_GROUPS),
    summary="Stop a group from giving a product",
    status_code=202,
)
async def unlicense_group_route(
    call: TheCall, group: FromPath[str], sku: FromPath[str]
) -> Response[GroupLicensedShape]:
    """Members who have the product from nowhere else lose it."""
    return await _taken(call, await unlicense_group(call, group, sku))


@get(
    "/api/identity/groups/{group:str}/errors",
    opt=needs(Permission.READ_LICENSES),
    summary="Who does not get what the group gives",
)
async def list_group_errors(
    call: TheCall,
    group: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[GroupErrorShape]:
    """Members in error, with the reason of each product."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, int)
    after = (int(keys[0]), int(keys[1])) if keys else (0, 0)
    rows = await errors_of_group(call, group, after=after, limit=size)
    catalog = await catalog_of(call)
    shown = rows[:size]
    return Page(
        value=[
            GroupErrorShape(
                user=PersonName(
                    id=row.user_id, user_principal_name=row.upn, display_name=row.display_name
                ),
                sku_id=catalog.skus[row.sku].sku_id,
                sku_part_number=catalog.skus[row.sku].part_number,
                display_name=catalog.skus[row.sku].display_name,
                reason=row.reason,
                since=row.since,
            )
            for row in shown
        ],
        next_cursor=cursor_of(shown[-1].user_no, shown[-1].sku) if len(rows) > size else None,
    )


@post(
    "/api/identity/groups/{group:str}/reprocess",
    opt=needs(Permission.REPROCESS),
    summary="Look at a group's members again",
    status_code=202,
)
async def reprocess_group_route(
    call: TheCall, group: FromPath[str]
) -> Response[GroupLicensedShape]:
    """People who wait or are in error are tried again."""
    return await _taken(call, await reprocess_group(call, group))


@post(
    "/api/identity/users/{user:str}/reprocess",
    opt=needs(Permission.REPROCESS),
    summary="Look at a person again",
    status_code=204,
)
async def reprocess_user_route(call: TheCall, user: FromPath[str]) -> None:
    """Every group assignment of the person is tried again."""
    await reprocess_user(call, (await require_user(call, user)).user_no)


GROUP_LICENSE_ROUTES = (
    list_group_licenses,
    license_group_route,
    unlicense_group_route,
    list_group_errors,
    reprocess_group_route,
    reprocess_user_route,
)
