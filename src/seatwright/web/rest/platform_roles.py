"""`/api/platform/security-roles` and `/api/platform/default-roles`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.catalog import catalog_of
from seatwright.app.platform import default_roles, security_roles
from seatwright.app.platform.kinds import require_environment
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform_things import Holder
from seatwright.domain.roles import Permission
from seatwright.domain.security_roles import DefaultRoleRule, SecurityRole
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keys_of, keyset_page, page_limit, page_of
from seatwright.web.rest.platform_things import EnvironmentRefShape, environment_shape


class NewSecurityRoleBody(Body, kw_only=True, frozen=True):
    """A security role of an environment; one without data only shows that apps are there."""

    environment: str
    display_name: str
    gives_data_access: bool = True


class HoldersBody(Body, kw_only=True, frozen=True):
    """People who get a role directly, and groups whose members get it through their team."""

    users: list[str] | None = None
    groups: list[str] | None = None


class SecurityRoleShape(Shape, kw_only=True, frozen=True):
    """A security role of an environment, and how many people and group teams have it."""

    id: UUID
    display_name: str
    environment: EnvironmentRefShape
    gives_data_access: bool
    built_in: bool
    user_count: int
    group_count: int
    created_at: datetime


class RoleHolderShape(Shape, kw_only=True, frozen=True):
    """A person who has a role directly, or a group whose members have it through its team."""

    kind: str
    id: UUID
    display_name: str
    user_principal_name: str | None
    since: datetime


class AssignedShape(Shape, kw_only=True, frozen=True):
    """How many got the role by the call, and how many had it before."""

    added: int
    already: int


class NewDefaultRoleBody(Body, kw_only=True, frozen=True):
    """A role that follows a product, a solution, or both together."""

    role_name: str
    sku_id: str | None = None
    sku_part_number: str | None = None
    solution: str | None = None


class DefaultRoleShape(Shape, kw_only=True, frozen=True):
    """A role that people have by themselves; it gives read access to apps and none to data."""

    id: UUID
    role_name: str
    sku_id: UUID | None
    sku_part_number: str | None
    product: str | None
    solution: str | None
    gives_data_access: bool
    created_at: datetime


def _role(one: SecurityRole) -> SecurityRoleShape:
    return SecurityRoleShape(
        id=one.id,
        display_name=one.name,
        environment=environment_shape(one.environment),
        gives_data_access=one.gives_data,
        built_in=one.is_built_in,
        user_count=one.user_count,
        group_count=one.group_count,
        created_at=one.created_at,
    )


def _holder(one: Holder) -> RoleHolderShape:
    assert one.id is not None, "no role is given to everyone"
    assert one.name is not None, "no role is given to everyone"
    assert one.since is not None, "a role is given at a time"
    return RoleHolderShape(
        kind=one.kind.value,
        id=one.id,
        display_name=one.name,
        user_principal_name=one.user_principal_name,
        since=one.since,
    )


def _rule(one: DefaultRoleRule, catalog: TenantCatalog) -> DefaultRoleShape:
    sku = None if one.sku is None else catalog.skus[one.sku]
    return DefaultRoleShape(
        id=one.id,
        role_name=one.role_name,
        sku_id=None if sku is None else sku.sku_id,
        sku_part_number=None if sku is None else sku.part_number,
        product=None if sku is None else sku.display_name,
        solution=one.solution,
        gives_data_access=False,
        created_at=one.created_at,
    )


@get(
    "/api/platform/security-roles",
    opt=needs(Permission.READ_PLATFORM),
    summary="List security roles",
)
async def list_security_roles(
    call: TheCall,
    *,
    environment: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[SecurityRoleShape]:
    """Of one environment or of all, environment by environment; the roles of each by name."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, str)
    after = (int(keys[0]), str(keys[1])) if keys else (0, "")
    where = None if environment is None else await require_environment(call, environment)
    rows = await security_roles.page_of_roles(call, where, after=after, limit=size)
    return keyset_page(
        rows,
        size=size,
        shape=_role,
        place=lambda row: (row.environment.environment_no, text_key(row.name)),
    )


@post(
    "/api/platform/security-roles",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Store a security role",
)
async def create_security_role(
    call: TheCall, data: JSONBody[NewSecurityRoleBody]
) -> SecurityRoleShape:
    """Of one environment: each has roles of its own."""
    environment = await require_environment(call, data.environment)
    made = await security_roles.add_role(
        call, environment, data.display_name, gives_data=data.gives_data_access
    )
    return _role(made)


@get(
    "/api/platform/security-roles/{role:str}",
    opt=needs(Permission.READ_PLATFORM),
    summary="Read a security role",
)
async def get_security_role(call: TheCall, role: FromPath[str]) -> SecurityRoleShape:
    """By its id."""
    return _role(await security_roles.require_role(call, role))


@delete(
    "/api/platform/security-roles/{role:str}",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Delete a security role",
)
async def delete_security_role(call: TheCall, role: FromPath[str]) -> None:
    """Whoever has it has it no longer; those that every environment has stay."""
    await security_roles.remove_role(call, role)


@get(
    "/api/platform/security-roles/{role:str}/holders",
    opt=needs(Permission.READ_PLATFORM),
    summary="List who has a security role",
)
async def list_role_holders(
    call: TheCall,
    role: FromPath[str],
    *,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[RoleHolderShape]:
    """Group teams, then people who have it directly."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, int)
    after = (int(keys[0]), int(keys[1])) if keys else (0, 0)
    rows = await security_roles.page_of_holders(call, role, after=after, limit=size)
    return keyset_page(rows, size=size, shape=_holder, place=lambda row: row.place)


@post(
    "/api/platform/security-roles/{role:str}/holders",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="Give a security role",
    status_code=200,
)
async def assign_security_role(
    call: TheCall, role: FromPath[str], data: JSONBody[HoldersBody]
) -> AssignedShape:
    """To people directly, or to everybody in groups through their teams; no license changes."""
    done = await security_roles.assign_role(
        call, role, users=data.users or (), groups=data.groups or ()
    )
    return AssignedShape(added=done.added, already=done.already)


@delete(
    "/api/platform/security-roles/{role:str}/users/{user:str}",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="Take a security role from a person",
)
async def unassign_security_role(call: TheCall, role: FromPath[str], user: FromPath[str]) -> None:
    """One that they have directly; what a group team gives stays, and so do licenses."""
    await security_roles.unassign_role_from_user(call, role, user)


@delete(
    "/api/platform/security-roles/{role:str}/groups/{group:str}",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="Take a security role from a group team",
)
async def unassign_group_team_role(
    call: TheCall, role: FromPath[str], group: FromPath[str]
) -> None:
    """Its members have it no longer, unless it comes from elsewhere too."""
    await security_roles.unassign_role_from_group(call, role, group)


@get(
    "/api/platform/default-roles",
    opt=needs(Permission.READ_PLATFORM),
    summary="List default roles",
)
async def list_default_roles(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[DefaultRoleShape]:
    """Roles that follow a product or a solution by themselves."""
    catalog = await catalog_of(call)
    rules = [_rule(one, catalog) for one in await default_roles.all_rules(call)]
    return page_of(rules, cursor=cursor, limit=limit)


@post(
    "/api/platform/default-roles",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Let a role follow a license or a solution",
)
async def create_default_role(
    call: TheCall, data: JSONBody[NewDefaultRoleBody]
) -> DefaultRoleShape:
    """It shows apps and gives no data: a proper role is still to be given."""
    if data.sku_id is not None and data.sku_part_number is not None:
        raise Refusal(
            Reason.INVALID_VALUE, "Name the product once: give either skuId or skuPartNumber."
        )
    made = await default_roles.add_rule(
        call,
        sku=data.sku_id or data.sku_part_number,
        solution=data.solution,
        role_name=data.role_name,
    )
    return _rule(made, await catalog_of(call))


@delete(
    "/api/platform/default-roles/{rule:str}",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Let a role follow no longer",
)
async def delete_default_role(call: TheCall, rule: FromPath[str]) -> None:
    """Whoever had it only so has it no longer."""
    await default_roles.remove_rule(call, rule)


PLATFORM_ROLE_ROUTES = (
    list_security_roles,
    create_security_role,
    get_security_role,
    delete_security_role,
    list_role_holders,
    assign_security_role,
    unassign_security_role,
    unassign_group_team_role,
    list_default_roles,
    create_default_role,
    delete_default_role,
)
