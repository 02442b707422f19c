"""From what a caller sent to a policy: every text is resolved, and every rule asked, before a row
is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Final

from seatwright.app.auto_claim.apps import PolicyApp, eligible_products
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.dynamic.demands import refuse_by_hand
from seatwright.app.moves.orders import require_group_named
from seatwright.domain.auto_claim import (
    BACKUPS_MAX,
    CLAIMS_MAX_MAX,
    NAME_LENGTH_MAX,
    NOTICE_DAYS_MAX,
    RELEASE_DAYS_MAX,
    EnvironmentScope,
    Policy,
    PolicyProduct,
)
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.assignments import group_assignments

GROUPS_MAX: Final = 50
_NAMED_MAX: Final = 5


@unique
class PolicyField(StrEnum):
    """Everything of a policy that a caller can set; the value is the name on the wire."""

    NAME = "name"
    ENVIRONMENT_SCOPE = "environmentScope"
    PRODUCTS = "products"
    GROUP = "group"
    LIMITED_TO = "limitedTo"
    GRANTS_REQUESTS = "grantsRequests"
    CLAIMS_MAX = "claimsMax"
    RELEASE_AFTER_DAYS = "releaseAfterDays"
    NOTICE_DAYS = "noticeDays"
    ALERT_BELOW = "alertBelow"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductOrder:
    """One product that a policy should have, as the caller named it.

    Service plans are named either by what is off or by what is on (T-065).
    """

    sku: str
    disabled: Sequence[str] | None = None
    enabled: Sequence[str] | None = None


PolicyValue = str | int | bool | Sequence[str] | Sequence[ProductOrder] | None
PolicyEdit = Mapping[PolicyField, PolicyValue]
"""Values by field; a field that is not there is left as it is."""


async def edited(call: Call, policy: Policy, app: PolicyApp, edit: PolicyEdit) -> Policy:
    """What an edit makes of a policy.

    Raises Refusal: invalidValue, unknownSku, unknownGroup, servicePlanNotInSku,
    notAssignableToUsers, notAssigned where the group of delivery does not give the product.
    """
    for field, value in edit.items():
        policy = await _with(call, policy, app, field=field, value=value)
    if policy.release_after_days is not None and policy.release_after_days <= policy.notice_days:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"releaseAfterDays is {policy.release_after_days} and the notice comes"
            f" {policy.notice_days} days before: give more days than noticeDays, or a smaller"
            " noticeDays.",
        )
    # Else a policy whose group gives the product no longer could not even be turned off.
    is_delivery = bool(edit.keys() & {PolicyField.GROUP, PolicyField.PRODUCTS})
    if is_delivery or edit.get(PolicyField.STATUS) == "on":
        await _check_delivery(call, policy, app)
    return policy


async def _with(
    call: Call, policy: Policy, app: PolicyApp, *, field: PolicyField, value: PolicyValue
) -> Policy:
    limit = _LIMITS.get(field)
    if limit is not None:
        number = _number(field, value, high=limit.high)
        return replace(policy, **{limit.attribute: number})  # type: ignore[arg-type]  # a number
    match field:
        case PolicyField.PRODUCTS:
            orders = [one for one in _sequence(value) if isinstance(one, ProductOrder)]
            return replace(policy, products=_products(await catalog_of(call), app, orders))
        case PolicyField.GROUP:
            group = None if value is None else (await _group(call, str(value)))
            return replace(policy, group=group)
        case PolicyField.LIMITED_TO:
            return replace(policy, limited_to=await _groups(call, _sequence(value)))
        case _:
            return _with_own(policy, field, value)


def _with_own(policy: Policy, field: PolicyField, value: PolicyValue) -> Policy:
    """What the policy alone says, without looking at anything else of the tenant."""
    match field:
        case PolicyField.NAME:
            return replace(policy, name=_name(str(value)))
        case PolicyField.ENVIRONMENT_SCOPE:
            return replace(policy, scope=_scope(str(value)), has_default_scope=False)
        case PolicyField.STATUS:
            return replace(policy, is_on=_is_on(value))
        case _:
            return replace(policy, grants_requests=bool(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """A number of a policy: where it is kept, and how large it may be."""

    attribute: str
    high: int


_LIMITS: Final[Mapping[PolicyField, _Limit]] = {
    PolicyField.CLAIMS_MAX: _Limit(attribute="claims_max", high=CLAIMS_MAX_MAX),
    PolicyField.RELEASE_AFTER_DAYS: _Limit(attribute="release_after_days", high=RELEASE_DAYS_MAX),
    PolicyField.NOTICE_DAYS: _Limit(attribute="notice_days", high=NOTICE_DAYS_MAX),
    PolicyField.ALERT_BELOW: _Limit(attribute="alert_below", high=CLAIMS_MAX_MAX),
}


def _sequence(value: PolicyValue) -> Sequence[str] | Sequence[ProductOrder]:
    return () if value is None or isinstance(value, (str, int)) else value


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The policy's name has {len(name)} characters: give 1 to {NAME_LENGTH_MAX} that can"
            " be printed.",
        )
    if parse_id(name) is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The policy's name “{name}” looks like an id: give a name that people can read.",
        )
    return name


def _scope(text: str) -> EnvironmentScope:
    if text not in set(EnvironmentScope):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"environmentScope is “{text[:60]}”: give {' or '.join(EnvironmentScope)}.",
        )
    return EnvironmentScope(text)


def _is_on(value: PolicyValue) -> bool:
    if value not in {"on", "off"}:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"status is “{str(value)[:60]}”: give on or off. The feature as a whole is turned on"
            " with PATCH /api/auto-claim/settings.",
        )
    return value == "on"


def _number(field: PolicyField, value: PolicyValue, *, high: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or not 1 <= value <= high:
        raise Refusal(
            Reason.INVALID_VALUE, f"{field} is {value}: give a whole number from 1 to {high}."
        )
    return value


async def _group(call: Call, text: str) -> GroupNo:
    return (await require_group_named(call, text, is_in_body=True)).group_no


async def _groups(call: Call, texts: Sequence[str] | Sequence[ProductOrder]) -> frozenset[GroupNo]:
    if len(texts) > GROUPS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"limitedTo names {len(texts)} groups: give at most {GROUPS_MAX}, or one group that"
            " holds them.",
        )
    return frozenset([await _group(call, str(text)) for text in texts])


def _products(
    catalog: TenantCatalog, app: PolicyApp, orders: Sequence[ProductOrder]
) -> tuple[PolicyProduct, ...]:
    """The products of a policy in order (A-09, A-12)."""
    if not orders:
        raise Refusal(
            Reason.INVALID_VALUE,
            "A policy keeps at least one product: turn the policy off instead, or delete it.",
        )
    if len(orders) > 1 + BACKUPS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The policy names {len(orders)} products: it has one primary product and at most"
            f" {BACKUPS_MAX} backups.",
        )
    products = tuple(_product(catalog, app, order) for order in orders)
    numbers = [one.sku for one in products]
    twice = next((no for no in numbers if numbers.count(no) > 1), None)
    if twice is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The policy names {catalog.sku_name(twice)} twice: name it once.",
        )
    check_primary(catalog, app, products[0])
    return products


def check_primary(catalog: TenantCatalog, app: PolicyApp, first: PolicyProduct) -> None:
    """Hold the pairs of T-100 and T-101: they bind the primary product, and no backup.

    Raises Refusal invalidValue with the product that belongs to the app.
    """
    wanted = app.primary
    if wanted is not None and first.sku != wanted.sku_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{app.name} goes with {wanted.display_name} ({wanted.part_number}), and"
            f" {catalog.sku_name(first.sku)} comes first: put {wanted.part_number} first, and the"
            " other behind it as a backup.",
            context={"app": app.id, "skuId": str(wanted.sku_id)},
        )


def _product(catalog: TenantCatalog, app: PolicyApp, order: ProductOrder) -> PolicyProduct:
    sku = catalog.require_sku(order.sku, is_in_body=True)
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organization, not for"
            " people: leave it out.",
            context={"skuId": str(sku.sku_id)},
        )
    if order.disabled is not None and order.enabled is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"For {sku.display_name} give either what is off or what is on, not both.",
        )
    if order.enabled is None:
        disabled = catalog.disabled_bits(sku, order.disabled or ())
    else:
        disabled = catalog.all_but(sku, order.enabled)
    product = PolicyProduct(sku=sku.sku_no, disabled=disabled)
    if not app.takes(sku, disabled=disabled):
        raise _unfit(catalog, app, sku, product)
    return product


def _unfit(
    catalog: TenantCatalog, app: PolicyApp, sku: CatalogSku, product: PolicyProduct
) -> Refusal:
    """Why a product cannot help anybody into the app, and which ones can."""
    wanted = " or ".join(
        " with ".join(plan.name for plan in catalog.plans_of(need.service_plans))
        if need.sku is None
        else catalog.sku_name(need.sku)
        for need in app.needs
    )
    if app.takes(sku, disabled=NO_SERVICE_PLANS):
        return Refusal(
            Reason.INVALID_VALUE,
            f"With {', '.join(catalog.plan_names(product.disabled))} off, {sku.display_name} would"
            f" not let people use {app.name}, which needs {wanted}: leave that on.",
        )
    fitting = [one.part_number for one in eligible_products(app, catalog)]
    more = len(fitting) - _NAMED_MAX
    listed = ", ".join(fitting[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
    return Refusal(
        Reason.INVALID_VALUE,
        f"{sku.display_name} ({sku.part_number}) has nothing that {app.name} needs ({wanted})."
        f" These have: {listed or 'none of the catalogue'}.",
        context={"skuId": str(sku.sku_id), "app": app.id},
    )


async def _check_delivery(call: Call, policy: Policy, app: PolicyApp) -> None:
    """Through a group people get what the group gives, with the group's choice of service plans."""
    if policy.group is None:
        return
    await refuse_by_hand(call, (policy.group,))
    catalog = await catalog_of(call)
    first = policy.products[0]
    name = catalog.sku_name(first.sku)
    if len(policy.products) > 1 or first.disabled:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Through a group people get {name} as the group gives it: leave out the backups and"
            " the choice of service plans, or deliver to people directly with “group”: null.",
        )
    given = {
        row.sku: row for row in (await group_assignments(call.tx, [policy.group]))[policy.group]
    }
    row = given.get(first.sku)
    if row is None:
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"The group does not give {name}, so nobody who was added to it would be licensed."
            " Give it first: POST /api/identity/groups/ID/licenses.",
        )
    if not app.takes(catalog.skus[first.sku], disabled=row.disabled):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The group gives {name} without what {app.name} needs: switch that on in the group's"
            " license first.",
        )
