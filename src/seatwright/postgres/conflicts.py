"""Conflicts as rows: pages of them, each by one index, and how many there are of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.seats import PersonSeen
from seatwright.postgres.transaction import Transaction

_USER_NO_MAX = 2**31 - 1
HOLDERS_LOOKED_AT = 500
"""Holders of one product among whom those are looked for who could give it back."""

SOURCES_EACH = 8
"""A person who waits has a row for each source; one with more makes the list shorter."""

_SEVERAL = """
select u.user_no, u.id, u.upn, u.display_name, u.is_enabled, l.sku_nos, l.sets
  from (select tenant_id, user_no, array_agg(sku_no order by sku_no) as sku_nos,
               array_agg(enabled_set order by sku_no) as sets
          from effective_license
         where tenant_id = %s and user_no > %s and user_no <= %s {condition}
         group by tenant_id, user_no having count(*) > 1
         order by user_no limit %s) l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 order by u.user_no
"""

_HOLDING = """
and user_no in (select user_no from effective_license
                 where tenant_id = %s and sku_no = %s and user_no > %s)
"""

Holdings = tuple[tuple[SkuNo, ServicePlanBits], ...]
"""Products that one person holds, each with the service plans that are on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralHeld:
    """A person with two or more products: each with the service plans that are on."""

    person: PersonSeen
    held: Holdings


async def holders_of_several(
    tx: Transaction,
    *,
    after: int,
    until: int = _USER_NO_MAX,
    limit: int,
    sku: SkuNo | None = None,
) -> list[SeveralHeld]:
    """People who hold two or more products, in the order of their numbers, up to `until`.

    With `sku` only those who hold it.
    """
    condition: str = ""
    holding: tuple[int, ...] = ()
    if sku is not None:
        condition, holding = _HOLDING, (tx.tenant_id, sku, after)
    cursor = await tx.connection.execute(
        _SEVERAL.format(condition=condition), (tx.tenant_id, after, until, *holding, limit)
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({set_id for row in rows for set_id in row[6]})
    return [
        SeveralHeld(
            person=PersonSeen(
                user_no=UserNo(row[0]),
                user_id=row[1],
                upn=row[2],
                display_name=row[3],
                is_enabled=row[4],
            ),
            held=tuple(
                (SkuNo(sku), bits[ServicePlanSetId(set_id)])
                for sku, set_id in zip(row[5], row[6], strict=True)
            ),
        )
        for row in rows
    ]


async def count_holdings(tx: Transaction) -> dict[Holdings, int]:
    """How many people hold each combination of two or more products.

    A large tenant has a few thousand combinations, so that everybody is told by few rows.
    """
    cursor = await tx.connection.execute(
        "select sku_nos, sets, count(*) from ("
        " select array_agg(sku_no order by sku_no) as sku_nos,"
        "  array_agg(enabled_set order by sku_no) as sets"
        "  from effective_license where tenant_id = %s group by user_no having count(*) > 1) held"
        " group by sku_nos, sets",
        (tx.tenant_id,),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({set_id for row in rows for set_id in row[1]})
    counts: dict[Holdings, int] = defaultdict(int)
    for skus, sets, people in rows:
        held = zip(skus, sets, strict=True)
        counts[tuple((SkuNo(sku), bits[ServicePlanSetId(one)]) for sku, one in held)] += people
    return counts


async def errors_with(
    tx: Transaction,
    reason: Reason,
    *,
    user: UserNo | None,
    sku: SkuNo | None,
    after: tuple[int, int],
    limit: int,
) -> list[tuple[SkuNo, UserNo]]:
    """People and products with this error, whatever the source, by product and person."""
    # Only what is asked about is a condition, so that the index leads to it.
    asked = {"user_no": user, "sku_no": sku}
    chosen = {name: number for name, number in asked.items() if number is not None}
    conditions = "".join(f" and e.{name} = %s" for name in chosen)
    cursor = await tx.connection.execute(
        "select distinct e.sku_no, e.user_no from license_error e"
        f" where e.tenant_id = %s and e.reason <> 'noSeatLeft' and e.reason = %s{conditions}"
        " and (e.sku_no, e.user_no) > (%s, %s)"
        " order by e.sku_no, e.user_no limit %s",
        (tx.tenant_id, reason.value, *chosen.values(), *after, limit),
    )
    return [(SkuNo(row[0]), UserNo(row[1])) for row in await cursor.fetchall()]


# The groups by which each product reaches people: those that are licensed and, where nested groups
# count, all inside them.
_GIVING = """
with recursive giving as (
    select a.sku_no, a.group_no from assignment a
     where a.tenant_id = %s and a.group_no is not null {of_product}
    union
    select giving.sku_no, n.child_no from giving
      join group_nesting n on n.tenant_id = %s and n.parent_no = giving.group_no and %s)
"""
_GIVING_ALL = _GIVING.format(of_product="")
_GIVING_ONE = _GIVING.format(of_product="and a.sku_no = %s")
_OWN_OF_ALL = """
    select a.user_no, a.sku_no from assignment a
     where a.tenant_id = %s and a.user_no is not null and a.source_kind <> 4
       and (a.user_no, a.sku_no) > (%s, %s) and a.user_no <= %s
     order by a.user_no, a.sku_no limit %s
"""
_OWN_OF_ONE = """
    select a.user_no, a.sku_no from assignment a
     where a.tenant_id = %s and a.user_no is not null and a.source_kind <> 4
       and a.sku_no = %s and a.user_no > %s and a.user_no <= %s
     order by a.user_no limit %s
"""
# What reaches the people of a stretch is joined with the giving groups once, not for each of them.
_GIVEN_TOO = """, reached as materialized (
    select own.user_no, own.sku_no, m.group_no from own
      join membership m on m.tenant_id = %s and m.user_no = own.user_no)
select own.user_no, own.sku_no, (own.user_no, own.sku_no) in (
    select r.user_no, r.sku_no from reached r
      join giving g on g.sku_no = r.sku_no and g.group_no = r.group_no)
  from own order by own.user_no, own.sku_no
"""
_DOUBLES = f"{_GIVING_ALL}, own as ({_OWN_OF_ALL}){_GIVEN_TOO}"
_DOUBLES_OF_SKU = f"{_GIVING_ONE}, own as ({_OWN_OF_ONE}){_GIVEN_TOO}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoublesScan:
    """A stretch of own assignments: those that a group gives too, and where the scan ended."""

    found: tuple[tuple[UserNo, SkuNo], ...]
    last: tuple[UserNo, SkuNo] | None
    looked_at: int


async def scan_doubles(
    tx: Transaction,
    *,
    nested: bool,
    after: tuple[int, int],
    until: int = _USER_NO_MAX,
    limit: int,
    sku: SkuNo | None = None,
) -> DoublesScan:
    """Look at `limit` own assignments, of any product or of one, by person and product."""
    text = _DOUBLES
    product: tuple[int, ...] = ()
    place: tuple[int, ...] = after
    if sku is not None:
        text, product, place = _DOUBLES_OF_SKU, (sku,), (sku, after[0])
    giving = (tx.tenant_id, *product, tx.tenant_id, nested)
    own = (tx.tenant_id, *place, until, limit)
    cursor = await tx.connection.execute(text, (*giving, *own, tx.tenant_id))
    rows = await cursor.fetchall()
    found = dict.fromkeys((UserNo(row[0]), SkuNo(row[1])) for row in rows if row[2])
    return DoublesScan(
        found=tuple(found),
        last=(UserNo(rows[-1][0]), SkuNo(rows[-1][1])) if rows else None,
        looked_at=len(rows),
    )


# The two sides are joined once: neither the assignments nor the members are walked one by one.
_ALL_DOUBLES = """
  from (select distinct m.user_no, g.sku_no from giving g
          join membership m on m.tenant_id = %s and m.group_no = g.group_no) reached
  join (select distinct a.user_no, a.sku_no from assignment a
         where a.tenant_id = %s and a.user_no is not null and a.source_kind <> 4 {condition}) own
    on own.user_no = reached.user_no and own.sku_no = reached.sku_no
"""


async def count_doubles(tx: Transaction, *, nested: bool) -> int:
    """How many own assignments a group of the person gives too."""
    cursor = await tx.connection.execute(
        f"{_GIVING_ALL} select count(*) {_ALL_DOUBLES.format(condition='')}",
        (tx.tenant_id, tx.tenant_id, nested, tx.tenant_id, tx.tenant_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def all_doubles(
    tx: Transaction, *, nested: bool, sku: SkuNo | None, at_once: int
) -> AsyncGenerator[list[tuple[UserNo, SkuNo]], None]:
    """Every own assignment that a group of the person gives too, in pieces of `at_once`.

    By person and product; with `sku` of this product. The server keeps what was not read yet.
    """
    condition: str = "" if sku is None else "and a.sku_no = %s"
    wanted: tuple[int, ...] = () if sku is None else (sku,)
    async with tx.connection.cursor(name="all_doubles") as cursor:
        await cursor.execute(
            f"{_GIVING_ALL} select own.user_no, own.sku_no"
            f" {_ALL_DOUBLES.format(condition=condition)} order by own.user_no, own.sku_no",
            (tx.tenant_id, tx.tenant_id, nested, tx.tenant_id, tx.tenant_id, *wanted),
        )
        while rows := await cursor.fetchmany(at_once):
            yield [(UserNo(user), SkuNo(sku_no)) for user, sku_no in rows]


async def memberships_of(
    tx: Transaction, users: Sequence[UserNo]
) -> dict[UserNo, frozenset[GroupNo]]:
    """The groups that each of these people is directly in."""
    cursor = await tx.connection.execute(
        "select user_no, array_agg(group_no) from membership"
        " where tenant_id = %s and user_no = any(%s) group by user_no",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(row[0]): frozenset(map(GroupNo, row[1])) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleHolder:
    """Somebody who could give a seat back: why, and when they last signed in."""

    sku: SkuNo
    person: PersonSeen
    last_sign_in_at: datetime | None


async def idle_holders(
    tx: Transaction, skus: Sequence[SkuNo], *, idle_since: datetime, limit_each: int
) -> list[IdleHolder]:
    """Holders by their own assignment who are disabled or have long not signed in.

    Looked for among the first holders of each product only: a hint, not a list.
    """
    cursor = await tx.connection.execute(
        "select wanted.sku_no, f.* from unnest(%s::int2[]) as wanted (sku_no) cross join lateral ("
        "  select u.user_no, u.id, u.upn, u.display_name, u.is_enabled, u.last_sign_in_at"
        "    from (select l.user_no, l.since from effective_license l where l.tenant_id = %s"
        "      and l.sku_no = wanted.sku_no order by l.user_no limit %s) few"
        "    join app_user u on u.tenant_id = %s and u.user_no = few.user_no"
        "   where (not u.is_enabled or u.last_sign_in_at is null or u.last_sign_in_at < %s)"
        "     and few.since < %s"
        "     and exists (select from assignment a where a.tenant_id = %s"
        "      and a.user_no = u.user_no and a.sku_no = wanted.sku_no and a.source_kind <> 4)"
        "   order by u.is_enabled, u.last_sign_in_at nulls first, u.user_no limit %s) f",
        (
            sorted(skus),
            tx.tenant_id,
            HOLDERS_LOOKED_AT,
            tx.tenant_id,
            idle_since,
            idle_since,
            tx.tenant_id,
            limit_each,
        ),
    )
    return [
        IdleHolder(
            sku=SkuNo(row[0]),
            person=PersonSeen(
                user_no=UserNo(row[1]),
                user_id=row[2],
                upn=row[3],
                display_name=row[4],
                is_enabled=row[5],
            ),
            last_sign_in_at=row[6],
        )
        for row in await cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstWaiting:
    """Somebody at the head of a waiting list."""

    sku: SkuNo
    id: UUID
    upn: str
    display_name: str


async def first_waiting(
    tx: Transaction, skus: Sequence[SkuNo], *, limit_each: int
) -> list[FirstWaiting]:
    """The first few who wait for a seat of each product, in their order."""
    cursor = await tx.connection.execute(
        "select wanted.sku_no, u.id, u.upn, u.display_name from unnest(%s::int2[])"
        " as wanted (sku_no) cross join lateral ("
        "  select distinct e.user_no, e.priority as turn, e.waiting_since as since"
        "    from (select user_no, priority, waiting_since from license_error"
        "      where tenant_id = %s and sku_no = wanted.sku_no and reason = 'noSeatLeft'"
        "      order by priority, waiting_since, user_no limit %s) e"
        "   order by turn, since, e.user_no limit %s) w"
        " join app_user u on u.tenant_id = %s and u.user_no = w.user_no"
        " order by wanted.sku_no, w.turn, w.since, w.user_no",
        (sorted(skus), tx.tenant_id, limit_each * SOURCES_EACH, limit_each, tx.tenant_id),
    )
    return [
        FirstWaiting(sku=SkuNo(row[0]), id=row[1], upn=row[2], display_name=row[3])
        for row in await cursor.fetchall()
    ]


async def waits_for(tx: Transaction, user: UserNo) -> frozenset[SkuNo]:
    """The products that one person waits for."""
    cursor = await tx.connection.execute(
        "select distinct sku_no from license_error"
        " where tenant_id = %s and user_no = %s and reason = 'noSeatLeft'",
        (tx.tenant_id, user),
    )
    return frozenset(SkuNo(row[0]) for row in await cursor.fetchall())
