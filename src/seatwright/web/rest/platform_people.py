"""Who may open what: roles of a person, access to an app, and what is still to be done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.catalog import catalog_of
from seatwright.app.platform import administrators, people, tasks
from seatwright.domain.roles import Permission
from seatwright.domain.security_roles import HeldRole, RoleTask
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.platform_administrators import Administrator
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import (
    Body,
    Page,
    Shape,
    cursor_of,
    keys_of,
    keyset_page,
    page_limit,
    page_of,
)
from seatwright.web.rest.platform_apps import NeedShape, need_shapes
from seatwright.web.rest.platform_things import (
    EnvironmentRefShape,
    PersonShape,
    environment_shape,
    person_shape,
)


class HeldRoleShape(Shape, kw_only=True, frozen=True):
    """A security role that somebody has in an environment.

    `source` is direct, groupTeam, default or administrator; the last two come by themselves and
    are read only.
    """

    environment: EnvironmentRefShape
    role_id: UUID | None
    display_name: str
    gives_data_access: bool
    source: str
    read_only: bool
    group_id: UUID | None
    group_name: str | None
    default_role_id: UUID | None
    administrator: str | None


class AccessShape(Shape, kw_only=True, frozen=True):
    """Whether somebody can open an app and work in it; `missing` says what is in the way.

    `requires` are alternatives, any one of which is enough.
    """

    can_open: bool
    enabled: bool
    shared: bool
    licensed: bool
    has_security_role: bool
    requires: list[NeedShape]
    security_roles: list[HeldRoleShape]
    missing: list[str]


class UnlicensedShape(Shape, kw_only=True, frozen=True):
    """Somebody with whom an app is shared and who lacks the license; what they do hold."""

    user: PersonShape
    holds: list[str]


class RoleTaskShape(Shape, kw_only=True, frozen=True):
    """Somebody who still needs a proper security role in an environment, and why."""

    environment: EnvironmentRefShape
    user: PersonShape
    apps: list[str]
    default_roles: list[str]
    message: str


class AdministratorBody(Body, kw_only=True, frozen=True):
    """As what somebody administers the service: globalAdministrator or serviceAdministrator."""

    role: str


class AdministratorShape(Shape, kw_only=True, frozen=True):
    """Somebody who is System Administrator in every environment, by administering the service."""

    user: PersonShape
    role: str
    since: datetime


def _held(one: HeldRole) -> HeldRoleShape:
    return HeldRoleShape(
        environment=environment_shape(one.environment),
        role_id=one.role_id,
        display_name=one.name,
        gives_data_access=one.gives_data,
        source=one.source.value,
        read_only=not one.source.is_assigned,
        group_id=one.group_id,
        group_name=one.group_name,
        default_role_id=one.rule_id,
        administrator=None if one.administrator is None else one.administrator.value,
    )


def _task(one: RoleTask) -> RoleTaskShape:
    return RoleTaskShape(
        environment=environment_shape(one.environment),
        user=person_shape(one.person),
        apps=list(one.apps),
        default_roles=list(one.default_roles),
        message=_task_words(one),
    )


def _task_words(one: RoleTask) -> str:
    if one.apps:
        why = f"is licensed for {', '.join(one.apps)}"
    else:
        why = f"has {', '.join(one.default_roles)}, which shows apps and no data,"
    return (
        f"{one.person.display_name} {why} in {one.environment.name} and has no security role that"
        " gives access to data: give one directly or through a group team."
    )


def _missing(access: people.Access, catalog: TenantCatalog) -> list[str]:
    name = access.target.name
    found = []
    if not access.is_enabled:
        found.append("The account is disabled: enable it.")
    if not access.is_shared:
        found.append(f"{name} is not shared with the person: share it with them or a group.")
    if not access.is_licensed:
        shapes = need_shapes(access.needs, catalog)
        ways = " or ".join(dict.fromkeys(shape.display_name for shape in shapes))
        found.append(f"{name} needs a license with {ways}.")
    if not access.has_role:
        found.append(
            f"No security role gives access to data in {access.target.environment_name}: give one"
            " directly or through a group team."
        )
    return found


@get(
    "/api/identity/users/{user:str}/security-roles",
    opt=needs(Permission.READ_PLATFORM),
    summary="List a person's security roles",
)
async def list_security_roles_of_user(
    call: TheCall,
    user: FromPath[str],
    *,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[HeldRoleShape]:
    """In every environment, with where each comes from; what comes by itself is read only."""
    roles = [_held(one) for one in await people.roles_of_person(call, user)]
    return page_of(roles, cursor=cursor, limit=limit)


@get(
    "/api/platform/apps/{app:str}/access/{user:str}",
    opt=needs(Permission.READ_PLATFORM),
    summary="Check whether a person can open an app",
)
async def check_access(call: TheCall, app: FromPath[str], user: FromPath[str]) -> AccessShape:
    """Shared, licensed, and with a security role where the app asks for one."""
    access = await people.access_of_person(call, app, user)
    catalog = await catalog_of(call)
    return AccessShape(
        can_open=access.can_open,
        enabled=access.is_enabled,
        shared=access.is_shared,
        licensed=access.is_licensed,
        has_security_role=access.has_role,
        requires=need_shapes(access.needs, catalog),
        security_roles=[_held(one) for one in access.roles],
        missing=_missing(access, catalog),
    )


@get(
    "/api/platform/apps/{app:str}/unlicensed",
    opt=needs(Permission.READ_PLATFORM),
    summary="List whom an app is shared with and who lack its license",
)
async def list_unlicensed(
    call: TheCall,
    app: FromPath[str],
    *,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[UnlicensedShape]:
    """People with an enabled account, through groups too; a page may be short and still go on."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    after = int(keys[0]) if keys else 0
    page = await people.unlicensed_people(call, app, after=after, limit=size)
    catalog = await catalog_of(call)
    return Page(
        value=[
            UnlicensedShape(
                user=person_shape(one), holds=[catalog.sku_name(sku) for sku in one.held]
            )
            for one in page.people
        ],
        next_cursor=None if page.goes_on_after is None else cursor_of(page.goes_on_after),
    )


@get(
    "/api/platform/role-tasks",
    opt=needs(Permission.READ_PLATFORM),
    summary="List who still needs a proper security role",
)
async def list_role_tasks(
    call: TheCall,
    *,
    environment: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[RoleTaskShape]:
    """Licensed people without a role that gives data; a task is gone once the role is given.

    A page may be short and still go on.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after = (str(keys[0]), int(keys[1])) if keys else ("", 0)
    page = await tasks.role_tasks(call, environment, after=after, limit=size)
    return Page(
        value=[_task(one) for one in page.tasks],
        next_cursor=None if page.goes_on_after is None else cursor_of(*page.goes_on_after),
    )


@get(
    "/api/platform/administrators",
    opt=needs(Permission.READ_PLATFORM),
    summary="List administrators of the service",
)
async def list_service_administrators(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[AdministratorShape]:
    """People stated as global or service administrators: System Administrator everywhere."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    after = int(keys[0]) if keys else 0
    rows = await administrators.page_of_administrators(call, after=after, limit=size)
    return keyset_page(
        rows, size=size, shape=_administrator, place=lambda row: (row.person.user_no,)
    )


def _administrator(one: Administrator) -> AdministratorShape:
    return AdministratorShape(
        user=person_shape(one.person),
        role=one.role.value,
        since=one.since,
    )


@put(
    "/api/platform/administrators/{user:str}",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="State that a person administers the service",
    status_code=204,
)
async def put_service_administrator(
    call: TheCall, user: FromPath[str], data: JSONBody[AdministratorBody]
) -> None:
    """They are then System Administrator in every environment, by themselves."""
    await administrators.state_administrator(call, user, data.role)


@delete(
    "/api/platform/administrators/{user:str}",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="State that a person no longer administers the service",
)
async def delete_service_administrator(call: TheCall, user: FromPath[str]) -> None:
    """The System Administrator roles that came by themselves are gone."""
    await administrators.end_administrator(call, user)


PLATFORM_PEOPLE_ROUTES = (
    list_security_roles_of_user,
    check_access,
    list_unlicensed,
    list_role_tasks,
    list_service_administrators,
    put_service_administrator,
    delete_service_administrator,
)
