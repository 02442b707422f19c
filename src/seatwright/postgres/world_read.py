"""Reading people as the engine sees them, under the locks that make the reading stay true.

The order of locks is part of the contract (`architecture.md` §4): pools in SKU order, then people
in the order of their numbers. Everything is sent in one pipeline, so it costs one round trip;
under READ COMMITTED each statement sees what was committed before it began, that is, after the
locks were got.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.reconcile.world import Held, Pool, StoredError, UserState, Wish
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import Transaction

_SAVEPOINT = "savepoint before_locks"
_LOCK_POOLS = """
select sku_no, assignable, consumed, reserved from sku_pool
 where tenant_id = %s and sku_no = any(%s) order by sku_no for no key update
"""
_LOCK_USERS = """
select user_no, usage_location, deleted_at is not null from app_user
 where tenant_id = %s and user_no = any(%s) order by user_no for no key update
"""
_READ_USERS = """
select user_no, usage_location, deleted_at is not null from app_user
 where tenant_id = %s and user_no = any(%s) order by user_no
"""
_DIRECT = """
select user_no, sku_no, disabled_set, strategy, priority, created_at, starts_at, expires_at,
       source_kind, source_no
  from assignment where tenant_id = %s and user_no = any(%s)
"""
_GROUPS_DIRECT = """
select m.user_no, a.sku_no, a.disabled_set, a.strategy, a.priority,
       greatest(a.created_at, m.since), a.starts_at, a.expires_at, 1::int2, a.group_no
  from membership m
  join assignment a on a.tenant_id = m.tenant_id and a.group_no = m.group_no
 where m.tenant_id = %s and m.user_no = any(%s)
"""
_GROUPS_NESTED = """
with recursive reach as (
    select tenant_id, user_no, group_no, since from membership
     where tenant_id = %s and user_no = any(%s)
    union
    select reach.tenant_id, reach.user_no, nesting.parent_no, greatest(reach.since, nesting.since)
      from reach join group_nesting nesting
        on nesting.tenant_id = reach.tenant_id and nesting.child_no = reach.group_no
)
select r.user_no, a.sku_no, a.disabled_set, a.strategy, a.priority,
       greatest(a.created_at, min(r.since)), a.starts_at, a.expires_at, 1::int2, a.group_no
  from reach r
  join assignment a on a.tenant_id = r.tenant_id and a.group_no = r.group_no
 group by r.user_no, a.tenant_id, a.assignment_no
"""
_HELD = """
select user_no, sku_no, enabled_set, source_kind, source_no
  from effective_license where tenant_id = %s and user_no = any(%s)
"""
_ERRORS = """
select user_no, sku_no, source_kind, source_no, reason, waiting_since
  from license_error where tenant_id = %s and user_no = any(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWorld:
    """People and pools, locked until the transaction ends."""

    users: tuple[UserState, ...]
    pools: tuple[Pool, ...]


async def lock_and_read(
    tx: Transaction, users: Sequence[UserNo], *, skus: Iterable[SkuNo], nested: bool
) -> LockedWorld:
    """Lock the pools of `skus` and the people, then read what the engine needs of the people.

    `nested`: groups inside licensed groups count. People without a row are left out.
    """
    connection, tenant = tx.connection, tx.tenant_id
    numbers = sorted(set(users))
    key = (tenant, numbers)
    async with connection.pipeline():
        await connection.execute(_SAVEPOINT)
        pools = await connection.execute(_LOCK_POOLS, (tenant, sorted(set(skus))))
        people = await connection.execute(_LOCK_USERS, key)
        direct = await connection.execute(_DIRECT, key)
        groups = await connection.execute(_GROUPS_NESTED if nested else _GROUPS_DIRECT, key)
        held = await connection.execute(_HELD, key)
        errors = await connection.execute(_ERRORS, key)
    states = await _states(tx, people, wishing=(direct, groups), held=held, errors=errors)
    return LockedWorld(users=states, pools=await _pools(pools))


async def read_people(
    tx: Transaction, users: Sequence[UserNo], *, nested: bool
) -> tuple[UserState, ...]:
    """Read people as they are now, without a lock: for answers, never for decisions."""
    key = (tx.tenant_id, sorted(set(users)))
    async with tx.connection.pipeline():
        people = await tx.connection.execute(_READ_USERS, key)
        direct = await tx.connection.execute(_DIRECT, key)
        groups = await tx.connection.execute(_GROUPS_NESTED if nested else _GROUPS_DIRECT, key)
        held = await tx.connection.execute(_HELD, key)
        errors = await tx.connection.execute(_ERRORS, key)
    return await _states(tx, people, wishing=(direct, groups), held=held, errors=errors)


async def read_since(tx: Transaction, user: UserNo) -> dict[SkuNo, datetime]:
    """Since when a person holds each product with the service plans they have now."""
    cursor = await tx.connection.execute(
        "select sku_no, since from effective_license where tenant_id = %s and user_no = %s",
        (tx.tenant_id, user),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def _states(
    tx: Transaction,
    people: AsyncCursor[TupleRow],
    *,
    wishing: Sequence[AsyncCursor[TupleRow]],
    held: AsyncCursor[TupleRow],
    errors: AsyncCursor[TupleRow],
) -> tuple[UserState, ...]:
    wish_rows = [row for cursor in wishing for row in await cursor.fetchall()]
    held_rows = await held.fetchall()
    bits = await tx.plan_set_bits({row[2] for row in wish_rows} | {row[2] for row in held_rows})
    wishes = _wishes(wish_rows, bits)
    licenses = _licenses(held_rows, bits)
    stored = await _stored_errors(errors)
    return tuple(
        UserState(
            user_no=number,
            usage_location=location,
            is_deleted=is_deleted,
            wishes=tuple(wishes.get(number, ())),
            held=tuple(licenses.get(number, ())),
            errors=tuple(stored.get(number, ())),
        )
        for number, location, is_deleted in await people.fetchall()
    )


async def give_back_locks(tx: Transaction) -> None:
    """Undo the locks of the last `lock_and_read`, so that more can be taken in the right order."""
    await tx.connection.execute("rollback to savepoint before_locks")


def _wishes(
    rows: Sequence[TupleRow], bits: dict[ServicePlanSetId, ServicePlanBits]
) -> dict[UserNo, list[Wish]]:
    sources: dict[tuple[int, int], Source] = {}
    wishes: dict[UserNo, list[Wish]] = defaultdict(list)
    for user, sku, disabled, strategy, priority, at, starts, expires, kind, no in rows:
        source = sources.get((kind, no))
        if source is None:
            source = sources[kind, no] = Source(kind=SourceKind(kind), no=no)
        wishes[user].append(
            Wish(
                sku=sku,
                source=source,
                strategy=STRATEGY_OF_CODE[strategy],
                disabled=bits[disabled],
                priority=priority,
                assigned_at=at,
                starts_at=starts,
                expires_at=expires,
            )
        )
    return wishes


def _licenses(
    rows: Sequence[TupleRow], bits: dict[ServicePlanSetId, ServicePlanBits]
) -> dict[UserNo, list[Held]]:
    licenses: dict[UserNo, list[Held]] = defaultdict(list)
    for user, sku, enabled, kind, no in rows:
        source = Source(kind=SourceKind(kind), no=no)
        licenses[user].append(Held(sku=sku, enabled=bits[enabled], given_by=source))
    return licenses


async def _stored_errors(cursor: AsyncCursor[TupleRow]) -> dict[UserNo, list[StoredError]]:
    stored: dict[UserNo, list[StoredError]] = defaultdict(list)
    for user, sku, kind, no, reason, since in await cursor.fetchall():
        stored[user].append(
            StoredError(
                sku=sku,
                source=Source(kind=SourceKind(kind), no=no),
                reason=Reason(reason),
                waiting_since=since,
            )
        )
    return stored


async def _pools(cursor: AsyncCursor[TupleRow]) -> tuple[Pool, ...]:
    return tuple(
        Pool(sku=sku, assignable=assignable, consumed=consumed, reserved=reserved)
        for sku, assignable, consumed, reserved in await cursor.fetchall()
    )


async def waiting_users(
    tx: Transaction,
    skus: Iterable[SkuNo],
    *,
    limit_each: int,
    more_than_seats: int = 0,
    passed_by: Iterable[UserNo] = (),
) -> dict[SkuNo, list[UserNo]]:
    """Who waits for a seat of each SKU, first in line first.

    As many as there are free seats and `more_than_seats`, at most `limit_each`. Only SKUs with a
    free seat are in the answer, and nobody of `passed_by`.
    """
    cursor = await tx.connection.execute(
        "select p.sku_no, w.user_no from sku_pool p cross join lateral ("
        "  select e.user_no, min(e.priority) as priority, min(e.waiting_since) as since"
        "    from license_error e where e.tenant_id = p.tenant_id and e.sku_no = p.sku_no"
        "     and e.reason = 'noSeatLeft' and not (e.user_no = any(%s)) group by e.user_no"
        "   order by 2, 3, 1 limit least(%s, p.assignable - p.consumed - p.reserved + %s)) w"
        " where p.tenant_id = %s and p.sku_no = any(%s)"
        "   and p.assignable > p.consumed + p.reserved",
        (
            sorted(passed_by),
            limit_each,
            min(more_than_seats, limit_each),
            tx.tenant_id,
            sorted(set(skus)),
        ),
    )
    waiting: dict[SkuNo, list[UserNo]] = defaultdict(list)
    for sku, user in await cursor.fetchall():
        waiting[sku].append(user)
    return dict(waiting)


async def licensed_groups_above(tx: Transaction, groups: Sequence[GroupNo]) -> dict[SkuNo, None]:
    """The SKUs that members of these groups are wished, through nesting too."""
    cursor = await tx.connection.execute(
        "with recursive up as (select unnest(%s::int4[]) as group_no union"
        " select n.parent_no from up join group_nesting n"
        " on n.tenant_id = %s and n.child_no = up.group_no)"
        " select distinct a.sku_no from up join assignment a"
        " on a.tenant_id = %s and a.group_no = up.group_no order by 1",
        (list(groups), tx.tenant_id, tx.tenant_id),
    )
    return {SkuNo(row[0]): None for row in await cursor.fetchall()}
