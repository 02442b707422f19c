"""Who still needs a proper security role: environments, ways into them, and people, set by set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.platform import AppNo, EnvironmentNo, SecurityRoleNo
from seatwright.domain.platform_things import EnvironmentRef
from seatwright.postgres.platform_people import PeoplePlace
from seatwright.postgres.platform_things import environment_of
from seatwright.postgres.transaction import Transaction


async def environments_to_staff(
    tx: Transaction, solution_keys: Sequence[str], *, everywhere: bool, from_name_key: str
) -> list[EnvironmentRef]:
    """Where somebody may need a role, by name: where an app asks for one, or a solution is."""
    cursor = await tx.connection.execute(
        "select e.environment_no, e.id, e.name, e.is_managed from environment e"
        " where e.tenant_id = %s and e.name_key >= %s and (%s"
        " or exists (select from app a where a.tenant_id = e.tenant_id"
        "  and a.environment_no = e.environment_no and a.needs_security_role)"
        " or exists (select from environment_solution s where s.tenant_id = e.tenant_id"
        "  and s.environment_no = e.environment_no and s.solution_key = any(%s))"
        " or exists (select from app a where a.tenant_id = e.tenant_id"
        "  and a.environment_no = e.environment_no and a.name_key = any(%s)))"
        " order by e.name_key",
        (tx.tenant_id, from_name_key, everywhere, list(solution_keys), list(solution_keys)),
    )
    return [environment_of(row) for row in await cursor.fetchall()]


async def solutions_in(
    tx: Transaction, environment: EnvironmentNo, solution_keys: Sequence[str]
) -> frozenset[str]:
    """Which of these solutions an environment has: installed, or as an app of that name."""
    cursor = await tx.connection.execute(
        "select s.solution_key from environment_solution s"
        " where s.tenant_id = %s and s.environment_no = %s and s.solution_key = any(%s)"
        " union select a.name_key from app a"
        " where a.tenant_id = %s and a.environment_no = %s and a.name_key = any(%s)",
        (
            *(tx.tenant_id, environment, list(solution_keys)),
            *(tx.tenant_id, environment, list(solution_keys)),
        ),
    )
    return frozenset(row[0] for row in await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRoles:
    """Who has a role with data in an environment: the roles, and the groups of their teams."""

    roles: tuple[SecurityRoleNo, ...]
    team_groups: frozenset[GroupNo]


async def data_roles_of(tx: Transaction, environment: EnvironmentNo) -> DataRoles:
    """The roles of an environment that give access to data, and the group teams that have one."""
    cursor = await tx.connection.execute(
        "select r.role_no, array(select g.group_no from group_team_role g"
        "  where g.tenant_id = r.tenant_id and g.role_no = r.role_no)"
        " from security_role r"
        " where r.tenant_id = %s and r.environment_no = %s and r.gives_data order by r.role_no",
        (tx.tenant_id, environment),
    )
    rows = await cursor.fetchall()
    return DataRoles(
        roles=tuple(SecurityRoleNo(row[0]) for row in rows),
        team_groups=frozenset(GroupNo(group) for row in rows for group in row[1]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """How people come into an environment: by a product, and by what is shared with them.

    `skus` are the products of which one is held, with its service plans on or off; for
    `needs_no_license` something opens without any. Unless `is_for_everyone`, one of the apps is
    shared with the person, or with one of the groups, which are listed with those inside them.
    """

    skus: Sequence[SkuNo]
    needs_no_license: bool
    is_for_everyone: bool
    apps: Sequence[AppNo]
    groups: Sequence[GroupNo]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithRole:
    """Who has a proper role in an environment: these roles, groups with a team, and people."""

    roles: Sequence[SecurityRoleNo]
    groups: Sequence[GroupNo]
    people: Sequence[UserNo]


# However many hold a product, a page looks at the next few of them: those of each product come in
# order out of its index.
_LOOKED_AT: Final = """
with looked_at as (
  select user_no from unnest(%s::int2[]) as w (sku_no) cross join lateral (
    select l.user_no from effective_license l
     where l.tenant_id = %s and l.sku_no = w.sku_no and l.user_no > %s
     order by l.user_no limit %s) of_sku
  union
  (select user_no from app_user where %s and tenant_id = %s and user_no > %s
    order by user_no limit %s)
  order by user_no limit %s
)
select u.user_no, u.is_enabled and u.deleted_at is null
   and (%s or exists (select from app_shared_user s
                       where s.tenant_id = u.tenant_id and s.user_no = u.user_no
                         and s.app_no = any(%s))
           or exists (select from membership m
                       where m.tenant_id = u.tenant_id and m.user_no = u.user_no
                         and m.group_no = any(%s)))
   and not exists (select from user_security_role r
                    where r.tenant_id = u.tenant_id and r.user_no = u.user_no
                      and r.role_no = any(%s))
   and not exists (select from membership m
                    where m.tenant_id = u.tenant_id and m.user_no = u.user_no
                      and m.group_no = any(%s))
   and u.user_no <> all(%s)
  from looked_at join app_user u on u.tenant_id = %s and u.user_no = looked_at.user_no
 order by u.user_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """Who may come in and has no role with data, and the last one looked at; None at the end."""

    people: tuple[UserNo, ...]
    goes_on_after: int | None


async def look_at_people(
    tx: Transaction, ways: WaysIn, having: WithRole, place: PeoplePlace
) -> LookedAt:
    """The next people who may come into an environment and have no role with data there."""
    cursor = await tx.connection.execute(
        _LOOKED_AT,
        (
            *(list(ways.skus), tx.tenant_id, place.after, place.limit),
            *(ways.needs_no_license, tx.tenant_id, place.after, place.limit, place.limit),
            *(ways.is_for_everyone, list(ways.apps), list(ways.groups)),
            *(list(having.roles), list(having.groups), list(having.people), tx.tenant_id),
        ),
    )
    rows = await cursor.fetchall()
    return LookedAt(
        people=tuple(UserNo(row[0]) for row in rows if row[1]),
        goes_on_after=rows[-1][0] if len(rows) == place.limit else None,
    )
