"""`/api/platform/flows`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.platform import things
from seatwright.app.platform.kinds import FLOWS, place_filter
from seatwright.domain.platform import auto_claim_apps_of_flow
from seatwright.domain.platform_edits import FlowEdit
from seatwright.domain.platform_things import Flow
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape
from seatwright.web.rest.platform_things import (
    EnvironmentRefShape,
    PersonShape,
    environment_shape,
    page_of_things,
    person_shape,
)


class NewFlowBody(Body, kw_only=True, frozen=True):
    """A flow to store; `trigger` is instant, automated or scheduled."""

    display_name: str
    environment: str
    external_id: str | None = None
    premium: bool = False
    attended_rpa: bool = False
    trigger: str = "instant"
    owner: str | None = None


class FlowChange(Body, kw_only=True, frozen=True):
    """What changes about a flow: what is left out stays, an empty text clears."""

    display_name: str | None = None
    environment: str | None = None
    external_id: str | None = None
    premium: bool | None = None
    attended_rpa: bool | None = None
    trigger: str | None = None
    owner: str | None = None


class FlowShape(Shape, kw_only=True, frozen=True):
    """A flow.

    `needsLicense` says whether running it needs one: premium flows do, and in a managed
    environment every flow does. `runsAsOwner` says that the owner's license counts.
    `autoClaimApps` are the apps whose auto-claim policies may help, in this order.
    """

    id: UUID
    external_id: str | None
    display_name: str
    environment: EnvironmentRefShape
    premium: bool
    attended_rpa: bool
    needs_license: bool
    trigger: str
    owner: PersonShape | None
    runs_as_owner: bool
    auto_claim_apps: list[str]
    created_at: datetime


def _shape(one: Flow) -> FlowShape:
    fields, facts = one.fields, one.facts
    auto_claim_apps = auto_claim_apps_of_flow(uses_attended_rpa=fields.uses_attended_rpa)
    return FlowShape(
        id=one.id,
        external_id=fields.external_id,
        display_name=one.name,
        environment=environment_shape(facts.environment),
        premium=fields.is_premium,
        attended_rpa=fields.uses_attended_rpa,
        needs_license=fields.is_premium or facts.environment.is_managed,
        trigger=fields.trigger.value,
        owner=None if facts.owner is None else person_shape(facts.owner),
        runs_as_owner=fields.trigger.runs_as_owner,
        auto_claim_apps=[app.kind.value for app in auto_claim_apps],
        created_at=one.created_at,
    )


def _edit(data: NewFlowBody | FlowChange) -> FlowEdit:
    return FlowEdit(
        name=data.display_name,
        external_id=data.external_id,
        environment=data.environment,
        is_premium=data.premium,
        uses_attended_rpa=data.attended_rpa,
        trigger=data.trigger,
        owner=data.owner,
    )


@get("/api/platform/flows", opt=needs(Permission.READ_PLATFORM), summary="List flows")
async def list_flows(
    call: TheCall,
    *,
    environment: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[FlowShape]:
    """By name, of one environment or of all."""
    only = await place_filter(call, environment)
    return await page_of_things(call, FLOWS, _shape, cursor=cursor, limit=limit, only=only)


@post("/api/platform/flows", opt=needs(Permission.WRITE_PLATFORM), summary="Store a flow")
async def create_flow(call: TheCall, data: JSONBody[NewFlowBody]) -> FlowShape:
    """Standard or premium; one that uses attended RPA is premium."""
    return _shape(await things.add(call, FLOWS, _edit(data)))


@get("/api/platform/flows/{flow:str}", opt=needs(Permission.READ_PLATFORM), summary="Read a flow")
async def get_flow(call: TheCall, flow: FromPath[str]) -> FlowShape:
    """By its id, the id it came with, or a name that only it has."""
    return _shape(await things.require(call, FLOWS, flow))


@patch(
    "/api/platform/flows/{flow:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Change a flow"
)
async def change_flow(call: TheCall, flow: FromPath[str], data: JSONBody[FlowChange]) -> FlowShape:
    """Whoever claimed a license by running it keeps it."""
    return _shape(await things.change(call, FLOWS, flow, _edit(data)))


@delete(
    "/api/platform/flows/{flow:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Delete a flow"
)
async def delete_flow(call: TheCall, flow: FromPath[str]) -> None:
    """Licenses that people claimed by running it stay."""
    await things.remove(call, FLOWS, flow)


PLATFORM_FLOW_ROUTES = (list_flows, create_flow, get_flow, change_flow, delete_flow)
