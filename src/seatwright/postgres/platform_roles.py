"""Security roles, who has them, and the rules that give some of them by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.catalog import lookup_key
from seatwright.domain.directory import text_key
from seatwright.domain.ids import SkuNo
from seatwright.domain.platform import EnvironmentNo, SecurityRoleNo
from seatwright.domain.security_roles import DefaultRoleRule, SecurityRole
from seatwright.postgres.platform_things import environment_of
from seatwright.postgres.transaction import Transaction

_ROLE: Final = """
select r.role_no, r.id, e.environment_no, e.id, e.name, e.is_managed, r.name, r.gives_data,
       r.is_built_in,
       (select count(*) from user_security_role u
         where u.tenant_id = r.tenant_id and u.role_no = r.role_no),
       (select count(*) from group_team_role g
         where g.tenant_id = r.tenant_id and g.role_no = r.role_no),
       r.created_at
  from security_role r
  join environment e on e.tenant_id = r.tenant_id and e.environment_no = r.environment_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """A security role to store."""

    role_no: SecurityRoleNo
    id: UUID
    environment: EnvironmentNo
    name: str
    gives_data: bool
    is_built_in: bool = False


def _of(row: TupleRow) -> SecurityRole:
    return SecurityRole(
        role_no=SecurityRoleNo(row[0]),
        id=row[1],
        environment=environment_of(row[2:6]),
        name=row[6],
        gives_data=row[7],
        is_built_in=row[8],
        user_count=row[9],
        group_count=row[10],
        created_at=row[11],
    )


async def list_roles(
    tx: Transaction, *, environment: EnvironmentNo | None, after: tuple[int, str], limit: int
) -> list[SecurityRole]:
    """Security roles by environment and name, of one environment or of all."""
    where = ""
    values: tuple[int, ...] = ()
    if environment is not None:
        where, values = " and r.environment_no = %s", (environment,)
    cursor = await tx.connection.execute(
        f"{_ROLE} where r.tenant_id = %s{where} and (r.environment_no, r.name_key) > (%s, %s)"
        " order by r.environment_no, r.name_key limit %s",
        (tx.tenant_id, *values, *after, limit),
    )
    return [_of(row) for row in await cursor.fetchall()]


async def role_by_id(tx: Transaction, role_id: UUID) -> SecurityRole | None:
    """The security role with this id."""
    cursor = await tx.connection.execute(
        f"{_ROLE} where r.tenant_id = %s and r.id = %s", (tx.tenant_id, role_id)
    )
    row = await cursor.fetchone()
    return None if row is None else _of(row)


async def roles_of_environments(
    tx: Transaction, environments: Sequence[EnvironmentNo]
) -> list[SecurityRole]:
    """Every security role of these environments."""
    cursor = await tx.connection.execute(
        f"{_ROLE} where r.tenant_id = %s and r.environment_no = any(%s) order by r.role_no",
        (tx.tenant_id, list(environments)),
    )
    return [_of(row) for row in await cursor.fetchall()]


async def insert_roles(tx: Transaction, roles: Sequence[NewRole], *, at: datetime) -> bool:
    """Store security roles; False, and none of them stored, when an environment has the name."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "insert into security_role (tenant_id, role_no, id, environment_no, name, name_key,"
                " gives_data, is_built_in, created_at)"
                " select %s, no, id, environment, name, name_key, gives_data, built_in, %s"
                " from unnest(%s::int4[], %s::uuid[], %s::int4[], %s::text[], %s::text[],"
                " %s::boolean[], %s::boolean[])"
                " as new (no, id, environment, name, name_key, gives_data, built_in)",
                (
                    tx.tenant_id,
                    at,
                    [role.role_no for role in roles],
                    [role.id for role in roles],
                    [role.environment for role in roles],
                    [role.name for role in roles],
                    [text_key(role.name) for role in roles],
                    [role.gives_data for role in roles],
                    [role.is_built_in for role in roles],
                ),
            )
    except UniqueViolation:
        return False
    return True


async def lock_role(tx: Transaction, role: SecurityRoleNo) -> None:
    """Keep a role from being deleted until the transaction ends."""
    await tx.connection.execute(
        "select from security_role where tenant_id = %s and role_no = %s for key share",
        (tx.tenant_id, role),
    )


async def delete_role(tx: Transaction, role: SecurityRoleNo) -> None:
    """Forget a security role, and that anybody has it."""
    await tx.connection.execute(
        "delete from security_role where tenant_id = %s and role_no = %s", (tx.tenant_id, role)
    )


_RULE: Final = "select rule_no, id, sku_no, solution, role_name, created_at from default_role_rule"


def _rule_of(row: TupleRow) -> DefaultRoleRule:
    return DefaultRoleRule(
        rule_no=row[0],
        id=row[1],
        sku=None if row[2] is None else SkuNo(row[2]),
        solution=row[3],
        role_name=row[4],
        created_at=row[5],
    )


async def list_rules(tx: Transaction) -> list[DefaultRoleRule]:
    """Every default role, in the order in which they were made."""
    cursor = await tx.connection.execute(
        f"{_RULE} where tenant_id = %s order by rule_no", (tx.tenant_id,)
    )
    return [_rule_of(row) for row in await cursor.fetchall()]


async def insert_rules(tx: Transaction, rules: Sequence[DefaultRoleRule]) -> int:
    """Store default roles; how many of them were not there before."""
    cursor = await tx.connection.execute(
        "insert into default_role_rule (tenant_id, rule_no, id, sku_no, solution, solution_key,"
        " role_name, created_at)"
        " select %s, no, id, sku, solution, key, role, at"
        " from unnest(%s::int4[], %s::uuid[], %s::int2[], %s::text[], %s::text[], %s::text[],"
        " %s::timestamptz[]) as new (no, id, sku, solution, key, role, at)"
        " on conflict do nothing",
        (
            tx.tenant_id,
            [rule.rule_no for rule in rules],
            [rule.id for rule in rules],
            [rule.sku for rule in rules],
            [rule.solution for rule in rules],
            [rule.solution and text_key(rule.solution) for rule in rules],
            [rule.role_name for rule in rules],
            [rule.created_at for rule in rules],
        ),
    )
    return cursor.rowcount


async def delete_rule(tx: Transaction, rule_id: UUID) -> bool:
    """Forget a default role; whether there was one."""
    cursor = await tx.connection.execute(
        "delete from default_role_rule where tenant_id = %s and id = %s", (tx.tenant_id, rule_id)
    )
    return cursor.rowcount > 0


async def sku_numbers_of(tx: Transaction, part_numbers: Sequence[str]) -> dict[str, SkuNo]:
    """The products with these part numbers, by the part number as it was given."""
    cursor = await tx.connection.execute(
        "select part_number_key, min(sku_no) from sku"
        " where tenant_id = %s and part_number_key = any(%s) group by part_number_key",
        (tx.tenant_id, [lookup_key(text) for text in part_numbers]),
    )
    found = {row[0]: SkuNo(row[1]) for row in await cursor.fetchall()}
    return {text: found[lookup_key(text)] for text in part_numbers if lookup_key(text) in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """One line of a file of security roles: a person, or a group by its id."""

    environment: str
    role: str
    upn: str | None
    group: UUID | None
    role_no: int
    holder_no: int


_LINE: Final = """
select e.name, r.name, {0}, h.role_no, h.{1}
  from {2} h
  join {3} on who.tenant_id = h.tenant_id and who.{1} = h.{1} and who.deleted_at is null
  join security_role r on r.tenant_id = h.tenant_id and r.role_no = h.role_no
  join environment e on e.tenant_id = r.tenant_id and e.environment_no = r.environment_no
 where h.tenant_id = %s and (h.role_no, h.{1}) > (%s, %s) order by h.role_no, h.{1} limit %s
"""
_LINES: Final = (
    _LINE.format("who.upn, null::uuid", "user_no", "user_security_role", "app_user who"),
    _LINE.format("null, who.id", "group_no", "group_team_role", "app_group who"),
)


async def role_lines(
    tx: Transaction, after: tuple[int, int], *, of_teams: bool, limit: int
) -> list[RoleLine]:
    """Who has which role directly, or which group teams have it, by role and holder."""
    cursor = await tx.connection.execute(_LINES[of_teams], (tx.tenant_id, *after, limit))
    return [_line(*row) for row in await cursor.fetchall()]


def _line(
    environment: str, role: str, upn: str | None, group: UUID | None, *place: int
) -> RoleLine:
    return RoleLine(
        environment=environment,
        role=role,
        upn=upn,
        group=group,
        role_no=place[0],
        holder_no=place[1],
    )
