"""The floors: the same locks, reads and rows as the product's, by hand in plain psycopg.

They check no rule, speak no HTTP and know nobody; what the product takes on top is what rules,
answers, roles and history's ids cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorTenant:
    """Where the floor writes: a tenant, one of its products, and the set of all its plans."""

    tenant_id: int
    sku_no: int
    enabled_set: int


_LOCK_POOL = """
select assignable, consumed, reserved from sku_pool
 where tenant_id = %s and sku_no = any(%s) order by sku_no for no key update
"""
LOCK_USER = """
select user_no, usage_location, deleted_at is not null from app_user
 where tenant_id = %s and user_no = any(%s) order by user_no for no key update
"""
FIND_USER = "select user_no from app_user where tenant_id = %s and upn_key = %s"
_READS = (
    """select sku_no, disabled_set, priority from assignment
        where tenant_id = %s and user_no = any(%s)""",
    """select a.sku_no, a.disabled_set, a.priority from membership m
         join assignment a on a.tenant_id = m.tenant_id and a.group_no = m.group_no
        where m.tenant_id = %s and m.user_no = any(%s)""",
    "select sku_no, enabled_set from effective_license where tenant_id = %s and user_no = any(%s)",
    "select sku_no, reason from license_error where tenant_id = %s and user_no = any(%s)",
)
_ASSIGNMENTS = """
insert into assignment (tenant_id, user_no, sku_no, disabled_set, strategy, created_at, created_by)
select %s, line.user_no, %s, 0, 0, %s, 0 from unnest(%s::int4[]) as line (user_no)
"""
_LICENSES = """
insert into effective_license
    (tenant_id, user_no, enabled_set, source_no, sku_no, source_kind, strategy, since)
select %s, line.user_no, %s, 0, %s, 0, 0, %s from unnest(%s::int4[]) as line (user_no)
"""
_HISTORY = """
insert into history_event (tenant_id, at, action, reason, strategy, principal_no, user_no, sku_no,
    source_kind, source_no, before_set, after_set, correlation)
select %s, %s, %s, %s, 0, 0, line.user_no, %s, 0, 0, %s, %s, %s
  from unnest(%s::int4[]) as line (user_no)
"""
_POOL = "update sku_pool set consumed = consumed + %s where tenant_id = %s and sku_no = %s"
_UNASSIGN = """
delete from assignment a using unnest(%s::int4[]) as gone (user_no)
 where a.tenant_id = %s and a.user_no = gone.user_no and a.sku_no = %s
"""
_INTERVALS = """
insert into license_interval (tenant_id, user_no, sku_no, enabled_set, valid_from, valid_to)
select l.tenant_id, l.user_no, l.sku_no, l.enabled_set, l.since, %s
  from unnest(%s::int4[]) as gone (user_no) join effective_license l
    on l.tenant_id = %s and l.user_no = gone.user_no and l.sku_no = %s
"""
_REVOKE = """
delete from effective_license l using unnest(%s::int4[]) as gone (user_no)
 where l.tenant_id = %s and l.user_no = gone.user_no and l.sku_no = %s
"""


def see(connection: Connection, tenant: FloorTenant) -> None:
    """Open the transaction onto the tenant, as every call of the product does."""
    connection.execute("select set_config('seatwright.tenant', %s, true)", (str(tenant.tenant_id),))


def assign_one(connection: Connection, tenant: FloorTenant, upn: str, *, at: datetime) -> None:
    """One assignment: find, lock, read, write, commit, each in one round trip of a pipeline."""
    with connection.pipeline():
        see(connection, tenant)
        found = connection.execute(FIND_USER, (tenant.tenant_id, upn))
    row = found.fetchone()
    assert row is not None, "the person is there"
    user = row[0]
    with connection.pipeline():
        pool = connection.execute(_LOCK_POOL, (tenant.tenant_id, [tenant.sku_no]))
        person = connection.execute(LOCK_USER, (tenant.tenant_id, [user]))
        read = [connection.execute(one, (tenant.tenant_id, [user])) for one in _READS]
    for cursor in (pool, person, *read):
        cursor.fetchall()
    with connection.pipeline():
        write_assignments(connection, tenant, [int(str(user))], at=at)
        connection.execute(_POOL, (1, tenant.tenant_id, tenant.sku_no))
        connection.commit()


def write_assignments(
    connection: Connection, tenant: FloorTenant, users: Sequence[int], *, at: datetime
) -> None:
    """The rows of assignments, licenses and history, by bare `unnest` inserts."""
    numbers = list(users)
    connection.execute(_ASSIGNMENTS, (tenant.tenant_id, tenant.sku_no, at, numbers))
    connection.execute(
        _LICENSES, (tenant.tenant_id, tenant.enabled_set, tenant.sku_no, at, numbers)
    )
    _write_history(
        connection, tenant, numbers, at=at, told=(1, "assigned", None, tenant.enabled_set)
    )


def assign_many(
    connection: Connection, tenant: FloorTenant, users: Sequence[int], *, at: datetime
) -> None:
    """Many assignments in one transaction."""
    see(connection, tenant)
    write_assignments(connection, tenant, users, at=at)
    connection.execute(_POOL, (len(users), tenant.tenant_id, tenant.sku_no))
    connection.commit()


def remove_many(
    connection: Connection, tenant: FloorTenant, users: Sequence[int], *, at: datetime
) -> None:
    """Many removals in one transaction: the rows that go, the closed intervals, the history."""
    numbers = list(users)
    see(connection, tenant)
    connection.execute(_UNASSIGN, (numbers, tenant.tenant_id, tenant.sku_no))
    connection.execute(_INTERVALS, (at, numbers, tenant.tenant_id, tenant.sku_no))
    connection.execute(_REVOKE, (numbers, tenant.tenant_id, tenant.sku_no))
    _write_history(
        connection, tenant, numbers, at=at, told=(3, "unassigned", tenant.enabled_set, None)
    )
    connection.execute(_POOL, (-len(numbers), tenant.tenant_id, tenant.sku_no))
    connection.commit()


def _write_history(
    connection: Connection,
    tenant: FloorTenant,
    users: list[int],
    *,
    at: datetime,
    told: tuple[int, str, int | None, int | None],
) -> None:
    action, reason, before, after = told
    correlation: UUID = uuid4()
    connection.execute(
        _HISTORY,
        (
            tenant.tenant_id,
            at,
            action,
            reason,
            tenant.sku_no,
            before,
            after,
            correlation,
            users,
        ),
    )
