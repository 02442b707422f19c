"""The floor of I1: what joining a licensed group locks, reads and writes, by hand in psycopg.

It knows beforehand which product the group gives and that nothing stands in the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import psycopg

from benchmarks.floor import FIND_USER, LOCK_USER
from seatwright.domain.history import HistoryAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The group to join, and what it gives."""

    tenant_id: int
    group_id: str
    group_no: int
    sku_no: int
    enabled_set: int


_SEE: Final = """
select set_config('seatwright.tenant', %s, true), set_config('seatwright.correlation', %s, true),
       set_config('seatwright.at', %s, true), set_config('seatwright.principal', '0', true)
"""
_FIND_GROUP: Final = "select group_no from app_group where tenant_id = %s and id = %s"
_HOLD_GROUP: Final = "select pg_advisory_xact_lock_shared(%s, %s)"
# The pools of what the person holds too, because any of it could go.
_LOCK_POOLS: Final = """
select assignable, consumed, reserved from sku_pool p
 where tenant_id = %(tenant)s and (sku_no = %(sku)s or exists (
    select from effective_license l where l.tenant_id = p.tenant_id and l.user_no = %(user)s
       and l.sku_no = p.sku_no))
 order by sku_no for no key update
"""
_READS: Final = (
    """select sku_no, disabled_set, priority from assignment
        where tenant_id = %s and user_no = any(%s)""",
    # Groups inside groups count, so the way up is walked.
    """with recursive reach as (
           select tenant_id, user_no, group_no from membership
            where tenant_id = %s and user_no = any(%s)
           union
           select r.tenant_id, r.user_no, n.parent_no from reach r
             join group_nesting n on n.tenant_id = r.tenant_id and n.child_no = r.group_no)
       select a.sku_no, a.disabled_set, a.priority from reach r
         join assignment a on a.tenant_id = r.tenant_id and a.group_no = r.group_no""",
    "select sku_no, enabled_set from effective_license where tenant_id = %s and user_no = any(%s)",
    "select sku_no, reason from license_error where tenant_id = %s and user_no = any(%s)",
)
_MEMBERSHIP: Final = """
insert into membership (tenant_id, user_no, group_no, since) values (%s, %s, %s, %s)
"""
_LICENSE: Final = """
insert into effective_license
    (tenant_id, user_no, enabled_set, source_no, sku_no, source_kind, strategy, since)
values (%s, %s, %s, %s, %s, 1, 1, %s)
"""
_HISTORY: Final = """
insert into history_event (tenant_id, at, action, reason, strategy, principal_no, user_no, group_no,
    sku_no, source_kind, source_no, after_set, correlation)
values (%(tenant)s, %(at)s, %(added)s, null, null, 0, %(user)s, %(group)s, null, null, null, null,
        %(correlation)s),
       (%(tenant)s, %(at)s, %(granted)s, 'groupJoined', 1, 0, %(user)s, null, %(sku)s, 1, %(group)s,
        %(set)s, %(correlation)s)
"""
_POOL: Final = """
update sku_pool set consumed = consumed + 1 where tenant_id = %s and sku_no = %s
"""


def join_one(
    connection: psycopg.Connection[Any], joining: Joining, upn: str, *, at: datetime
) -> None:
    """Find, lock and read, write and commit: each a round trip of one pipeline."""
    tenant, correlation = joining.tenant_id, uuid4()
    with connection.pipeline():
        # The triggers keep the journal of wishes for it as they do for a call.
        connection.execute(_SEE, (str(tenant), str(correlation), at.isoformat()))
        connection.execute(_FIND_GROUP, (tenant, joining.group_id))
        connection.execute(_HOLD_GROUP, (tenant, joining.group_no))
        found = connection.execute(FIND_USER, (tenant, upn))
    row = found.fetchone()
    assert row is not None, "the person is there"
    values = {
        "tenant": tenant,
        "user": row[0],
        "group": joining.group_no,
        "sku": joining.sku_no,
        "set": joining.enabled_set,
        "at": at,
        "added": HistoryAction.MEMBER_ADDED.value,
        "granted": HistoryAction.GRANTED.value,
        "correlation": correlation,
    }
    with connection.pipeline():
        pools = connection.execute(_LOCK_POOLS, values)
        person = connection.execute(LOCK_USER, (tenant, [row[0]]))
        read = [connection.execute(one, (tenant, [row[0]])) for one in _READS]
    for cursor in (pools, person, *read):
        cursor.fetchall()
    with connection.pipeline():
        connection.execute(_MEMBERSHIP, (tenant, row[0], joining.group_no, at))
        license_ = (tenant, row[0], joining.enabled_set, joining.group_no, joining.sku_no, at)
        connection.execute(_LICENSE, license_)
        connection.execute(_HISTORY, values)
        connection.execute(_POOL, (tenant, joining.sku_no))
        connection.commit()
