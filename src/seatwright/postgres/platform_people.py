"""People as the platform sees them: what they hold, the groups they are in, the roles they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.ids import GroupNo, ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.platform import AppNo, EnvironmentNo
from seatwright.domain.platform_things import EnvironmentRef
from seatwright.domain.security_roles import (
    SYSTEM_ADMINISTRATOR,
    AdministratorRole,
    HeldRole,
    RolePerson,
    RoleSource,
)
from seatwright.postgres.platform_things import environment_of
from seatwright.postgres.transaction import Transaction

_PERSON: Final = """
select u.user_no, u.id, u.upn, u.display_name,
       array(select l.sku_no from effective_license l
              where l.tenant_id = u.tenant_id and l.user_no = u.user_no order by l.sku_no),
       array(select l.enabled_set from effective_license l
              where l.tenant_id = u.tenant_id and l.user_no = u.user_no order by l.sku_no)
  from app_user u
"""
_ENABLED: Final = "u.is_enabled and u.deleted_at is null"
_ENOUGH: Final = (
    "exists (select from effective_license l"
    " where l.tenant_id = u.tenant_id and l.user_no = u.user_no"
    " and (l.sku_no = any(%s) and l.enabled_set <> 0 or l.enabled_set = any(%s)))"
)
"""One license is enough: of one of these products, or with one of these service plan sets."""


async def _people(tx: Transaction, rows: Sequence[TupleRow]) -> list[RolePerson]:
    sets = await tx.plan_set_bits({one for row in rows for one in row[5]})
    return [
        RolePerson(
            user_no=UserNo(row[0]),
            id=row[1],
            user_principal_name=row[2],
            display_name=row[3],
            held=_held(row[4], row[5], sets),
        )
        for row in rows
    ]


def _held(
    skus: Sequence[int], enabled: Sequence[int], sets: Mapping[ServicePlanSetId, ServicePlanBits]
) -> dict[SkuNo, ServicePlanBits]:
    return {SkuNo(sku): sets[ServicePlanSetId(one)] for sku, one in zip(skus, enabled, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlace:
    """Which people are wanted: the next so many after a number."""

    after: int
    limit: int


async def everybody_without(
    tx: Transaction, skus: Sequence[SkuNo], sets: Sequence[ServicePlanSetId], place: PeoplePlace
) -> list[UserNo]:
    """The next people with an enabled account whom none of the licenses of `_ENOUGH` entitles."""
    cursor = await tx.connection.execute(
        "select u.user_no from app_user u"
        f" where u.tenant_id = %s and u.user_no > %s and {_ENABLED} and not {_ENOUGH}"
        " order by u.user_no limit %s",
        (tx.tenant_id, place.after, list(skus), list(sets), place.limit),
    )
    return [UserNo(row[0]) for row in await cursor.fetchall()]


async def shared_people_without(
    tx: Transaction,
    app: AppNo,
    groups: Sequence[GroupNo],
    *,
    skus: Sequence[SkuNo],
    sets: Sequence[ServicePlanSetId],
    place: PeoplePlace,
) -> list[UserNo]:
    """The same among those with whom an app is shared, one by one or through these groups."""
    cursor = await tx.connection.execute(
        "select u.user_no from ("
        " select s.user_no from app_shared_user s"
        "  where s.tenant_id = %s and s.app_no = %s and s.user_no > %s"
        " union select m.user_no from membership m"
        "  where m.tenant_id = %s and m.group_no = any(%s) and m.user_no > %s"
        ") as who join app_user u on u.tenant_id = %s and u.user_no = who.user_no"
        f" where {_ENABLED} and not {_ENOUGH} order by u.user_no limit %s",
        (
            *(tx.tenant_id, app, place.after),
            *(tx.tenant_id, list(groups), place.after),
            *(tx.tenant_id, list(skus), list(sets), place.limit),
        ),
    )
    return [UserNo(row[0]) for row in await cursor.fetchall()]


async def all_plan_sets(tx: Transaction) -> dict[ServicePlanSetId, ServicePlanBits]:
    """Every combination of service plans that anybody was ever given."""
    cursor = await tx.connection.execute(
        "select set_id, bits from service_plan_set where tenant_id = %s", (tx.tenant_id,)
    )
    return {
        ServicePlanSetId(row[0]): ServicePlanBits(int(row[1], 16))
        for row in await cursor.fetchall()
    }


async def people_numbered(tx: Transaction, numbers: Sequence[int]) -> list[RolePerson]:
    """Those of these people who have an enabled account, and what they hold, by number."""
    cursor = await tx.connection.execute(
        f"{_PERSON} where u.tenant_id = %s and u.user_no = any(%s) and {_ENABLED}"
        " order by u.user_no",
        (tx.tenant_id, list(numbers)),
    )
    return await _people(tx, await cursor.fetchall())


async def groups_below(
    tx: Transaction, groups: Sequence[GroupNo]
) -> dict[GroupNo, frozenset[GroupNo]]:
    """For each group that is one of these or inside one: which of these it counts for."""
    cursor = await tx.connection.execute(
        "with recursive below as ("
        " select top as top_no, top as group_no from unnest(%s::int4[]) top"
        " union"
        " select below.top_no, n.child_no from below"
        "   join group_nesting n on n.tenant_id = %s and n.parent_no = below.group_no)"
        " select group_no, array_agg(top_no) from below group by group_no",
        (list(groups), tx.tenant_id),
    )
    return {
        GroupNo(row[0]): frozenset(GroupNo(one) for one in row[1])
        for row in await cursor.fetchall()
    }


async def memberships_among(
    tx: Transaction, users: Sequence[UserNo], groups: Sequence[GroupNo]
) -> dict[UserNo, set[GroupNo]]:
    """Which of these groups each of these people is directly in."""
    cursor = await tx.connection.execute(
        "select user_no, group_no from membership"
        " where tenant_id = %s and user_no = any(%s) and group_no = any(%s)",
        (tx.tenant_id, list(users), list(groups)),
    )
    found: dict[UserNo, set[GroupNo]] = {}
    for user, group in await cursor.fetchall():
        found.setdefault(UserNo(user), set()).add(GroupNo(group))
    return found


async def groups_of_user(tx: Transaction, user: UserNo) -> frozenset[GroupNo]:
    """Every group that somebody is in, and every group around those."""
    cursor = await tx.connection.execute(
        "with recursive mine as ("
        " select group_no from membership where tenant_id = %s and user_no = %s"
        " union"
        " select n.parent_no from mine"
        "   join group_nesting n on n.tenant_id = %s and n.child_no = mine.group_no)"
        " select group_no from mine",
        (tx.tenant_id, user, tx.tenant_id),
    )
    return frozenset(GroupNo(row[0]) for row in await cursor.fetchall())


_ADMINISTRATORS: Final = """
select a.user_no, a.role from service_administrator a where a.tenant_id = %s {0}
 union all
select p.user_no, 'globalAdministrator' from principal p
 where p.tenant_id = %s and p.user_no is not null and p.revoked_at is null
   and 'global-administrator' = any(p.roles) {1}
"""


async def administrators(tx: Transaction) -> dict[UserNo, AdministratorRole]:
    """Who administers the service as a whole, stated or as a global administrator here (T-127)."""
    cursor = await tx.connection.execute(
        _ADMINISTRATORS.format("", ""), (tx.tenant_id, tx.tenant_id)
    )
    return {UserNo(row[0]): AdministratorRole(row[1]) for row in await cursor.fetchall()}


async def administrator_role_of(tx: Transaction, user: UserNo) -> AdministratorRole | None:
    """As what somebody administers the service; None for everybody else."""
    cursor = await tx.connection.execute(
        _ADMINISTRATORS.format("and a.user_no = %s", "and p.user_no = %s"),
        (tx.tenant_id, user, tx.tenant_id, user),
    )
    row = await cursor.fetchone()
    return None if row is None else AdministratorRole(row[1])


_HELD: Final = """
select e.environment_no, e.id, e.name, e.is_managed, r.name, r.id, r.gives_data, {0}
  from {1}
  join security_role r on r.tenant_id = h.tenant_id and r.role_no = h.role_no
  join environment e on e.tenant_id = r.tenant_id and e.environment_no = r.environment_no
"""


async def assigned_roles_of(
    tx: Transaction, user: UserNo, groups: Sequence[GroupNo]
) -> list[HeldRole]:
    """The roles that somebody has directly, or through the teams of these groups."""
    cursor = await tx.connection.execute(
        _HELD.format("null::uuid, null", "user_security_role h")
        + " where h.tenant_id = %s and h.user_no = %s union all "
        + _HELD.format(
            "g.id, g.display_name",
            "group_team_role h join app_group g"
            " on g.tenant_id = h.tenant_id and g.group_no = h.group_no",
        )
        + " where h.tenant_id = %s and h.group_no = any(%s) order by 3, 5, 8 nulls first",
        (tx.tenant_id, user, tx.tenant_id, list(groups)),
    )
    return [
        HeldRole(
            environment=environment_of(row[:4]),
            name=row[4],
            role_id=row[5],
            gives_data=row[6],
            source=RoleSource.DIRECT if row[7] is None else RoleSource.GROUP_TEAM,
            group_id=row[7],
            group_name=row[8],
        )
        for row in await cursor.fetchall()
    ]


async def built_in_administrator_roles(
    tx: Transaction, environment: EnvironmentNo | None = None
) -> list[tuple[EnvironmentRef, HeldRole]]:
    """System Administrator of every environment, or of one, as an administrator has it."""
    where, values = "", list[int]()
    if environment is not None:
        where, values = " and e.environment_no = %s", [environment]
    cursor = await tx.connection.execute(
        "select e.environment_no, e.id, e.name, e.is_managed, r.name, r.id from environment e"
        " join security_role r on r.tenant_id = e.tenant_id"
        "  and r.environment_no = e.environment_no and r.name_key = %s"
        f" where e.tenant_id = %s{where} order by e.name_key",
        (SYSTEM_ADMINISTRATOR.casefold(), tx.tenant_id, *values),
    )
    found = []
    for row in await cursor.fetchall():
        place = environment_of(row[:4])
        role = HeldRole(
            environment=place,
            name=row[4],
            role_id=row[5],
            gives_data=True,
            source=RoleSource.ADMINISTRATOR,
        )
        found.append((place, role))
    return found


async def environments_with(
    tx: Transaction, solution_keys: Sequence[str]
) -> list[tuple[str, EnvironmentRef]]:
    """Where each of these solutions is: installed as one, or as an app of that name."""
    cursor = await tx.connection.execute(
        "select w.key, e.environment_no, e.id, e.name, e.is_managed from ("
        " select s.solution_key as key, s.environment_no from environment_solution s"
        "  where s.tenant_id = %s and s.solution_key = any(%s)"
        " union"
        " select a.name_key, a.environment_no from app a"
        "  where a.tenant_id = %s and a.name_key = any(%s) and a.environment_no is not null"
        ") w join environment e on e.tenant_id = %s and e.environment_no = w.environment_no"
        " order by e.name_key, w.key",
        (tx.tenant_id, list(solution_keys), tx.tenant_id, list(solution_keys), tx.tenant_id),
    )
    return [(row[0], environment_of(row[1:5])) for row in await cursor.fetchall()]
