"""Allotments, assignments, rights and errors as Graph's `cloudLicensing` shows them (MCL-001)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscriptions import list_page
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.subscriptions import SUBSCRIPTIONS_MAX, Subscription
from seatwright.domain.tenant_catalog import CatalogServicePlan, CatalogSku
from seatwright.postgres.cloud_licensing import (
    ErrorRow,
    read_assignment_errors,
    read_assignments,
    read_usage_rights,
)
from seatwright.postgres.subscribed_skus import SkuUnits, read_sku_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """The one pool of a product: its units, what was bought, and what it holds."""

    sku: CatalogSku
    units: SkuUnits
    subscriptions: tuple[Subscription, ...]
    service_plans: tuple[CatalogServicePlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAssignment:
    """A wish, for a person or for a group."""

    assignment_no: int
    sku: CatalogSku
    user_id: UUID | None
    group_id: UUID | None
    disabled: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRight:
    """The service plans of a product that at least one source leaves on (MCL-006)."""

    user_id: UUID
    sku: CatalogSku
    since: datetime
    enabled: tuple[CatalogServicePlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudError:
    """Why a person does not have a product (MCL-008)."""

    sku: CatalogSku
    row: ErrorRow


async def allotments(call: Call) -> tuple[Allotment, ...]:
    """Every pool: one for each product that was bought or that somebody has (MCL-002)."""
    catalog = await catalog_of(call)
    bought = await list_page(call, after=None, limit=SUBSCRIPTIONS_MAX)
    return tuple(
        Allotment(
            sku=catalog.skus[units.sku_no],
            units=units,
            subscriptions=tuple(one for one in bought if one.sku_no == units.sku_no),
            service_plans=tuple(catalog.plans_of(catalog.skus[units.sku_no].service_plans)),
        )
        for units in await read_sku_units(call.tx)
    )


async def assignments(
    call: Call, *, after: int, limit: int, person: str | None = None
) -> tuple[CloudAssignment, ...]:
    """Wishes, one more than `limit` if there are more (MCL-004).

    Raises Refusal unknownUser.
    """
    user = None if person is None else (await require_user(call, person)).user_no
    rows = await read_assignments(call.tx, after=after, limit=limit + 1, user=user)
    catalog = await catalog_of(call)
    sets = await call.tx.plan_set_bits(row.disabled_set for row in rows)
    return tuple(
        CloudAssignment(
            assignment_no=row.assignment_no,
            sku=catalog.skus[row.sku],
            user_id=row.user_id,
            group_id=row.group_id,
            disabled=tuple(
                plan.service_plan_id for plan in catalog.plans_of(sets[row.disabled_set])
            ),
        )
        for row in rows
    )


async def usage_rights(call: Call, person: str) -> tuple[UsageRight, ...]:
    """What a person may use.

    Raises Refusal unknownUser.
    """
    user = await require_user(call, person)
    catalog = await catalog_of(call)
    rows = await read_usage_rights(call.tx, user.user_no)
    sets = await call.tx.plan_set_bits(row.enabled_set for row in rows)
    return tuple(
        UsageRight(
            user_id=user.id,
            sku=catalog.skus[row.sku],
            since=row.since,
            enabled=tuple(
                catalog.plans_of(
                    ServicePlanBits(sets[row.enabled_set] & catalog.skus[row.sku].service_plans)
                )
            ),
        )
        for row in rows
    )


async def assignment_errors(
    call: Call, *, after: tuple[int, int], limit: int
) -> tuple[CloudError, ...]:
    """Errors by person and product, one more than `limit` if there are more."""
    catalog = await catalog_of(call)
    rows = await read_assignment_errors(call.tx, after=after, limit=limit + 1)
    return tuple(CloudError(sku=catalog.skus[row.sku], row=row) for row in rows)
