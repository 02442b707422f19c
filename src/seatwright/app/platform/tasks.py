"""The open task “still needs a proper role”: computed from what there is, never stored (T-148)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.kinds import require_environment
from seatwright.domain.directory import text_key
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.platform_needs import needs_of, skus_towards
from seatwright.domain.platform_things import EnvironmentRef
from seatwright.domain.security_roles import DefaultRoleRule, RoleScene, RoleTask, role_task
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.platform_people import (
    PeoplePlace,
    administrators,
    groups_below,
    memberships_among,
    people_numbered,
)
from seatwright.postgres.platform_read import targets_that_ask_for_roles
from seatwright.postgres.platform_roles import list_rules
from seatwright.postgres.platform_tasks import (
    WaysIn,
    WithRole,
    data_roles_of,
    environments_to_staff,
    look_at_people,
    solutions_in,
)

LOOKED_AT_MAX: Final = 1000
"""People looked at in one statement, most of whom have nothing to do with the environment."""

PEOPLE_AT_ONCE: Final = 200
"""Of those who are left, so many are read with what they hold."""

STEPS_MAX: Final = 50
"""Environments, or chunks of people of one, for a page: it then ends early and goes on."""

APPS_MAX: Final = 2000
"""Apps of one environment that its tasks are computed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """Some open tasks, and where to go on: an environment's name and a person's number."""

    tasks: tuple[RoleTask, ...]
    goes_on_after: tuple[str, int] | None


async def role_tasks(
    call: Call, environment: str | None, *, after: tuple[str, int], limit: int
) -> TasksPage:
    """Who still needs a proper role, in one environment or in all of them by name (T-148).

    A page may be shorter than its limit and still go on. Raises Refusal unknownEnvironment.
    """
    name, start = after
    rules = await list_rules(call.tx)
    admins = sorted(await administrators(call.tx))
    tasks: list[RoleTask] = []
    steps = 0
    for where in await _environments(call, environment, rules, name):
        key = text_key(where.name)
        goes_on: int | None = start if key == name else 0
        scene = await _scene(call, where, rules)
        ways = None if scene.is_empty else await _ways(call, scene)
        while ways is not None and goes_on is not None:
            if steps == STEPS_MAX:
                return TasksPage(tasks=tuple(tasks), goes_on_after=(key, goes_on))
            steps += 1
            place = PeoplePlace(after=goes_on, limit=LOOKED_AT_MAX)
            seen = await look_at_people(call.tx, ways, await _having(call, scene, admins), place)
            tasks += await _first_tasks(call, scene, seen.people, wanted=limit + 1 - len(tasks))
            if len(tasks) > limit:
                last = tasks[limit - 1]
                at = (text_key(last.environment.name), last.person.user_no)
                return TasksPage(tasks=tuple(tasks[:limit]), goes_on_after=at)
            goes_on = seen.goes_on_after
    return TasksPage(tasks=tuple(tasks), goes_on_after=None)


async def _environments(
    call: Call, environment: str | None, rules: Sequence[DefaultRoleRule], name: str
) -> Sequence[EnvironmentRef]:
    if environment is not None:
        return (await require_environment(call, environment),)
    return await environments_to_staff(
        call.tx,
        _solutions(rules),
        everywhere=any(rule.solution is None for rule in rules),
        from_name_key=name,
    )


def _solutions(rules: Sequence[DefaultRoleRule]) -> list[str]:
    return sorted({text_key(rule.solution) for rule in rules if rule.solution is not None})


async def _scene(
    call: Call, environment: EnvironmentRef, rules: Sequence[DefaultRoleRule]
) -> RoleScene:
    catalog, number = await catalog_of(call), environment.environment_no
    targets = await targets_that_ask_for_roles(call.tx, number, limit=APPS_MAX)
    present = await solutions_in(call.tx, number, _solutions(rules))
    data = await data_roles_of(call.tx, number)
    return RoleScene(
        environment=environment,
        apps=[(target, needs_of(target, catalog)) for target in targets],
        rules=[
            rule for rule in rules if rule.solution is None or text_key(rule.solution) in present
        ],
        team_groups=data.team_groups,
        roles=data.roles,
    )


async def _ways(call: Call, scene: RoleScene) -> WaysIn:
    """How people come into an environment, for all of its apps and default roles together."""
    catalog = await catalog_of(call)
    needs = [need for _, needs in scene.apps for need in needs]
    sharing = [target.sharing for target, _ in scene.apps]
    shared = {group for one in sharing for group in one.groups}
    return WaysIn(
        skus=sorted(skus_towards(needs, catalog) | _skus_of(scene.rules, catalog)),
        needs_no_license=any(not needs for _, needs in scene.apps),
        is_for_everyone=bool(scene.rules) or any(one.is_with_everyone for one in sharing),
        apps=[target.app for target, _ in scene.apps if target.app is not None],
        groups=sorted(await groups_below(call.tx, sorted(shared))),
    )


def _skus_of(rules: Sequence[DefaultRoleRule], catalog: TenantCatalog) -> frozenset[SkuNo]:
    if any(rule.sku is None for rule in rules):
        return frozenset(catalog.skus)
    return frozenset(rule.sku for rule in rules if rule.sku is not None)


async def _having(call: Call, scene: RoleScene, admins: Sequence[UserNo]) -> WithRole:
    groups = await groups_below(call.tx, sorted(scene.team_groups))
    return WithRole(roles=scene.roles, groups=sorted(groups), people=admins)


async def _first_tasks(
    call: Call, scene: RoleScene, people: Sequence[UserNo], *, wanted: int
) -> list[RoleTask]:
    """The tasks about the first of these people; of no more people than it takes to find some."""
    found: list[RoleTask] = []
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        found += await _tasks_of(call, scene, people[start : start + PEOPLE_AT_ONCE])
        if len(found) >= wanted:
            break
    return found


async def _tasks_of(call: Call, scene: RoleScene, numbers: Sequence[UserNo]) -> list[RoleTask]:
    people = await people_numbered(call.tx, numbers)
    wanted = {group for target, _ in scene.apps for group in target.sharing.groups}
    below = await groups_below(call.tx, sorted(wanted | scene.team_groups))
    inside = await memberships_among(call.tx, numbers, sorted(below)) if below else {}
    found = []
    for person in people:
        direct = inside.get(person.user_no, ())
        known = replace(person, groups=frozenset(top for group in direct for top in below[group]))
        task = role_task(scene, known)
        if task is not None:
            found.append(task)
    return found
