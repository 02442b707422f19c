"""`/api/platform/environments`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.platform import things
from seatwright.app.platform.kinds import ENVIRONMENTS
from seatwright.domain.platform_edits import EnvironmentEdit
from seatwright.domain.platform_things import Environment
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape
from seatwright.web.rest.platform_things import page_of_things


class NewEnvironmentBody(Body, kw_only=True, frozen=True):
    """An environment to store; `externalId` is what it is called where it comes from."""

    display_name: str
    external_id: str | None = None
    managed: bool = False
    solutions: list[str] | None = None


class EnvironmentChange(Body, kw_only=True, frozen=True):
    """What changes about an environment: what is left out stays, an empty externalId clears it."""

    display_name: str | None = None
    external_id: str | None = None
    managed: bool | None = None
    solutions: list[str] | None = None


class EnvironmentShape(Shape, kw_only=True, frozen=True):
    """An environment, with how many apps and flows are in it."""

    id: UUID
    external_id: str | None
    display_name: str
    managed: bool
    solutions: list[str]
    app_count: int
    flow_count: int
    created_at: datetime


def _shape(one: Environment) -> EnvironmentShape:
    return EnvironmentShape(
        id=one.id,
        external_id=one.fields.external_id,
        display_name=one.name,
        managed=one.fields.is_managed,
        solutions=list(one.fields.solutions),
        app_count=one.facts.app_count,
        flow_count=one.facts.flow_count,
        created_at=one.created_at,
    )


def _edit(data: NewEnvironmentBody | EnvironmentChange) -> EnvironmentEdit:
    return EnvironmentEdit(
        name=data.display_name,
        external_id=data.external_id,
        is_managed=data.managed,
        solutions=data.solutions,
    )


@get(
    "/api/platform/environments",
    opt=needs(Permission.READ_PLATFORM),
    summary="List environments",
)
async def list_environments(
    call: TheCall,
    *,
    managed: FromQuery[bool | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[EnvironmentShape]:
    """By name; only managed ones, or only those that are not, if asked."""
    only = None if managed is None else ("is_managed", managed)
    return await page_of_things(call, ENVIRONMENTS, _shape, cursor=cursor, limit=limit, only=only)


@post(
    "/api/platform/environments",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Store an environment",
)
async def create_environment(call: TheCall, data: JSONBody[NewEnvironmentBody]) -> EnvironmentShape:
    """Managed or standard; it has its built-in security roles from the start."""
    return _shape(await things.add(call, ENVIRONMENTS, _edit(data)))


@get(
    "/api/platform/environments/{environment:str}",
    opt=needs(Permission.READ_PLATFORM),
    summary="Read an environment",
)
async def get_environment(call: TheCall, environment: FromPath[str]) -> EnvironmentShape:
    """By its id, the id it came with, or its name."""
    return _shape(await things.require(call, ENVIRONMENTS, environment))


@patch(
    "/api/platform/environments/{environment:str}",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Change an environment",
)
async def change_environment(
    call: TheCall, environment: FromPath[str], data: JSONBody[EnvironmentChange]
) -> EnvironmentShape:
    """In a managed environment every app and flow needs a license."""
    return _shape(await things.change(call, ENVIRONMENTS, environment, _edit(data)))


@delete(
    "/api/platform/environments/{environment:str}",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Delete an environment",
)
async def delete_environment(call: TheCall, environment: FromPath[str]) -> None:
    """With the security roles that people have in it; refused while it holds apps or flows."""
    await things.remove(call, ENVIRONMENTS, environment)


PLATFORM_ENVIRONMENT_ROUTES = (
    list_environments,
    create_environment,
    get_environment,
    change_environment,
    delete_environment,
)
