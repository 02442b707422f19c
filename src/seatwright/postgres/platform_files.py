"""Rows for files: with whom apps are shared, and who was given which security role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from seatwright.domain.platform import AppNo
from seatwright.postgres.transaction import Transaction


async def shares_of_apps(tx: Transaction, apps: Sequence[AppNo]) -> dict[AppNo, list[str]]:
    """With whom each of these apps is shared, one by one: `group:ID`, then people by name."""
    cursor = await tx.connection.execute(
        "select app_no, text from ("
        " select s.app_no, 0 as kind, 'group:' || g.id as text from app_shared_group s"
        "  join app_group g on g.tenant_id = s.tenant_id and g.group_no = s.group_no"
        "  where s.tenant_id = %s and s.app_no = any(%s) and g.deleted_at is null"
        " union all select s.app_no, 1, u.upn from app_shared_user s"
        "  join app_user u on u.tenant_id = s.tenant_id and u.user_no = s.user_no"
        "  where s.tenant_id = %s and s.app_no = any(%s) and u.deleted_at is null"
        ") as shared order by app_no, kind, text",
        (tx.tenant_id, list(apps), tx.tenant_id, list(apps)),
    )
    found: dict[AppNo, list[str]] = {}
    for app, text in await cursor.fetchall():
        found.setdefault(AppNo(app), []).append(text)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """One line of a file of security roles: a person, or a group by its id."""

    environment: str
    role: str
    upn: str | None
    group: UUID | None
    role_no: int
    holder_no: int


async def user_role_lines(tx: Transaction, after: tuple[int, int], *, limit: int) -> list[RoleLine]:
    """Who has which role directly, by role and person."""
    cursor = await tx.connection.execute(
        "select e.name, r.name, u.upn, null::uuid, h.role_no, h.user_no"
        " from user_security_role h"
        " join app_user u on u.tenant_id = h.tenant_id and u.user_no = h.user_no"
        " join security_role r on r.tenant_id = h.tenant_id and r.role_no = h.role_no"
        " join environment e on e.tenant_id = r.tenant_id"
        "  and e.environment_no = r.environment_no"
        " where h.tenant_id = %s and (h.role_no, h.user_no) > (%s, %s) and u.deleted_at is null"
        " order by h.role_no, h.user_no limit %s",
        (tx.tenant_id, *after, limit),
    )
    return [_line(*row) for row in await cursor.fetchall()]


async def team_role_lines(tx: Transaction, after: tuple[int, int], *, limit: int) -> list[RoleLine]:
    """Which group teams have which role, by role and group."""
    cursor = await tx.connection.execute(
        "select e.name, r.name, null, g.id, h.role_no, h.group_no"
        " from group_team_role h"
        " join app_group g on g.tenant_id = h.tenant_id and g.group_no = h.group_no"
        " join security_role r on r.tenant_id = h.tenant_id and r.role_no = h.role_no"
        " join environment e on e.tenant_id = r.tenant_id"
        "  and e.environment_no = r.environment_no"
        " where h.tenant_id = %s and (h.role_no, h.group_no) > (%s, %s) and g.deleted_at is null"
        " order by h.role_no, h.group_no limit %s",
        (tx.tenant_id, *after, limit),
    )
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
