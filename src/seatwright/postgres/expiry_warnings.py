"""Warnings before assignments end: what has come near, which are due, and which were given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import TupleRow

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# The nearest warning of an assignment that ends soon, unless that one, or a nearer one, was given
# for the same end: after an outage nobody is told twice over. Holds (4) end with their approval.
# Whoever is deleted gets no mail, and finds it in their inbox when they are restored.
_DUE = """
select a.assignment_no, a.user_no, a.sku_no, a.expires_at, near.days, u.display_name
  from {these}
  join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no
 cross join lateral (
       select min(d) as days from unnest(%(days)s::int2[]) d
        where a.expires_at <= %(now)s + make_interval(days => d)) near
  left join expiry_warning w on w.tenant_id = a.tenant_id and w.assignment_no = a.assignment_no
 where a.tenant_id = %(tenant)s and a.user_no is not null
   and a.expires_at > %(after)s and a.expires_at <= %(until)s
   and a.source_kind <> 4 and (a.starts_at is null or a.starts_at <= %(now)s)
   and (w.expires_at is null or w.expires_at <> a.expires_at or w.days > near.days)
"""
_COME_NEAR = (
    _DUE.format(these="assignment a") + " order by a.expires_at, a.assignment_no limit %(limit)s"
)
# A fence keeps these few from being looked for among all that end in the window.
_UNSEEN = _DUE.format(
    these="(select * from assignment where tenant_id = %(tenant)s"
    " and assignment_no = any(%(unseen)s::int8[]) offset 0) a"
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Ends after one moment and up to another, looked at `now` for these numbers of days."""

    days: Sequence[int]
    now: datetime
    after: datetime
    until: datetime


async def hold_looks(tx: Transaction, days: Sequence[int]) -> dict[int, datetime | None]:
    """Up to which end each of these numbers of days was looked for, held until the call is over.

    A number that the organization has no more is forgotten: should it come back, all is looked at.
    """
    held = await _held_looks(tx)
    if set(held) != set(days):
        await tx.connection.execute(
            "delete from expiry_look where tenant_id = %s and days <> all(%s::int2[])",
            (tx.tenant_id, list(days)),
        )
        await tx.connection.execute(
            "insert into expiry_look (tenant_id, days) select %s, unnest(%s::int2[])"
            " on conflict do nothing",
            (tx.tenant_id, sorted(days)),
        )
        held = await _held_looks(tx)
    return held


async def _held_looks(tx: Transaction) -> dict[int, datetime | None]:
    cursor = await tx.connection.execute(
        "select days, seen_until from expiry_look where tenant_id = %s order by days for update",
        (tx.tenant_id,),
    )
    return dict(await cursor.fetchall())


async def move_look(tx: Transaction, days: int, *, until: datetime) -> None:
    """Keep that all ends up to a moment were looked at for a number of days."""
    await tx.connection.execute(
        "update expiry_look set seen_until = %s where tenant_id = %s and days = %s",
        (until, tx.tenant_id, days),
    )


async def come_near(tx: Transaction, window: Window, *, limit: int) -> tuple[DueWarning, ...]:
    """Warnings that are due of assignments that end in a window, first end first."""
    cursor = await tx.connection.execute(_COME_NEAR, _parameters(tx, window, limit=limit))
    return tuple(_due(row) for row in await cursor.fetchall())


async def take_unseen(tx: Transaction, *, limit: int) -> tuple[int, ...]:
    """Take assignments that were written since the last look, oldest first; one may come twice."""
    cursor = await tx.connection.execute(
        "delete from expiry_unseen where tenant_id = %(tenant)s and unseen_no in ("
        " select unseen_no from expiry_unseen where tenant_id = %(tenant)s"
        "  order by unseen_no limit %(limit)s for update skip locked) returning assignment_no",
        {"tenant": tx.tenant_id, "limit": limit},
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def due_of(
    tx: Transaction, window: Window, assignments: Sequence[int]
) -> tuple[DueWarning, ...]:
    """Warnings that are due of these assignments, as far as they end in a window."""
    parameters = {**_parameters(tx, window, limit=0), "unseen": list(assignments)}
    cursor = await tx.connection.execute(_UNSEEN, parameters)
    return tuple(_due(row) for row in await cursor.fetchall())


def _parameters(tx: Transaction, window: Window, *, limit: int) -> dict[str, object]:
    return {
        "tenant": tx.tenant_id,
        "days": list(window.days),
        "now": window.now,
        "after": window.after,
        "until": window.until,
        "limit": limit,
    }


def _due(row: TupleRow) -> DueWarning:
    return DueWarning(
        assignment_no=row[0],
        user=UserNo(row[1]),
        sku=SkuNo(row[2]),
        expires_at=row[3],
        days=row[4],
        display_name=row[5],
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


async def forget_warnings(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget warnings of ends that are over, the oldest first; how many."""
    cursor = await tx.connection.execute(
        "delete from expiry_warning where tenant_id = %(tenant)s and assignment_no in ("
        " select assignment_no from expiry_warning"
        "  where tenant_id = %(tenant)s and expires_at < %(before)s"
        "  order by expires_at limit %(limit)s)",
        {"tenant": tx.tenant_id, "before": before, "limit": limit},
    )
    return cursor.rowcount


async def names_of_people(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, str]:
    """What these people are called."""
    cursor = await tx.connection.execute(
        "select user_no, display_name from app_user where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(user): name for user, name in await cursor.fetchall()}
