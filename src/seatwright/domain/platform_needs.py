"""Which service plans license somebody for the apps and flows of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from seatwright.domain.catalog import lookup_key
from seatwright.domain.ids import ServicePlanBits, SkuNo, service_plan_bits
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
    wanted = {lookup_key(name) for name in QUALIFYING_SERVICE_PLANS[kind]}
    return tuple(
        Need(service_plans=service_plan_bits(plan.service_plan_no))
        for plan in catalog.service_plans.values()
        if lookup_key(plan.name) in wanted
    )


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
