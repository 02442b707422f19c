"""What people can open and why not: their roles, an app's people without a license, open tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user
from seatwright.app.platform.kinds import APPS
from seatwright.app.platform.things import require
from seatwright.domain.directory import text_key
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo, EnvironmentNo, LaunchTarget, Need
from seatwright.domain.platform_needs import is_any_met, needs_of
from seatwright.domain.platform_things import EnvironmentRef
from seatwright.domain.security_roles import (
    HeldRole,
    RolePerson,
    RoleSource,
)
from seatwright.postgres.platform_people import (
    PeoplePlace,
    administrator_role_of,
    all_plan_sets,
    assigned_roles_of,
    built_in_administrator_roles,
    environments_with,
    everybody_without,
    groups_below,
    groups_of_user,
    people_numbered,
    shared_people_without,
)
from seatwright.postgres.platform_read import app_target
from seatwright.postgres.platform_roles import list_rules
from seatwright.postgres.transaction import Transaction

CHUNK_MIN: Final = 500
"""People looked at in one statement, at the least."""

CHUNKS_MAX: Final = 20
"""Statements for one page: it then ends early, and its cursor goes on from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Some people, and the number of the last one looked at; None at the end."""

    people: tuple[RolePerson, ...]
    goes_on_after: int | None


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
    return await roles_held(call.tx, user.user_no, groups)


async def roles_held(
    tx: Transaction,
    user: UserNo,
    groups: frozenset[GroupNo],
    environment: EnvironmentNo | None = None,
) -> list[HeldRole]:
    """Somebody's roles in every environment, or at least all of those in one."""
    roles = await assigned_roles_of(tx, user, sorted(groups))
    administrator = await administrator_role_of(tx, user)
    if administrator is not None:
        derived = await built_in_administrator_roles(tx, environment)
        roles += [replace(role, administrator=administrator) for _, role in derived]
    people = await people_numbered(tx, (user,))
    if people:
        roles += await _default_roles(tx, people[0], environment)
    return sorted(roles, key=lambda role: (text_key(role.environment.name), text_key(role.name)))


async def _default_roles(
    tx: Transaction, person: RolePerson, environment: EnvironmentNo | None
) -> list[HeldRole]:
    rules = [rule for rule in await list_rules(tx) if rule.covers(person.held)]
    if not rules:
        return []
    places = await environments_with(
        tx, sorted({text_key(rule.solution) for rule in rules if rule.solution})
    )
    everywhere: Sequence[EnvironmentRef] = ()
    if any(rule.solution is None for rule in rules):
        derived = await built_in_administrator_roles(tx, environment)
        everywhere = [where for where, _ in derived]
    return [
        HeldRole(
            environment=where,
            name=rule.role_name,
            role_id=None,
            gives_data=False,
            source=RoleSource.DEFAULT,
            rule_id=rule.id,
        )
        for rule in rules
        for where in (
            everywhere
            if rule.solution is None
            else [one for key, one in places if key == text_key(rule.solution)]
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
    roles: list[HeldRole] = []
    if target.environment is not None:
        roles = await roles_held(call.tx, user.user_no, groups, target.environment)
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
    found: list[RolePerson] = []
    for _ in range(CHUNKS_MAX):
        place = PeoplePlace(after=after, limit=max(limit + 1, CHUNK_MIN))
        numbers = await _without_one_license(call, target, needs, place)
        people = await people_numbered(call.tx, numbers)
        # Several licenses may be enough together where none is by itself.
        found += [person for person in people if not is_any_met(needs, person.held)]
        if len(found) > limit:
            return PeoplePage(people=tuple(found[:limit]), goes_on_after=found[limit - 1].user_no)
        if len(numbers) < place.limit:
            return PeoplePage(people=tuple(found), goes_on_after=None)
        after = numbers[-1]
    return PeoplePage(people=tuple(found), goes_on_after=after)


async def _without_one_license(
    call: Call, target: LaunchTarget, needs: Sequence[Need], place: PeoplePlace
) -> list[UserNo]:
    """The next people whom a target is shared with and whom no single license entitles."""
    skus = [need.sku for need in needs if need.sku is not None]
    plans = [need.service_plans for need in needs if need.sku is None]
    every = await all_plan_sets(call.tx) if plans else {}
    sets = [one for one, bits in every.items() if any(bits & plan == plan for plan in plans)]
    if target.sharing.is_with_everyone:
        return await everybody_without(call.tx, skus, sets, place)
    assert target.app is not None, "an app is shared, and nothing else"
    groups = sorted(await groups_below(call.tx, sorted(target.sharing.groups)))
    return await shared_people_without(
        call.tx, target.app, groups, skus=skus, sets=sets, place=place
    )
