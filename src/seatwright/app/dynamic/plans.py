"""What rules call the service plans of people: the words and states that Graph has for them too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscribed_skus import subscribed_skus
from seatwright.domain.catalog import CapabilityStatus, capability_status
from seatwright.domain.ids import SkuNo
from seatwright.domain.rules.properties import Origin
from seatwright.domain.rules.questions import sources_of
from seatwright.domain.rules.tree import DirectReports, MemberOf, Rule
from seatwright.postgres.dynamic_plans import PlanWords


def ask_plans(rules: Iterable[Rule]) -> bool:
    """Whether any of these rules asks for service plans."""
    return any(
        Origin.ASSIGNED_PLANS in sources_of(rule)
        for rule in rules
        if not isinstance(rule, (DirectReports, MemberOf))
    )


async def states_not_enabled(call: Call) -> Mapping[SkuNo, CapabilityStatus]:
    """The products whose units are not Enabled, with the state that Graph shows of each."""
    states = {one.sku_no: capability_status(one.units) for one in await subscribed_skus(call)}
    return {sku: state for sku, state in states.items() if state is not CapabilityStatus.ENABLED}


async def plan_words(call: Call) -> PlanWords:
    """The id and service of each plan, as `assignedPlans` of Graph has them, and the states."""
    catalog = await catalog_of(call)
    services = {tier.service_plan_no: tier.service for tier in catalog.tiers}
    return PlanWords(
        plans={
            number: (plan.service_plan_id, services.get(number, plan.name))
            for number, plan in catalog.service_plans.items()
        },
        states=await states_not_enabled(call),
    )
