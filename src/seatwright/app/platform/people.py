"""What people can open and why not: their roles, an app's people without a license, open tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user
from seatwright.app.platform.kinds import APPS, ENVIRONMENTS
from seatwright.app.platform.things import require
from seatwright.domain.directory import text_key
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo, EnvironmentNo, LaunchTarget, Need
from seatwright.domain.platform_needs import is_any_met, needs_of
from seatwright.domain.platform_things import Environment, EnvironmentRef, environment_ref
from seatwright.domain.security_roles import (
    AdministratorRole,
    DefaultRoleRule,
    HeldRole,
    RolePerson,
    RoleScene,
    RoleSource,
    RoleTask,
    role_task,
)
from seatwright.postgres.platform_environments import ENVIRONMENT_TABLE
from seatwright.postgres.platform_people import (
    administrator_role_of,
    administrators,
    assigned_roles_of,
    built_in_administrator_roles,
    data_roles_of,
    direct_holders_among,
    environments_with,
    groups_below,
    groups_of_user,
    memberships_among,
    people_after,
    people_numbered,
    shared_people_after,
)
from seatwright.postgres.platform_read import app_target, app_targets_of
from seatwright.postgres.platform_roles import list_rules
from seatwright.postgres.platform_things import ThingPlace, list_things
from seatwright.postgres.transaction import Transaction

CHUNK: Final = 2000
"""People looked at in one statement."""

LOOKED_AT_MAX: Final = 40_000
"""People looked at for one page: a page then ends early, and its cursor goes on from there."""

APPS_MAX: Final = 2000
"""Apps of one environment that its tasks are computed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Some people, and the number of the last one looked at; None at the end."""

    people: tuple[RolePerson, ...]
    goes_on_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """Some open tasks, and where to go on: an environment's name and a person's number."""

    tasks: tuple[RoleTask, ...]
    goes_on_after: tuple[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether somebody can open an app and see its data, and what is in the way (T-126)."""

    target: LaunchTarget
    needs: tuple[Need, ...]
    is_enabled: bool
    is_shared: bool
    is_licensed: bool
    roles: tuple[HeldRole, ...]

    @property
    def has_role(self) -> bool:
        """Whether no role is asked for, or one that gives data is there (T-131)."""
        return not self.target.needs_security_role or any(role.gives_data for role in self.roles)

    @property
    def can_open(self) -> bool:
        """Whether nothing is in the way."""
        return self.is_enabled and self.is_shared and self.is_licensed and self.has_role


async def roles_of_person(call: Call, text: str) -> list[HeldRole]:
    """Every security role that somebody has, with where each comes from, by environment.

    Raises Refusal unknownUser.
    """
    user = await find_user(call, text)
    groups = await groups_of_user(call.tx, user.user_no)
    return await _roles(call.tx, user.user_no, groups)


async def _roles(tx: Transaction, user: UserNo, groups: frozenset[GroupNo]) -> list[HeldRole]:
    roles = await assigned_roles_of(tx, user, sorted(groups))
    administrator = await administrator_role_of(tx, user)
    if administrator is not None:
        derived = await built_in_administrator_roles(tx)
        roles += [replace(role, administrator=administrator) for _, role in derived]
    people = await people_numbered(tx, (user,))
    if people:
        roles += await _default_roles(tx, people[0])
    return sorted(roles, key=lambda role: (text_key(role.environment.name), text_key(role.name)))


async def _default_roles(tx: Transaction, person: RolePerson) -> list[HeldRole]:
    rules = [rule for rule in await list_rules(tx) if rule.covers(person.held)]
    if not rules:
        return []
    places = await environments_with(
        tx, sorted({text_key(rule.solution) for rule in rules if rule.solution})
    )
    everywhere: Sequence[EnvironmentRef] = ()
    if any(rule.solution is None for rule in rules):
        everywhere = [environment for environment, _ in await built_in_administrator_roles(tx)]
    return [
        HeldRole(
            environment=environment,
            name=rule.role_name,
            role_id=None,
            gives_data=False,
            source=RoleSource.DEFAULT,
            rule_id=rule.id,
        )
        for rule in rules
        for environment in (
            everywhere
            if rule.solution is None
            else [where for key, where in places if key == text_key(rule.solution)]
        )
    ]


async def access_of_person(call: Call, app_text: str, user_text: str) -> Access:
    """Whether somebody can open an app, and what is in the way.

    Raises Refusal unknownApp, unknownUser.
    """
    app, user = await require(call, APPS, app_text), await find_user(call, user_text)
    target = await app_target(call.tx, AppNo(app.number))
    assert target is not None, "the app was just read"
    needs = needs_of(target, await catalog_of(call))
    groups = await groups_of_user(call.tx, user.user_no)
    people = await people_numbered(call.tx, (user.user_no,))
    held = people[0].held if people else {}
    roles = await _roles(call.tx, user.user_no, groups)
    return Access(
        target=target,
        needs=needs,
        is_enabled=user.account_enabled,
        is_shared=target.sharing.includes(user.user_no, groups),
        is_licensed=not needs or is_any_met(needs, held),
        roles=tuple(
            role for role in roles if role.environment.environment_no == target.environment
        ),
    )


async def unlicensed_people(call: Call, text: str, *, after: int, limit: int) -> PeoplePage:
    """People whom an app is shared with and who lack the license that it needs (T-016).

    A page may be shorter than its limit and still go on. Raises Refusal unknownApp.
    """
    app = await require(call, APPS, text)
    target = await app_target(call.tx, AppNo(app.number))
    assert target is not None, "the app was just read"
    needs = needs_of(target, await catalog_of(call))
    if not needs:
        return PeoplePage(people=(), goes_on_after=None)
    groups = sorted(await groups_below(call.tx, sorted(target.sharing.groups)))
    found: list[RolePerson] = []
    place: int | None = after
    for _ in range(LOOKED_AT_MAX // CHUNK):
        assert place is not None
        if target.sharing.is_with_everyone:
            chunk = await people_after(call.tx, place, limit=CHUNK)
            place = chunk[-1].user_no if len(chunk) == CHUNK else None
        else:
            chunk, place = await shared_people_after(
                call.tx, AppNo(app.number), groups, after=place, limit=CHUNK
            )
        found += [person for person in chunk if not is_any_met(needs, person.held)]
        if len(found) > limit:
            return PeoplePage(people=tuple(found[:limit]), goes_on_after=found[limit - 1].user_no)
        if place is None:
            break
    return PeoplePage(people=tuple(found), goes_on_after=place)


async def role_tasks(
    call: Call, environment: str | None, *, after: tuple[str, int], limit: int
) -> TasksPage:
    """Who still needs a proper role, in one environment or in all of them by name (T-148).

    A page may be shorter than its limit and still go on. Raises Refusal unknownEnvironment.
    """
    tasks: list[RoleTask] = []
    looked_at = 0
    name, place = after
    if environment is None:
        places = await _environments_from(call, name)
    else:
        places = [await require(call, ENVIRONMENTS, environment)]
    admins = await administrators(call.tx)
    rules = await list_rules(call.tx)
    for one in places:
        key = text_key(one.name)
        start = place if key == name else 0
        scene = await _scene(call, one, rules)
        while not scene.is_empty:
            people = await people_after(call.tx, start, limit=CHUNK)
            tasks += await _tasks_of(call, scene, people, admins)
            looked_at += len(people)
            if len(tasks) > limit:
                last = tasks[limit - 1]
                where = (text_key(last.environment.name), last.person.user_no)
                return TasksPage(tasks=tuple(tasks[:limit]), goes_on_after=where)
            if len(people) < CHUNK:
                break
            start = people[-1].user_no
            if looked_at >= LOOKED_AT_MAX:
                return TasksPage(tasks=tuple(tasks), goes_on_after=(key, start))
    return TasksPage(tasks=tuple(tasks), goes_on_after=None)


ENVIRONMENTS_MAX: Final = 10_000
"""Environments whose tasks one call goes through."""


async def _environments_from(call: Call, name: str) -> list[Environment]:
    """Every environment from the one with this name on."""
    found = await list_things(
        call.tx, ENVIRONMENT_TABLE, after=ThingPlace(), limit=ENVIRONMENTS_MAX
    )
    return [one for one in found if text_key(one.name) >= name]


async def _scene(
    call: Call, environment: Environment, rules: Sequence[DefaultRoleRule]
) -> RoleScene:
    catalog = await catalog_of(call)
    number = EnvironmentNo(environment.number)
    targets = await app_targets_of(call.tx, number, limit=APPS_MAX)
    present = {text_key(name) for name in environment.fields.solutions} | {
        text_key(target.name) for target in targets
    }
    data = await data_roles_of(call.tx, number)
    return RoleScene(
        environment=environment_ref(environment),
        apps=[
            (target, needs_of(target, catalog)) for target in targets if target.needs_security_role
        ],
        rules=[
            rule for rule in rules if rule.solution is None or text_key(rule.solution) in present
        ],
        team_groups=data.team_groups,
        roles=data.roles,
    )


async def _tasks_of(
    call: Call,
    scene: RoleScene,
    people: Sequence[RolePerson],
    admins: dict[UserNo, AdministratorRole],
) -> list[RoleTask]:
    numbers = [person.user_no for person in people]
    wanted = {group for target, _ in scene.apps for group in target.sharing.groups}
    below = await groups_below(call.tx, sorted(wanted | scene.team_groups))
    inside = await memberships_among(call.tx, numbers, sorted(below)) if below else {}
    having = await direct_holders_among(call.tx, numbers, scene.roles)
    found = []
    for person in people:
        direct = inside.get(person.user_no, ())
        known = replace(
            person,
            groups=frozenset(top for group in direct for top in below[group]),
            has_role=person.user_no in having or person.user_no in admins,
        )
        task = role_task(scene, known)
        if task is not None:
            found.append(task)
    return found
