"""People, policies, apps and flows for the cases of launches, as plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from seatwright.domain.auto_claim import EnvironmentScope, Policy, PolicyNo, PolicyProduct
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.launch import Launcher, LaunchEvent, Rulebook
from seatwright.domain.platform import (
    POWER_APPS,
    POWER_AUTOMATE,
    POWER_AUTOMATE_RPA,
    AppKind,
    AppNo,
    AutoClaimApp,
    AutoClaimKind,
    EnvironmentNo,
    FlowNo,
    LaunchTarget,
    Need,
    auto_claim_apps_of_flow,
    desktop_client,
)

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
POWERAPPS_PER_USER, FLOW_PER_USER, ATTENDED_RPA, BACKUP = map(SkuNo, (1, 2, 3, 4))
APPS_PLAN, FLOW_PLAN, RPA_PLAN = (ServicePlanBits(1 << n) for n in range(3))
APPS_NEED = (Need(service_plans=APPS_PLAN),)
FLOW_NEED = (Need(service_plans=FLOW_PLAN), Need(service_plans=RPA_PLAN))
RPA_NEED = (Need(service_plans=RPA_PLAN),)
OWN = AutoClaimApp(kind=AutoClaimKind.OWN, app_no=AppNo(9))


def policy(app: AutoClaimApp, *skus: SkuNo, **changes: Any) -> Policy:
    number = list(AutoClaimKind).index(app.kind) + 1
    made = Policy(
        policy_no=PolicyNo(number),
        policy_id=UUID(int=number),
        name=app.kind.value,
        app=app,
        products=tuple(PolicyProduct(sku=sku, disabled=NO_SERVICE_PLANS) for sku in skus),
        is_on=True,
        scope=EnvironmentScope.ALL_ENVIRONMENTS,
        effective_from=NOW,
        created_at=NOW,
    )
    return replace(made, **changes)


POLICIES = {
    POWER_APPS: policy(POWER_APPS, POWERAPPS_PER_USER, BACKUP),
    POWER_AUTOMATE: policy(POWER_AUTOMATE, FLOW_PER_USER),
    POWER_AUTOMATE_RPA: policy(POWER_AUTOMATE_RPA, ATTENDED_RPA),
}
SOMEBODY = Launcher(user_no=UserNo(1), is_enabled=True, held={})


def only(app: AutoClaimApp, **changes: Any) -> Rulebook:
    return Rulebook(is_on=True, policies={app: replace(POLICIES[app], **changes)})


def app(**changes: Any) -> LaunchTarget:
    made = LaunchTarget(
        id=UUID(int=1),
        name="Travel",
        app=AppNo(1),
        kind=AppKind.POWER_APP,
        environment=EnvironmentNo(1),
        environment_name="Default",
        auto_claim_apps=(POWER_APPS,),
    )
    return replace(made, **changes)


def flow(*, rpa: bool = False, **changes: Any) -> LaunchTarget:
    made = LaunchTarget(
        id=UUID(int=2),
        name="Invoices",
        flow=FlowNo(1),
        environment=EnvironmentNo(1),
        environment_name="Default",
        uses_attended_rpa=rpa,
        auto_claim_apps=auto_claim_apps_of_flow(uses_attended_rpa=rpa),
    )
    return replace(made, **changes)


PREMIUM_APP = app(is_premium=True)
STANDARD_APP = app()
MANAGED_APP = app(is_managed=True)
PREMIUM_FLOW = flow(is_premium=True)
STANDARD_FLOW = flow()
MANAGED_FLOW = flow(is_managed=True)
RPA_FLOW = flow(rpa=True, is_premium=True)
DESKTOP = desktop_client()
FLOW_EVENTS = (LaunchEvent.FLOW_TRIGGER, LaunchEvent.FLOW_SAVE, LaunchEvent.FLOW_TURN_ON)


def needs_of(target: LaunchTarget) -> tuple[Need, ...]:
    if target.uses_attended_rpa:
        return RPA_NEED
    return FLOW_NEED if target.flow is not None else APPS_NEED
