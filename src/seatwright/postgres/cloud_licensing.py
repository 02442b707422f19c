"""Pages of wishes, rights and errors as Graph's `cloudLicensing` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.sql import SQL

from seatwright.domain.ids import ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# A held removal (source 4) is no assignment: it is what keeps a license until somebody decides.
_ASSIGNMENTS: Final = SQL("""
select a.assignment_no, a.sku_no, a.disabled_set, u.id, g.id
  from assignment a
  left join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no
  left join app_group g on g.tenant_id = a.tenant_id and g.group_no = a.group_no
 where a.tenant_id = %s and a.assignment_no > %s and a.source_kind <> 4
   and u.deleted_at is null
   and {whose}
 order by a.assignment_no limit %s
""")
# Two statements, so that the plan for one person is made for one person.
_OF_ALL: Final = _ASSIGNMENTS.format(whose=SQL("true"))
_OF_ONE: Final = _ASSIGNMENTS.format(whose=SQL("a.user_no = %s"))
# One row for each person and product, however many sources fail (MCL-008): the earliest.
_ERRORS: Final = """
select distinct on (e.user_no, e.sku_no)
       e.user_no, e.sku_no, e.reason, e.waiting_since, u.id
  from license_error e
  join app_user u on u.tenant_id = e.tenant_id and u.user_no = e.user_no
 where e.tenant_id = %s and (e.user_no, e.sku_no) > (%s, %s)
 order by e.user_no, e.sku_no, e.waiting_since, e.source_kind, e.source_no limit %s
"""
_RIGHTS: Final = """
select sku_no, enabled_set, since from effective_license
 where tenant_id = %s and user_no = %s order by sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """A wish for a person or for a group: exactly one of the ids is there."""

    assignment_no: int
    sku: SkuNo
    disabled_set: ServicePlanSetId
    user_id: UUID | None
    group_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """Why a person does not have a product that somebody wished for them."""

    user: UserNo
    sku: SkuNo
    reason: str
    since: datetime
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RightRow:
    """What a person may use of a product, whatever gives it."""

    sku: SkuNo
    enabled_set: ServicePlanSetId
    since: datetime


async def read_assignments(
    tx: Transaction, *, after: int, limit: int, user: UserNo | None = None
) -> tuple[AssignmentRow, ...]:
    """Wishes in the order in which they were made, of everybody or of one person."""
    if user is None:
        cursor = await tx.connection.execute(_OF_ALL, (tx.tenant_id, after, limit))
    else:
        cursor = await tx.connection.execute(_OF_ONE, (tx.tenant_id, after, user, limit))
    return tuple(
        AssignmentRow(
            assignment_no=row[0],
            sku=SkuNo(row[1]),
            disabled_set=ServicePlanSetId(row[2]),
            user_id=row[3],
            group_id=row[4],
        )
        for row in await cursor.fetchall()
    )


async def read_assignment_errors(
    tx: Transaction, *, after: tuple[int, int], limit: int
) -> tuple[ErrorRow, ...]:
    """Errors in the order of person and product."""
    cursor = await tx.connection.execute(_ERRORS, (tx.tenant_id, *after, limit))
    return tuple(
        ErrorRow(
            user=UserNo(row[0]),
            sku=SkuNo(row[1]),
            reason=row[2],
            since=row[3],
            user_id=row[4],
        )
        for row in await cursor.fetchall()
    )


async def read_usage_rights(tx: Transaction, user: UserNo) -> tuple[RightRow, ...]:
    """What a person holds."""
    cursor = await tx.connection.execute(_RIGHTS, (tx.tenant_id, user))
    return tuple(
        RightRow(sku=SkuNo(row[0]), enabled_set=ServicePlanSetId(row[1]), since=row[2])
        for row in await cursor.fetchall()
    )
