"""The bodies and answers of `/api/auto-claim`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from seatwright.app.auto_claim.apps import PolicyApp
from seatwright.app.auto_claim.orders import PolicyEdit, PolicyField, PolicyValue, ProductOrder
from seatwright.app.auto_claim.policies import PolicySeen
from seatwright.domain.auto_claim import PolicyProduct
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.labels import GroupLabel
from seatwright.web.rest.bodies import Body, Shape


class AutoClaimSwitch(Body, kw_only=True, frozen=True):
    """Whether people can claim licenses at all."""

    enabled: bool


class AutoClaimSettings(Shape, kw_only=True, frozen=True):
    """The tenant's switch, off until a global administrator turns it on."""

    enabled: bool
    changed_at: datetime | None


class ProductSeen(Shape, kw_only=True, frozen=True):
    """A product."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class AutoClaimAppShape(Shape, kw_only=True, frozen=True):
    """An app that a policy can be for, with its products.

    `primary` comes first in its policy; null where any of `eligible` may.
    """

    id: str
    name: str
    is_legacy: bool
    primary: ProductSeen | None
    eligible: list[ProductSeen]


class PolicyProductBody(Body, kw_only=True, frozen=True):
    """A product of a policy, by `skuId` or `skuPartNumber`.

    Give the service plans that are off, or those that are on and nothing else; neither leaves all
    of them on.
    """

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None
    enabled_service_plans: list[str] | None = None


class PolicyEditBody(Body, kw_only=True, frozen=True):
    """What changes about a policy: what is left out stays, null takes a limit away.

    `products` replaces all of them: the first is the primary, the others are the backups in order.
    `group` delivers claims by adding people to that security group, null to people directly.
    """

    name: str | msgspec.UnsetType = msgspec.UNSET
    environment_scope: str | msgspec.UnsetType = msgspec.UNSET
    products: list[PolicyProductBody] | msgspec.UnsetType = msgspec.UNSET
    group: str | msgspec.UnsetType | None = msgspec.UNSET
    limited_to: list[str] | msgspec.UnsetType = msgspec.UNSET
    grants_requests: bool | msgspec.UnsetType = msgspec.UNSET
    claims_max: int | msgspec.UnsetType | None = msgspec.UNSET
    notice_days: int | msgspec.UnsetType = msgspec.UNSET
    release_after_days: int | msgspec.UnsetType | None = msgspec.UNSET
    alert_below: int | msgspec.UnsetType | None = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET


class NewPolicyBody(Body, kw_only=True, frozen=True):
    """A policy to make: `app` is one of Microsoft's three, or the id of an own app.

    Without `products` it has the product that belongs to the app.
    """

    name: str
    app: str
    environment_scope: str | msgspec.UnsetType = msgspec.UNSET
    products: list[PolicyProductBody] | msgspec.UnsetType = msgspec.UNSET
    group: str | msgspec.UnsetType | None = msgspec.UNSET
    limited_to: list[str] | msgspec.UnsetType = msgspec.UNSET
    grants_requests: bool | msgspec.UnsetType = msgspec.UNSET
    claims_max: int | msgspec.UnsetType | None = msgspec.UNSET
    notice_days: int | msgspec.UnsetType = msgspec.UNSET
    release_after_days: int | msgspec.UnsetType | None = msgspec.UNSET
    alert_below: int | msgspec.UnsetType | None = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET


class OrderBody(Body, kw_only=True, frozen=True):
    """The whole order, or one product moved by one place.

    Give either `products` (each by id or part number), or `product` with `move`: up or down.
    """

    products: list[str] | None = None
    product: str | None = None
    move: str | None = None


class PolicyRow(Shape, kw_only=True, frozen=True):
    """A policy as the list shows it: five columns, and the id by which it is opened."""

    id: UUID
    name: str
    app: str
    product: str
    available_licenses: int
    status: str


class PolicyServicePlan(Shape, kw_only=True, frozen=True):
    """A service plan of a product, and whether a claim leaves it on."""

    service_plan_id: UUID
    name: str
    display_name: str
    enabled: bool


class PolicyProductShape(Shape, kw_only=True, frozen=True):
    """A product of a policy; `backup` 0 is the primary."""

    backup: int
    sku_id: UUID
    sku_part_number: str
    display_name: str
    available_licenses: int
    disabled_service_plans: list[str]
    service_plans: list[PolicyServicePlan]


class PolicyAppShape(Shape, kw_only=True, frozen=True):
    """What a policy is for."""

    id: str
    name: str


class PolicyGroup(Shape, kw_only=True, frozen=True):
    """A group that a policy names."""

    id: UUID
    display_name: str


class PolicyShape(Shape, kw_only=True, frozen=True):
    """A policy with everything about it.

    `group` null: claims are delivered to people directly. `limitedTo` empty: everybody may claim.
    `holders` hold what it gave. `isLow`: fewer licenses are available than `alertBelow`.
    """

    id: UUID
    name: str
    app: PolicyAppShape
    status: str
    environment_scope: str
    products: list[PolicyProductShape]
    group: PolicyGroup | None
    limited_to: list[PolicyGroup]
    grants_requests: bool
    claims_max: int | None
    holders: int
    notice_days: int
    release_after_days: int | None
    alert_below: int | None
    is_low: bool
    effective_from: datetime
    origin: str
    created_at: datetime


def app_shape(app: PolicyApp, eligible: tuple[CatalogSku, ...]) -> AutoClaimAppShape:
    """An auto-claim app as the list of them shows it."""
    primary = app.primary
    return AutoClaimAppShape(
        id=app.id,
        name=app.name,
        is_legacy=primary is not None and primary.is_legacy,
        primary=None if primary is None else _product_seen(primary),
        eligible=[_product_seen(sku) for sku in eligible],
    )


def _product_seen(sku: CatalogSku) -> ProductSeen:
    return ProductSeen(
        sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
    )


def row_shape(one: PolicySeen, catalog: TenantCatalog) -> PolicyRow:
    """A policy as the list shows it (T-061, T-098)."""
    first = one.policy.products[0]
    return PolicyRow(
        id=one.policy.policy_id,
        name=one.policy.name,
        app=one.app.name,
        product=catalog.sku_name(first.sku),
        available_licenses=max(0, one.free.get(first.sku, 0)),
        status=one.status,
    )


def policy_shape(one: PolicySeen, catalog: TenantCatalog) -> PolicyShape:
    """A policy with everything about it (T-102)."""
    policy = one.policy
    group = None if policy.group is None else one.groups.get(policy.group)
    limits = [one.groups[no] for no in policy.limited_to if no in one.groups]
    return PolicyShape(
        id=policy.policy_id,
        name=policy.name,
        app=PolicyAppShape(id=one.app.id, name=one.app.name),
        status=one.status,
        environment_scope=policy.scope.value,
        products=[
            _product(one, product, backup=backup, catalog=catalog)
            for backup, product in enumerate(policy.products)
        ],
        group=None if group is None else _group(group),
        limited_to=[_group(label) for label in sorted(limits, key=lambda g: g.display_name)],
        grants_requests=policy.grants_requests,
        claims_max=policy.claims_max,
        holders=one.holders,
        notice_days=policy.notice_days,
        release_after_days=policy.release_after_days,
        alert_below=policy.alert_below,
        is_low=one.is_low,
        effective_from=policy.effective_from,
        origin=policy.origin.value,
        created_at=policy.created_at,
    )


def _group(label: GroupLabel) -> PolicyGroup:
    return PolicyGroup(id=label.id, display_name=label.display_name)


def _product(
    one: PolicySeen, product: PolicyProduct, *, backup: int, catalog: TenantCatalog
) -> PolicyProductShape:
    sku = catalog.skus[product.sku]
    plans = catalog.plans_of(sku.service_plans)
    return PolicyProductShape(
        backup=backup,
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        available_licenses=max(0, one.free.get(product.sku, 0)),
        disabled_service_plans=[plan.name for plan in catalog.plans_of(product.disabled)],
        service_plans=[
            PolicyServicePlan(
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
                enabled=not product.disabled >> plan.service_plan_no & 1,
            )
            for plan in plans
        ],
    )


def edit_of(data: PolicyEditBody | NewPolicyBody) -> PolicyEdit:
    """What a body says about a policy, field by field; what it leaves out is not there."""
    edit: dict[PolicyField, PolicyValue] = {}
    for field in PolicyField:
        value = getattr(data, _ATTRIBUTES[field])
        if value is msgspec.UNSET:
            continue
        is_products = field is PolicyField.PRODUCTS
        edit[field] = tuple(_order(one) for one in value) if is_products else value
    return edit


_ATTRIBUTES = {
    PolicyField.NAME: "name",
    PolicyField.ENVIRONMENT_SCOPE: "environment_scope",
    PolicyField.PRODUCTS: "products",
    PolicyField.GROUP: "group",
    PolicyField.LIMITED_TO: "limited_to",
    PolicyField.GRANTS_REQUESTS: "grants_requests",
    PolicyField.CLAIMS_MAX: "claims_max",
    PolicyField.NOTICE_DAYS: "notice_days",
    PolicyField.RELEASE_AFTER_DAYS: "release_after_days",
    PolicyField.ALERT_BELOW: "alert_below",
    PolicyField.STATUS: "status",
}


def _order(one: PolicyProductBody) -> ProductOrder:
    if (one.sku_id is None) == (one.sku_part_number is None):
        raise Refusal(
            Reason.INVALID_VALUE, "Name each product once: give either skuId or skuPartNumber."
        )
    return ProductOrder(
        sku=one.sku_id or one.sku_part_number or "",
        disabled=one.disabled_service_plans,
        enabled=one.enabled_service_plans,
    )
