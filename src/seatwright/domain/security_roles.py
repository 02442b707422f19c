"""Security roles: what people may do with the data of an environment, and where roles come from.

A license opens the door of an app; a security role lets a person see and change data behind it
(T-131). Some roles come by themselves, with a license or with administering the service: those
are computed and never assigned (T-127, T-145).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.platform import LaunchTarget, Need, SecurityRoleNo
from seatwright.domain.platform_needs import is_any_met
from seatwright.domain.platform_things import EnvironmentRef

SYSTEM_ADMINISTRATOR: Final = "System Administrator"

BUILT_IN_ROLES: Final[Mapping[str, bool]] = {
    SYSTEM_ADMINISTRATOR: True,
    "System Customizer": True,
    "Basic User": True,
    "Environment Maker": False,
}
"""The roles that every environment has from the start, and whether each gives access to data."""


@unique
class RoleSource(StrEnum):
    """Where somebody's security role comes from; only the first two are assigned."""

    DIRECT = "direct"
    GROUP_TEAM = "groupTeam"
    DEFAULT = "default"
    """It follows a license or a solution, and shows the apps without their data (T-146)."""

    ADMINISTRATOR = "administrator"
    """It follows administering the service as a whole (T-127)."""

    @property
    def is_assigned(self) -> bool:
        """Whether it can be taken away by itself."""
        return self in {RoleSource.DIRECT, RoleSource.GROUP_TEAM}


@unique
class AdministratorRole(StrEnum):
    """Who administers the service as a whole (T-127)."""

    GLOBAL_ADMINISTRATOR = "globalAdministrator"
    SERVICE_ADMINISTRATOR = "serviceAdministrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRole:
    """A role of one environment; the counts say who has it directly and through group teams."""

    role_no: SecurityRoleNo
    id: UUID
    environment: EnvironmentRef
    name: str
    gives_data: bool
    is_built_in: bool
    user_count: int
    group_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRoleRule:
    """Who holds the product gets the role in every environment with the solution (T-145).

    None for the product means everybody with a license, None for the solution every environment.
    Such a role gives read access to the apps and none to their data (T-146).
    """

    rule_no: int
    id: UUID
    sku: SkuNo | None
    solution: str | None
    role_name: str
    created_at: datetime

    def covers(self, held: Iterable[SkuNo]) -> bool:
        """Whether somebody who effectively holds these products gets the role."""
        return any(True for _ in held) if self.sku is None else self.sku in set(held)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A security role that somebody has in an environment, and where it comes from.

    `role_id` is None for a default role, which is no role that could be assigned.
    """

    environment: EnvironmentRef
    name: str
    role_id: UUID | None
    gives_data: bool
    source: RoleSource
    group_id: UUID | None = None
    group_name: str | None = None
    rule_id: UUID | None = None
    administrator: AdministratorRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePerson:
    """What is known of a person who may need a role in one environment.

    `held` are their effective licenses, `groups` all groups that they are in, nested ones too.
    """

    user_no: UserNo
    id: UUID
    user_principal_name: str
    display_name: str
    held: Mapping[SkuNo, ServicePlanBits]
    groups: frozenset[GroupNo] = frozenset()
    has_role: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleScene:
    """One environment as its open tasks are computed: who comes in, and who has a role.

    `apps` are those that ask for a role, each with the alternatives that license somebody for it;
    `roles` are those that give access to data, `team_groups` the groups whose teams have one.
    """

    environment: EnvironmentRef
    apps: Sequence[tuple[LaunchTarget, tuple[Need, ...]]] = ()
    rules: Sequence[DefaultRoleRule] = ()
    team_groups: frozenset[GroupNo] = field(default_factory=frozenset)
    roles: tuple[SecurityRoleNo, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody can need a role here."""
        return not self.apps and not self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTask:
    """Somebody who still needs a proper role, and what lets them in without one (T-148)."""

    environment: EnvironmentRef
    person: RolePerson
    apps: tuple[str, ...]
    default_roles: tuple[str, ...]


def role_task(scene: RoleScene, person: RolePerson) -> RoleTask | None:
    """The open task about a person in an environment; None where there is nothing to do.

    Whoever is licensed for an app that asks for a role and is shared with them, or has a default
    role there, needs a role that gives data: directly or through a group team (T-131, T-132).
    """
    if person.has_role or not scene.team_groups.isdisjoint(person.groups):
        return None
    apps = tuple(
        target.name
        for target, needs in scene.apps
        if target.sharing.includes(person.user_no, person.groups)
        and (not needs or is_any_met(needs, person.held))
    )
    default_roles = tuple(
        dict.fromkeys(rule.role_name for rule in scene.rules if rule.covers(person.held))
    )
    if not apps and not default_roles:
        return None
    return RoleTask(
        environment=scene.environment, person=person, apps=apps, default_roles=default_roles
    )
