"""The rows of moves: who is moved, who waits, and what groups would give once they had moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.assignments import Strategy
from seatwright.domain.bulk import RowResult
from seatwright.domain.ids import GroupNo, JobNo, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE, STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

_BELOW = """
below as (
    select unnest(%(groups)s::int4[]) as group_no
    union
    select n.child_no from below join group_nesting n
        on %(nested)s and n.tenant_id = %(tenant)s and n.parent_no = below.group_no)
"""
_OWN = """
select a.user_no from assignment a
 where a.tenant_id = %(tenant)s and a.user_no is not null and a.sku_no = %(sku)s
   and a.source_kind in (0, 2, 3)
"""
_CHOSEN = f"{_OWN} and a.strategy = any(%(strategies)s)"
_MEMBERS = """
select m.user_no from below join membership m
    on m.tenant_id = %(tenant)s and m.group_no = below.group_no
"""
# Members who hold the product, and have no row of the job and no assignment of their own.
_LATECOMERS = f"""
select m.user_no from ({_MEMBERS}) m
  join effective_license l
    on l.tenant_id = %(tenant)s and l.user_no = m.user_no and l.sku_no = %(sku)s
 where not exists (select from job_row r
        where r.tenant_id = %(tenant)s and r.job_no = %(job)s and r.user_no = m.user_no)
   and not exists ({_OWN} and a.user_no = m.user_no)
"""
_INSERT = """
insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, action, user_no)
select u.tenant_id, %(job)s, %(first)s + row_number() over (order by u.user_no), u.upn,
       %(sku_text)s, 'move', u.user_no
  from app_user u
 where u.tenant_id = %(tenant)s and u.deleted_at is null and u.user_no in (select user_no from who)
"""
_INSERT_NAMED = """
insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, action, user_no)
select %s, %s, line.row_no, line.user_text, %s, 'move', line.user_no
  from unnest(%s::int4[], %s::text[], %s::int4[]) as line (row_no, user_text, user_no)
"""
_SLICE = """
select row_no, user_text, user_no, is_bridged from job_row
 where tenant_id = %s and job_no = %s and row_no > %s and outcome is null order by row_no limit %s
"""
_WAITING = """
select row_no, user_text, user_no, is_bridged from job_row
 where tenant_id = %s and job_no = %s and row_no > %s and outcome = 'waiting'
   and (%s or reason <> 'noSeatLeft')
 order by row_no limit %s
"""
_AS_IF = """
with recursive member as (
    select m.user_no, m.group_no, m.since from membership m
     where m.tenant_id = %(tenant)s and m.user_no = any(%(users)s)
       and m.group_no is distinct from %(leaving)s::int4
    union all
    select unnest(%(users)s::int4[]), %(joining)s::int4, %(now)s::timestamptz
), reach as (
    select user_no, group_no, since from member
    union
    select reach.user_no, n.parent_no, greatest(reach.since, n.since) from reach
      join group_nesting n
        on %(nested)s and n.tenant_id = %(tenant)s and n.child_no = reach.group_no
)
select user_no, group_no, min(since) from reach r
 where exists (select from assignment a where a.tenant_id = %(tenant)s and a.group_no = r.group_no)
 group by user_no, group_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """One person of a move; `user` is None for a text that names nobody."""

    row_no: int
    user_text: str
    user: UserNo | None
    is_bridged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People by what they have, instead of by name.

    Members of `groups`, `nested` also through groups inside them, and who has an assignment of
    their own of `own_sku` that came about by one of `strategies`.
    """

    groups: tuple[GroupNo, ...] = ()
    nested: bool = False
    own_sku: SkuNo | None = None
    strategies: frozenset[Strategy] = frozenset()


async def insert_named(
    tx: Transaction, job: JobNo, rows: Sequence[MoveRow], *, sku_text: str
) -> None:
    """Store the people of a move that names them."""
    await tx.connection.execute(
        _INSERT_NAMED,
        (
            tx.tenant_id,
            job,
            sku_text,
            [row.row_no for row in rows],
            [row.user_text for row in rows],
            [row.user for row in rows],
        ),
    )
    await _set_total(tx, job)


async def insert_crowd(tx: Transaction, job: JobNo, crowd: Crowd, *, sku_text: str) -> int:
    """Store the people of a move that says what they have; gives how many they are."""
    parts = [_MEMBERS] if crowd.groups else []
    parts += [_CHOSEN] if crowd.own_sku is not None else []
    who = f"with recursive {_BELOW}, who as ({' union '.join(parts)})"
    await tx.connection.execute(
        _placed(who),
        {
            **_crowd_values(tx, crowd),
            "job": job,
            "first": 0,
            "sku_text": sku_text,
        },
    )
    return await _set_total(tx, job)


async def insert_latecomers(tx: Transaction, job: JobNo, crowd: Crowd, *, sku_text: str) -> int:
    """Store who came to hold the product by the groups after the move began; gives how many."""
    who = f"with recursive {_BELOW}, who as ({_LATECOMERS})"
    cursor = await tx.connection.execute(
        "select coalesce(max(row_no), 0)::int4 from job_row where tenant_id = %s and job_no = %s",
        (tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    cursor = await tx.connection.execute(
        _placed(who),
        {
            **_crowd_values(tx, crowd),
            "job": job,
            "first": row[0] if row else 0,
            "sku_text": sku_text,
        },
    )
    await _set_total(tx, job)
    return cursor.rowcount


def _placed(who: str) -> str:
    """The insert with its people in the place that SQL has for them."""
    head, _, rest = _INSERT.partition("\nselect")
    return f"{head}\n{who}\nselect{rest}"


def _crowd_values(tx: Transaction, crowd: Crowd) -> dict[str, object]:
    return {
        "tenant": tx.tenant_id,
        "groups": list(crowd.groups),
        "nested": crowd.nested,
        "sku": crowd.own_sku,
        "strategies": [STRATEGY_TO_CODE[one] for one in sorted(crowd.strategies)],
    }


async def _set_total(tx: Transaction, job: JobNo) -> int:
    cursor = await tx.connection.execute(
        "update job set total = (select count(*) from job_row r where r.tenant_id = %s"
        " and r.job_no = %s) where tenant_id = %s and job_no = %s returning total",
        (tx.tenant_id, job, tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def read_rows(tx: Transaction, job: JobNo, *, after: int, limit: int) -> list[MoveRow]:
    """The next people who had no turn yet."""
    cursor = await tx.connection.execute(_SLICE, (tx.tenant_id, job, after, limit))
    return [_row(*row) for row in await cursor.fetchall()]


async def read_waiting(
    tx: Transaction, job: JobNo, *, after: int, limit: int, with_seats: bool
) -> list[MoveRow]:
    """The next people who could not be moved before; `with_seats` also those who lack a seat."""
    cursor = await tx.connection.execute(_WAITING, (tx.tenant_id, job, after, with_seats, limit))
    return [_row(*row) for row in await cursor.fetchall()]


def _row(row_no: int, user_text: str, user: int | None, is_bridged: bool) -> MoveRow:
    return MoveRow(
        row_no=row_no,
        user_text=user_text,
        user=None if user is None else UserNo(user),
        is_bridged=is_bridged,
    )


async def count_waiting(tx: Transaction, job: JobNo) -> int:
    """How many people of a move wait."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from job_row"
        " where tenant_id = %s and job_no = %s and outcome = 'waiting'",
        (tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def give_up_waiting(tx: Transaction, job: JobNo, result: RowResult) -> int:
    """Give everybody of a move who waits this outcome instead; gives how many they were."""
    cursor = await tx.connection.execute(
        "update job_row set outcome = %s, message = %s"
        " where tenant_id = %s and job_no = %s and outcome = 'waiting'",
        (result.outcome.value, result.message, tx.tenant_id, job),
    )
    return cursor.rowcount


async def mark_bridged(tx: Transaction, job: JobNo, users: Collection[UserNo]) -> None:
    """Note whom the move gave an assignment of their own for the time being."""
    await tx.connection.execute(
        "update job_row set is_bridged = true"
        " where tenant_id = %s and job_no = %s and user_no = any(%s)",
        (tx.tenant_id, job, sorted(users)),
    )


async def bridged_users(tx: Transaction, job: JobNo, *, limit: int) -> tuple[UserNo, ...]:
    """Some of those whom the move gave an assignment of their own."""
    cursor = await tx.connection.execute(
        "select user_no from job_row where tenant_id = %s and job_no = %s and is_bridged"
        " order by user_no limit %s",
        (tx.tenant_id, job, limit),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


async def unmark_bridged(tx: Transaction, job: JobNo, users: Collection[UserNo]) -> None:
    """Note that they have it no more."""
    await tx.connection.execute(
        "update job_row set is_bridged = false"
        " where tenant_id = %s and job_no = %s and user_no = any(%s)",
        (tx.tenant_id, job, sorted(users)),
    )


async def lent_as_if(
    tx: Transaction,
    users: Sequence[UserNo],
    *,
    joining: GroupNo,
    leaving: GroupNo | None,
    nested: bool,
    now: datetime,
) -> list[tuple[UserNo, GroupNo, datetime]]:
    """The licensed groups that people would be in once they had moved, and since when."""
    cursor = await tx.connection.execute(
        _AS_IF,
        {
            "tenant": tx.tenant_id,
            "users": list(users),
            "joining": joining,
            "leaving": leaving,
            "nested": nested,
            "now": now,
        },
    )
    return [(UserNo(row[0]), GroupNo(row[1]), row[2]) for row in await cursor.fetchall()]


async def users_by_name(tx: Transaction, keys: Iterable[str]) -> dict[str, tuple[UserNo, ...]]:
    """The living people who bear each of these display names, by the name's key."""
    wanted = list(set(keys))
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select display_name_key, array_agg(user_no order by user_no) from app_user"
        " where tenant_id = %s and display_name_key = any(%s) and deleted_at is null"
        " group by display_name_key",
        (tx.tenant_id, wanted),
    )
    return {row[0]: tuple(UserNo(no) for no in row[1]) for row in await cursor.fetchall()}


async def strategies_of_own(tx: Transaction, sku: SkuNo) -> dict[Strategy, int]:
    """How many people have an assignment of their own of a product, by how it came about."""
    cursor = await tx.connection.execute(
        "select strategy, count(distinct user_no)::int4 from assignment where tenant_id = %s"
        " and sku_no = %s and user_no is not null and source_kind in (0, 2, 3)"
        " group by strategy",
        (tx.tenant_id, sku),
    )
    return {STRATEGY_OF_CODE[row[0]]: row[1] for row in await cursor.fetchall()}


async def groups_giving(tx: Transaction, sku: SkuNo) -> tuple[GroupNo, ...]:
    """The living groups that give a product, by number."""
    cursor = await tx.connection.execute(
        "select a.group_no from assignment a join app_group g"
        " on g.tenant_id = a.tenant_id and g.group_no = a.group_no"
        " where a.tenant_id = %s and a.sku_no = %s and a.group_no is not null"
        " and g.deleted_at is null order by 1",
        (tx.tenant_id, sku),
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


async def people_of_group(tx: Transaction, group: GroupNo, *, nested: bool) -> tuple[UserNo, ...]:
    """Everybody whom a license of the group reaches, by number."""
    cursor = await tx.connection.execute(
        f"with recursive {_BELOW} select distinct m.user_no from ({_MEMBERS}) m order by 1",
        {"groups": [group], "nested": nested, "tenant": tx.tenant_id},
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())
