"""`/api/identity/groups/{id}/license-impact`: what a group's license would come to (T-032)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.impact import Impact, impact_of_license
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.group_licenses import PersonName


class InErrorShape(Shape, kw_only=True, frozen=True):
    """Why members would not get the product: how many they are, and the first ten."""

    reason: str
    people: int
    first: list[PersonName]


class GainShape(Shape, kw_only=True, frozen=True):
    """A service plan that members would get, and how many they are."""

    name: str
    display_name: str
    people: int


class MonthlyCost(Shape, kw_only=True, frozen=True):
    """What the seats that are needed cost a month, in one currency."""

    currency: str
    amount: Decimal


class ImpactShape(Shape, kw_only=True, frozen=True):
    """What it would come to if the group gave the product, or gave it so.

    Who holds the product already needs no seat. `seatsToBuy` would serve everybody. `monthlyCost`
    is null for who may not read prices, and empty where the product has none.
    """

    group_id: UUID
    group_name: str
    sku_id: UUID
    sku_part_number: str
    display_name: str
    members: int
    already_hold: int
    seats_needed: int
    seats_free: int
    seats_to_buy: int
    errors: list[InErrorShape]
    service_plans_gained: list[GainShape]
    monthly_cost: list[MonthlyCost] | None


@get(
    "/api/identity/groups/{group:str}/license-impact",
    opt=needs(Permission.READ_LICENSES),
    summary="What a group's license would come to",
)
async def get_license_impact(
    call: TheCall,
    group: FromPath[str],
    *,
    sku: FromQuery[str],
    disabled_text: Annotated[str | None, QueryParameter(name="disabledServicePlans")] = None,
) -> ImpactShape:
    """Every member is decided about as the engine would, and nothing is written."""
    disabled = None
    if disabled_text is not None:
        disabled = [one.strip() for one in disabled_text.split(",") if one.strip()]
    return await _shape(call, await impact_of_license(call, group, sku, disabled=disabled))


async def _shape(call: Call, impact: Impact) -> ImpactShape:
    plans = (await catalog_of(call)).service_plans
    cost = impact.monthly_cost
    return ImpactShape(
        group_id=impact.group.id,
        group_name=impact.group.display_name,
        sku_id=impact.sku.sku_id,
        sku_part_number=impact.sku.part_number,
        display_name=impact.sku.display_name,
        members=impact.members,
        already_hold=impact.already_hold,
        seats_needed=impact.seats_needed,
        seats_free=impact.seats_free,
        seats_to_buy=impact.seats_to_buy,
        errors=[
            InErrorShape(
                reason=one.reason.value,
                people=one.people,
                first=[
                    PersonName(
                        id=who.id, user_principal_name=who.upn, display_name=who.display_name
                    )
                    for who in one.first
                ],
            )
            for one in impact.errors
        ],
        service_plans_gained=[
            GainShape(name=plans[no].name, display_name=plans[no].display_name, people=people)
            for no, people in sorted(impact.gains.items())
        ],
        monthly_cost=None
        if cost is None
        else [MonthlyCost(currency=one, amount=amount) for one, amount in sorted(cost.items())],
    )


LICENSE_IMPACT_ROUTES = (get_license_impact,)
