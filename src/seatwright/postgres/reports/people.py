"""People as reports list them, block by block: each in the order of an index, and bounded.

A block is read whole and what its people hold is asked for all of them at once, so a page of a
report costs a few round trips however large the tenant is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import TupleRow

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reports.columns import Cells
from seatwright.postgres.transaction import Transaction

_FACTS = (
    "u.user_no, u.id::text, u.display_name, u.upn, u.department, u.cost_center, m.display_name,"
    " u.last_sign_in_at, u.is_enabled, u.usage_location, u.created_at"
)
# The page is cut out of the index first; only then are managers looked up.
_BY_NUMBER = f"""
select {_FACTS}
  from (select * from app_user where tenant_id = %s and user_no >= %s and deleted_at is null
         order by user_no limit %s) u
  left join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no
 order by u.user_no
"""
_LONGEST_AGO_FIRST = f"""
select {_FACTS}
  from (select * from app_user where tenant_id = %s and deleted_at is null
           and (last_sign_in_at, user_no) >= (%s, %s) and last_sign_in_at < %s
         order by last_sign_in_at, user_no limit %s) u
  left join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no
 order by u.last_sign_in_at, u.user_no
"""
_NEVER_SIGNED_IN = f"""
select {_FACTS}
  from (select * from app_user where tenant_id = %s and deleted_at is null
           and last_sign_in_at is null and user_no >= %s
         order by user_no limit %s) u
  left join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no
 order by u.user_no
"""
_HELD = """
select l.user_no, l.sku_no, l.since, l.source_kind, l.source_no from effective_license l
 where l.tenant_id = %s and l.user_no = any(%s) order by l.user_no, l.sku_no
"""
# The first reason of several in the order of their codes, and the oldest of their times.
_MISSING = """
select e.user_no, e.sku_no, min(e.reason), min(e.waiting_since) from license_error e
 where e.tenant_id = %s and e.user_no = any(%s)
 group by e.user_no, e.sku_no order by e.user_no, e.sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPerson:
    """A person; `cells` are those of the columns that all lists of people share."""

    user_no: UserNo
    cells: Cells
    last_sign_in_at: datetime | None
    is_enabled: bool
    usage_location: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSeat:
    """A product that a person holds, and what gives it."""

    user_no: UserNo
    sku: SkuNo
    since: datetime
    source_kind: int
    source_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSeat:
    """A product that a person is meant to have and does not get, or only with an error."""

    user_no: UserNo
    sku: SkuNo
    reason: str
    since: datetime


def _person(row: TupleRow) -> ReportPerson:
    return ReportPerson(
        user_no=UserNo(row[0]),
        cells=tuple(row[1:9]),
        last_sign_in_at=row[7],
        is_enabled=row[8],
        usage_location=row[9],
        created_at=row[10],
    )


async def people_by_number(tx: Transaction, *, first: int, limit: int) -> list[ReportPerson]:
    """People who are not deleted, from a number on."""
    cursor = await tx.connection.execute(_BY_NUMBER, (tx.tenant_id, first, limit))
    return [_person(row) for row in await cursor.fetchall()]


async def people_longest_ago_first(
    tx: Transaction, *, first: tuple[datetime | str, int], before: datetime, limit: int
) -> list[ReportPerson]:
    """People whose last sign-in was before a moment, longest ago first, from a place on."""
    cursor = await tx.connection.execute(_LONGEST_AGO_FIRST, (tx.tenant_id, *first, before, limit))
    return [_person(row) for row in await cursor.fetchall()]


async def people_never_signed_in(tx: Transaction, *, first: int, limit: int) -> list[ReportPerson]:
    """People of whom no sign-in is known, from a number on."""
    cursor = await tx.connection.execute(_NEVER_SIGNED_IN, (tx.tenant_id, first, limit))
    return [_person(row) for row in await cursor.fetchall()]


async def seats_held(tx: Transaction, users: Sequence[UserNo]) -> list[HeldSeat]:
    """What these people hold, by person and product."""
    cursor = await tx.connection.execute(_HELD, (tx.tenant_id, list(users)))
    return [
        HeldSeat(user_no=row[0], sku=row[1], since=row[2], source_kind=row[3], source_no=row[4])
        for row in await cursor.fetchall()
    ]


async def seats_missing(tx: Transaction, users: Sequence[UserNo]) -> list[MissingSeat]:
    """What these people have errors with, by person and product."""
    cursor = await tx.connection.execute(_MISSING, (tx.tenant_id, list(users)))
    return [
        MissingSeat(user_no=row[0], sku=row[1], reason=row[2], since=row[3])
        for row in await cursor.fetchall()
    ]
