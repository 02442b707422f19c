"""`/api/identity/users/{id}/licenses`: what a person has, and changing it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from seatwright.app.assign import Assigned, AssignOrder, assign, unassign, update_license
from seatwright.app.assign.overview import LicenseSource, PersonLicense, licenses_of
from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, page_of


class NewLicense(Body, kw_only=True, frozen=True):
    """What a person should get: a product by `skuId` or `skuPartNumber`.

    `replaces` names products that are taken away in the same change, so that there is no gap.
    `usageLocation` is given to a person who has none; another than they have is refused.
    """

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None
    usage_location: str | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    priority: int | None = None
    reason: str | None = None
    replaces: list[str] | None = None


class LicenseChange(Body, kw_only=True, frozen=True):
    """A change of a person's own assignment: what is left out stays.

    `startsAt` null lets it begin at once, `expiresAt` null lets it stay for good.
    """

    disabled_service_plans: list[str] | None = None
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    priority: int | None = None
    reason: str | None = None


class GroupName(Shape, kw_only=True, frozen=True):
    """A group as a source."""

    id: UUID
    display_name: str


class HoldShape(Shape, kw_only=True, frozen=True):
    """Held for approval: `id` is the held change's, `by` who made it."""

    id: UUID
    since: datetime
    by: str


class SourceShape(Shape, kw_only=True, frozen=True):
    """One source behind a license; `kind` is direct, group, policy, request or hold.

    A hold keeps what was removed until somebody approves: `hold` names the held change.
    """

    kind: str
    group: GroupName | None
    hold: HoldShape | None
    strategy: str
    disabled_service_plans: list[str]
    priority: int
    assigned_at: datetime
    starts_at: datetime | None
    expires_at: datetime | None
    state: str
    reason: str | None
    waiting_since: datetime | None


class ServicePlanState(Shape, kw_only=True, frozen=True):
    """A service plan of the product, on or off for this person."""

    service_plan_id: UUID
    name: str
    display_name: str
    enabled: bool


class LicenseShape(Shape, kw_only=True, frozen=True):
    """One product of a person.

    `state` is Active, ActiveWithError, Error, Waiting (for a seat) or Scheduled (starts later).
    """

    sku_id: UUID
    sku_part_number: str
    display_name: str
    state: str
    since: datetime | None
    service_plans: list[ServicePlanState]
    sources: list[SourceShape]
    warnings: list[str]


def license_shape(one: PersonLicense, catalog: TenantCatalog) -> LicenseShape:
    """A person's license as the surface shows it."""
    enabled = one.enabled or 0
    return LicenseShape(
        sku_id=one.sku.sku_id,
        sku_part_number=one.sku.part_number,
        display_name=one.sku.display_name,
        state=one.state,
        since=one.since,
        service_plans=[
            ServicePlanState(
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
                enabled=bool(enabled >> plan.service_plan_no & 1),
            )
            for plan in catalog.plans_of(one.sku.service_plans)
        ],
        sources=[_source(source, catalog) for source in one.sources],
        warnings=scope_warnings(one.sku),
    )


def scope_warnings(sku: CatalogSku) -> list[str]:
    """What to know of a product that the strategies are not meant for (T-007 to T-011)."""
    return [] if sku.in_strategy_scope or sku.scope_note is None else [sku.scope_note]


def _source(source: LicenseSource, catalog: TenantCatalog) -> SourceShape:
    wish, group, hold = source.wish, source.group, source.hold
    return SourceShape(
        kind=SourceKind(wish.source.kind).name.lower(),
        group=None if group is None else GroupName(id=group.id, display_name=group.display_name),
        hold=None if hold is None else HoldShape(id=hold.id, since=hold.since, by=hold.made_by),
        strategy=wish.strategy.value,
        disabled_service_plans=[plan.name for plan in catalog.plans_of(wish.disabled)],
        priority=wish.priority,
        assigned_at=wish.assigned_at,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
        state=source.state,
        reason=None if source.reason is None else source.reason.value,
        waiting_since=source.waiting_since,
    )


def _sku_text(data: NewLicense) -> str:
    if (data.sku_id is None) == (data.sku_part_number is None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Name the product once: give either skuId or skuPartNumber.",
        )
    return data.sku_id or data.sku_part_number or ""


async def _answer(call: Call, done: Assigned) -> LicenseShape:
    return license_shape(done.license, await catalog_of(call))


@get(
    "/api/identity/users/{user:str}/licenses",
    opt=needs(Permission.READ_LICENSES),
    summary="What a person has",
)
async def list_user_licenses(
    call: TheCall,
    user: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[LicenseShape]:
    """Every product of a person, with the sources behind it and what stands in the way."""
    person = await require_user(call, user)
    catalog = await catalog_of(call)
    shapes = [license_shape(one, catalog) for one in await licenses_of(call, person.user_no)]
    return page_of(shapes, cursor=cursor, limit=limit)


@post(
    "/api/identity/users/{user:str}/licenses",
    opt=needs(Permission.ASSIGN_TO_USERS),
    summary="Assign a product to a person",
)
async def assign_user_license(
    call: TheCall, user: FromPath[str], data: JSONBody[NewLicense]
) -> Response[LicenseShape]:
    """201 when the person had no assignment of their own, 200 when it is there or was changed."""
    order = AssignOrder(
        sku=_sku_text(data),
        disabled=data.disabled_service_plans,
        usage_location=data.usage_location,
        starts_at=data.starts_at,
        expires_at=data.expires_at,
        priority=data.priority,
        reason=data.reason,
        replaces=data.replaces or (),
    )
    done = await assign(call, user, order)
    return Response(await _answer(call, done), status_code=201 if done.is_new else 200)


@patch(
    "/api/identity/users/{user:str}/licenses/{sku:str}",
    opt=needs(Permission.ASSIGN_TO_USERS),
    summary="Change a person's own assignment",
)
async def change_user_license(
    call: TheCall, user: FromPath[str], sku: FromPath[str], data: JSONBody[LicenseChange]
) -> LicenseShape:
    """Service plans, dates and priority; what a group gives is changed at the group."""
    order = AssignOrder(
        sku=sku,
        disabled=data.disabled_service_plans,
        starts_at=None if data.starts_at is UNSET else data.starts_at,
        expires_at=None if data.expires_at is UNSET else data.expires_at,
        clears_start=data.starts_at is None,
        clears_expiry=data.expires_at is None,
        priority=data.priority,
        reason=data.reason,
    )
    return await _answer(call, await update_license(call, user, sku, order))


@delete(
    "/api/identity/users/{user:str}/licenses/{sku:str}",
    opt=needs(Permission.ASSIGN_TO_USERS),
    summary="Take a product from a person",
)
async def unassign_user_license(
    call: TheCall, user: FromPath[str], sku: FromPath[str], reason: FromQuery[str | None] = None
) -> None:
    """Only the person's own assignment goes; what groups give stays."""
    await unassign(call, user, sku, reason=reason)


USER_LICENSE_ROUTES = (
    list_user_licenses,
    assign_user_license,
    change_user_license,
    unassign_user_license,
)
