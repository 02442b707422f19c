"""`/api/platform/flows`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.platform import flows
from seatwright.app.platform.flows import FlowEdit
from seatwright.domain.directory import PersonRef, text_key
from seatwright.domain.platform_things import Flow
from seatwright.domain.roles import Permission
from seatwright.postgres.platform_flows import FlowPlace
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.platform_environments import EnvironmentRefShape, environment_ref


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


class OwnerShape(Shape, kw_only=True, frozen=True):
    """Whose flow it is."""

    id: UUID
    user_principal_name: str
    display_name: str


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
    owner: OwnerShape | None
    runs_as_owner: bool
    auto_claim_apps: list[str]
    created_at: datetime


def _shape(one: Flow) -> FlowShape:
    return FlowShape(
        id=one.id,
        external_id=one.external_id,
        display_name=one.name,
        environment=environment_ref(one.environment),
        premium=one.is_premium,
        attended_rpa=one.uses_attended_rpa,
        needs_license=one.is_premium or one.environment.is_managed,
        trigger=one.trigger.value,
        owner=None if one.owner is None else _owner(one.owner),
        runs_as_owner=one.trigger.runs_as_owner,
        auto_claim_apps=[app.kind.value for app in one.auto_claim_apps],
        created_at=one.created_at,
    )


def _owner(one: PersonRef) -> OwnerShape:
    return OwnerShape(
        id=one.id, user_principal_name=one.user_principal_name, display_name=one.display_name
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
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after = FlowPlace(name_key=str(keys[0]), flow_no=int(keys[1])) if keys else FlowPlace()
    rows = await flows.page_of_flows(call, environment=environment, after=after, limit=size)
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        value=[_shape(row) for row in rows[:size]],
        next_cursor=None if last is None else cursor_of(text_key(last.name), last.flow_no),
    )


@post("/api/platform/flows", opt=needs(Permission.WRITE_PLATFORM), summary="Store a flow")
async def create_flow(call: TheCall, data: JSONBody[NewFlowBody]) -> FlowShape:
    """Standard or premium; one that uses attended RPA is premium."""
    return _shape(await flows.add_flow(call, _edit(data)))


@get("/api/platform/flows/{flow:str}", opt=needs(Permission.READ_PLATFORM), summary="Read a flow")
async def get_flow(call: TheCall, flow: FromPath[str]) -> FlowShape:
    """By its id, the id it came with, or a name that only it has."""
    return _shape(await flows.require_flow(call, flow))


@patch(
    "/api/platform/flows/{flow:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Change a flow"
)
async def change_flow(call: TheCall, flow: FromPath[str], data: JSONBody[FlowChange]) -> FlowShape:
    """Whoever claimed a license by running it keeps it."""
    return _shape(await flows.change_flow(call, flow, _edit(data)))


@delete(
    "/api/platform/flows/{flow:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Delete a flow"
)
async def delete_flow(call: TheCall, flow: FromPath[str]) -> None:
    """Licenses that people claimed by running it stay."""
    await flows.remove_flow(call, flow)


PLATFORM_FLOW_ROUTES = (list_flows, create_flow, get_flow, change_flow, delete_flow)
