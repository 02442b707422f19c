"""Who administers the service as a whole, as it was stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.directory import PersonRef
from seatwright.domain.ids import UserNo
from seatwright.domain.security_roles import AdministratorRole
from seatwright.postgres.platform_holders import Given
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Somebody who administers the service."""

    person: PersonRef
    role: AdministratorRole
    since: datetime


async def list_administrators(tx: Transaction, *, after: int, limit: int) -> list[Administrator]:
    """Those who were stated, by number."""
    cursor = await tx.connection.execute(
        "select u.user_no, u.id, u.upn, u.display_name, a.role, a.since"
        " from service_administrator a"
        " join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no"
        " where a.tenant_id = %s and a.user_no > %s and u.deleted_at is null"
        " order by a.user_no limit %s",
        (tx.tenant_id, after, limit),
    )
    return [
        Administrator(
            person=PersonRef(
                user_no=UserNo(row[0]),
                id=row[1],
                user_principal_name=row[2],
                display_name=row[3],
            ),
            role=AdministratorRole(row[4]),
            since=row[5],
        )
        for row in await cursor.fetchall()
    ]


async def write_administrator(
    tx: Transaction, user: UserNo, role: AdministratorRole, given: Given
) -> bool:
    """State that somebody administers the service; whether that is new."""
    cursor = await tx.connection.execute(
        "insert into service_administrator (tenant_id, user_no, role, since, given_by)"
        " values (%s, %s, %s, %s, %s) on conflict (tenant_id, user_no) do update"
        " set role = excluded.role, since = excluded.since, given_by = excluded.given_by"
        " where service_administrator.role <> excluded.role",
        (tx.tenant_id, user, role.value, given.at, given.by),
    )
    return cursor.rowcount > 0


async def remove_administrator(tx: Transaction, user: UserNo) -> bool:
    """State that somebody no longer administers the service; whether they did."""
    cursor = await tx.connection.execute(
        "delete from service_administrator where tenant_id = %s and user_no = %s",
        (tx.tenant_id, user),
    )
    return cursor.rowcount > 0
