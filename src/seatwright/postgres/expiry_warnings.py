"""Warnings before assignments end: which are due, and which were given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# The nearest warning of each assignment that ends soon, unless that one, or a nearer one, was given
# for the same end: after an outage nobody is told twice over. Holds (4) end with their approval.
_DUE = """
select a.assignment_no, a.user_no, a.sku_no, a.expires_at, near.days, u.display_name
  from assignment a
  join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no and u.deleted_at is null
 cross join lateral (
       select min(d) as days from unnest(%(days)s::int2[]) d
        where a.expires_at <= %(now)s + make_interval(days => d)) near
  left join expiry_warning w on w.tenant_id = a.tenant_id and w.assignment_no = a.assignment_no
 where a.tenant_id = %(tenant)s and a.user_no is not null
   and a.expires_at > %(now)s and a.expires_at <= %(horizon)s
   and a.source_kind <> 4 and (a.starts_at is null or a.starts_at <= %(now)s)
   and (w.expires_at is null or w.expires_at <> a.expires_at or w.days > near.days)
 order by a.expires_at, a.assignment_no
 limit %(limit)s
"""
_GIVEN = """
insert into expiry_warning (tenant_id, assignment_no, expires_at, days)
select %s, line.* from unnest(%s::int8[], %s::timestamptz[], %s::int2[]) line
on conflict (tenant_id, assignment_no) do update
   set expires_at = excluded.expires_at, days = excluded.days
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWarning:
    """An assignment that ends within `days`, of which its person is to be told."""

    assignment_no: int
    user: UserNo
    sku: SkuNo
    expires_at: datetime
    days: int
    display_name: str


async def due_warnings(
    tx: Transaction, days: Sequence[int], *, now: datetime, horizon: datetime, limit: int
) -> tuple[DueWarning, ...]:
    """Warnings that are due at one of these numbers of days before the end, first end first."""
    parameters = {
        "tenant": tx.tenant_id,
        "days": list(days),
        "now": now,
        "horizon": horizon,
        "limit": limit,
    }
    cursor = await tx.connection.execute(_DUE, parameters)
    return tuple(
        DueWarning(
            assignment_no=row[0],
            user=UserNo(row[1]),
            sku=SkuNo(row[2]),
            expires_at=row[3],
            days=row[4],
            display_name=row[5],
        )
        for row in await cursor.fetchall()
    )


async def note_warnings(tx: Transaction, given: Sequence[DueWarning]) -> None:
    """Keep that these were given."""
    await tx.connection.execute(
        _GIVEN,
        (
            tx.tenant_id,
            [one.assignment_no for one in given],
            [one.expires_at for one in given],
            [one.days for one in given],
        ),
    )


async def forget_warnings(tx: Transaction, *, before: datetime) -> None:
    """Forget warnings of ends that are over."""
    await tx.connection.execute(
        "delete from expiry_warning where tenant_id = %s and expires_at < %s",
        (tx.tenant_id, before),
    )


async def names_of_people(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, str]:
    """What these people are called."""
    cursor = await tx.connection.execute(
        "select user_no, display_name from app_user where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(user): name for user, name in await cursor.fetchall()}
