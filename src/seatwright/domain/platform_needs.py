"""Which service plans license somebody for the apps and flows of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits, ServicePlanNo, SkuNo, service_plan_bits
from seatwright.domain.platform import AutoClaimKind, LaunchTarget, Need
from seatwright.domain.tenant_catalog import TenantCatalog

QUALIFYING_SERVICE_PLANS: Final[Mapping[AutoClaimKind, tuple[str, ...]]] = {
    AutoClaimKind.POWER_APPS: ("POWERAPPS_PER_USER", "POWERAPPS_DYN_P2", "POWERAPPS_DYN_APPS"),
    AutoClaimKind.POWER_AUTOMATE: (
        "FLOW_PER_USER",
        "POWER_AUTOMATE_ATTENDED_RPA",
        "FLOW_DYN_P2",
        "FLOW_DYN_APPS",
    ),
    AutoClaimKind.POWER_AUTOMATE_RPA: ("POWER_AUTOMATE_ATTENDED_RPA",),
    AutoClaimKind.OWN: (),
}
"""Any one of these is enough where an app or flow does not say what it needs.

Data, because Microsoft's own lists differ from year to year (strategies.md C-26, M-03, M-04,
M-07): an app that has needs of its own overrides it.
"""


def qualifying_needs(catalog: TenantCatalog, kind: AutoClaimKind) -> tuple[Need, ...]:
    """The alternatives that license somebody for an auto-claim app, as the catalogue numbers them.

    Service plans that the tenant's catalogue does not have are left out.
    """
    plans = (plan for name in QUALIFYING_SERVICE_PLANS[kind] for plan in catalog.plans_named(name))
    numbers = sorted(plan.service_plan_no for plan in plans)
    return tuple(Need(service_plans=service_plan_bits(number)) for number in numbers)


def needs_of(target: LaunchTarget, catalog: TenantCatalog) -> tuple[Need, ...]:
    """The alternatives of which any one licenses somebody for a target.

    Empty where no license is needed at all; see `LaunchTarget.needs_license`.
    """
    if not target.needs_license:
        return ()
    return target.needs or qualifying_needs(catalog, target.auto_claim_apps[0].kind)


def is_any_met(needs: Iterable[Need], held: Mapping[SkuNo, ServicePlanBits]) -> bool:
    """Whether what somebody effectively holds is enough: any one need will do."""
    return any(need.is_met_by(held) for need in needs)


def skus_towards(needs: Iterable[Need], catalog: TenantCatalog) -> frozenset[SkuNo]:
    """The products of which everybody holds one whom any of these needs is met for.

    A product may also be held with the service plan switched off, so that `is_any_met` decides.
    """
    return frozenset(
        sku_no
        for need in needs
        for sku_no, sku in catalog.skus.items()
        if sku_no == need.sku or sku.service_plans & need.service_plans
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedOrder:
    """One alternative as a caller names it: a product, or service plans that are all on."""

    sku: str | None = None
    service_plans: Sequence[str] = ()


def read_needs(catalog: TenantCatalog, orders: Sequence[NeedOrder]) -> tuple[Need, ...]:
    """The alternatives that a caller names, each once.

    Raises Refusal unknownSku, and invalidValue for an unknown service plan or an alternative
    that names neither or both.
    """
    return tuple(dict.fromkeys(_need(catalog, order) for order in orders))


def _need(catalog: TenantCatalog, order: NeedOrder) -> Need:
    if (order.sku is None) == (not order.service_plans):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Each alternative of requires names one thing: either a product (skuId or"
            " skuPartNumber), or servicePlans.",
        )
    if order.sku is not None:
        return Need(sku=catalog.require_sku(order.sku, is_in_body=True).sku_no)
    numbers = [service_plan_named(catalog, text) for text in order.service_plans]
    return Need(service_plans=service_plan_bits(*numbers))


def service_plan_named(catalog: TenantCatalog, text: str) -> ServicePlanNo:
    """The number of the service plan with this id or name, whatever the case.

    Raises Refusal invalidValue.
    """
    found = catalog.plans_named(text)
    if found:
        return found[0].service_plan_no
    raise Refusal(
        Reason.INVALID_VALUE,
        f"There is no service plan “{text[:60]}” in the catalogue: give the id or the name of"
        " one, as GET /api/catalog/products lists them.",
        context={"value": text[:60]},
    )
