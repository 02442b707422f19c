"""Security roles of environments: making them, and giving them to people and group teams.

Giving roles is apart from giving licenses: it has a permission and kinds of history of its own
(T-209).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.platform.naming import known_groups, known_users, record_platform
from seatwright.app.record import record, record_all
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import EnvironmentNo, SecurityRoleNo
from seatwright.domain.platform_things import EnvironmentRef, Holder, checked_name
from seatwright.domain.security_roles import BUILT_IN_ROLES, SecurityRole
from seatwright.postgres.platform_holders import (
    ROLE_HOLDERS,
    Given,
    add_holders,
    list_holders,
    take_from_holder,
)
from seatwright.postgres.platform_roles import (
    NewRole,
    delete_role,
    insert_roles,
    list_roles,
    lock_role,
    role_by_id,
)
from seatwright.postgres.tenants import take_numbers

HOLDERS_AT_ONCE_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What became of a call that gives a role: how many got it, and how many had it before."""

    added: int
    already: int


async def make_built_in_roles(call: Call, environments: Sequence[EnvironmentNo]) -> None:
    """Give new environments the roles that every environment has."""
    count = len(environments) * len(BUILT_IN_ROLES)
    first = await take_numbers(call.tx, "security_role", count)
    pairs = [(one, role) for one in environments for role in BUILT_IN_ROLES.items()]
    roles = [
        NewRole(
            role_no=SecurityRoleNo(first + place),
            id=uuid4(),
            environment=environment,
            name=name,
            gives_data=gives_data,
            is_built_in=True,
        )
        for place, (environment, (name, gives_data)) in enumerate(pairs)
    ]
    is_made = await insert_roles(call.tx, roles, at=call.now)
    assert is_made, "a new environment has no role yet"


async def page_of_roles(
    call: Call, environment: EnvironmentRef | None, *, after: tuple[int, str], limit: int
) -> list[SecurityRole]:
    """Roles by environment and name; one more than `limit` if there are more."""
    number = None if environment is None else environment.environment_no
    return await list_roles(call.tx, environment=number, after=after, limit=limit + 1)


async def require_role(call: Call, text: str) -> SecurityRole:
    """The security role with this id; a name is none, because each environment has its own.

    Raises Refusal unknownSecurityRole.
    """
    id_ = parse_id(text)
    found = None if id_ is None else await role_by_id(call.tx, id_)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_SECURITY_ROLE,
            f"There is no security role “{text[:60]}”: give the id of one that GET"
            " /api/platform/security-roles?environment= lists.",
            context={"securityRole": text[:200]},
        )
    return found


async def add_role(
    call: Call, environment: EnvironmentRef, name: str, *, gives_data: bool
) -> SecurityRole:
    """Store a security role of an environment.

    Raises Refusal invalidValue for a name that it has already.
    """
    new = NewRole(
        role_no=SecurityRoleNo(await take_numbers(call.tx, "security_role", 1)),
        id=uuid4(),
        environment=environment.environment_no,
        name=checked_name(name, noun="a security role"),
        gives_data=gives_data,
    )
    if not await insert_roles(call.tx, (new,), at=call.now):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{environment.name} has a security role “{new.name}” already: choose another name.",
        )
    await record_platform(call, HistoryAction.PLATFORM_ADDED, "securityRole", new.id)
    return await require_role(call, str(new.id))


async def remove_role(call: Call, text: str) -> None:
    """Forget a security role; whoever had it has it no longer.

    Raises Refusal unknownSecurityRole, and stillInUse for one that every environment has.
    """
    role = await require_role(call, text)
    if role.is_built_in:
        raise Refusal(
            Reason.STILL_IN_USE,
            f"{role.name} belongs to every environment and cannot be deleted: take it from the"
            " people and groups that have it instead.",
        )
    await delete_role(call.tx, role.role_no)
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, "securityRole", role.id)


async def page_of_holders(
    call: Call, text: str, *, after: tuple[int, int], limit: int
) -> list[Holder]:
    """Who has a role: group teams, then people; one more than `limit` if there are more.

    Raises Refusal unknownSecurityRole.
    """
    role = await require_role(call, text)
    return await list_holders(call.tx, ROLE_HOLDERS, role.role_no, after=after, limit=limit + 1)


async def assign_role(
    call: Call, text: str, *, users: Sequence[str], groups: Sequence[str]
) -> Assigned:
    """Give a role to people directly, and to everybody in groups through their teams.

    All of them, or none if one is unknown. Raises Refusal unknownSecurityRole, unknownUser,
    unknownGroup, and invalidValue for nobody or too many at once.
    """
    role = await require_role(call, text)
    await lock_role(call.tx, role.role_no)
    role = await require_role(call, str(role.id))
    if not 1 <= len(users) + len(groups) <= HOLDERS_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(users) + len(groups)} people and groups are named: give 1 to"
            f" {HOLDERS_AT_ONCE_MAX}; more go into a file for /api/imports/security-roles.",
        )
    people = await known_users(call, users)
    teams = await known_groups(call, groups)
    added = await give(
        call,
        users=[(role.role_no, user) for user in people],
        groups=[(role.role_no, group) for group in teams],
        roles={role.role_no: role},
    )
    return Assigned(added=added, already=len(people) + len(teams) - added)


async def give(
    call: Call,
    *,
    users: Sequence[tuple[SecurityRoleNo, UserNo]],
    groups: Sequence[tuple[SecurityRoleNo, GroupNo]],
    roles: dict[SecurityRoleNo, SecurityRole],
    reason: str | None = None,
) -> int:
    """Give roles to people and group teams, and tell the history; how many did not have them."""
    new_users, new_groups = await add_holders(
        call.tx,
        ROLE_HOLDERS,
        users=users,
        groups=groups,
        given=Given(at=call.now, by=call.principal.principal_no),
    )
    line = HistoryLine(action=HistoryAction.SECURITY_ROLE_ASSIGNED, reason=reason)
    named = {number: _detail(role) for number, role in roles.items()}
    lines = [
        replace(line, user=UserNo(user), detail=named[SecurityRoleNo(role)])
        for role, user in new_users
    ] + [
        replace(line, group=GroupNo(group), detail=named[SecurityRoleNo(role)])
        for role, group in new_groups
    ]
    await record_all(call, lines)
    return len(lines)


async def unassign_role_from_user(call: Call, text: str, user_text: str) -> None:
    """Take a role that somebody has directly; what a group team gives them stays.

    Raises Refusal unknownSecurityRole, unknownUser, and notAssigned.
    """
    role, user = await require_role(call, text), await find_user(call, user_text)
    if not await take_from_holder(call.tx, ROLE_HOLDERS, role.role_no, user=user.user_no):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{user.display_name} does not have {role.name} in {role.environment.name} directly:"
            f" GET /api/identity/users/{user.id}/security-roles shows where their roles come from.",
        )
    await record(call, replace(_removed(role), user=user.user_no))


async def unassign_role_from_group(call: Call, text: str, group_text: str) -> None:
    """Take a role from the team of a group.

    Raises Refusal unknownSecurityRole, unknownGroup, and notAssigned.
    """
    role, group = await require_role(call, text), await find_group(call, group_text)
    if not await take_from_holder(call.tx, ROLE_HOLDERS, role.role_no, group=group.group_no):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"The team of {group.display_name} does not have {role.name} in"
            f" {role.environment.name}.",
        )
    await record(call, replace(_removed(role), group=group.group_no))


def _removed(role: SecurityRole) -> HistoryLine:
    return HistoryLine(action=HistoryAction.SECURITY_ROLE_REMOVED, detail=_detail(role))


def _detail(role: SecurityRole) -> dict[str, object]:
    return {
        "securityRole": role.name,
        "securityRoleId": str(role.id),
        "environmentId": str(role.environment.id),
    }
