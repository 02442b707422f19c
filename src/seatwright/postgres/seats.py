"""Who holds a SKU, and who waits for one, page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE, STRATEGY_TO_CODE
from seatwright.postgres.tally import count_refused_a_product
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSeen:
    """A person as lists of holders name them."""

    user_no: UserNo
    user_id: UUID
    upn: str
    display_name: str
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person who has a SKU: since when, with which service plans, and what gives it."""

    person: PersonSeen
    enabled: ServicePlanBits
    strategy: Strategy
    source: Source
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A person in the waiting list of a SKU, with every source that asks for it."""

    person: PersonSeen
    priority: int
    waiting_since: datetime
    sources: tuple[Source, ...]


_HOLDERS = """
select u.user_no, u.id, u.upn, u.display_name, u.is_enabled, l.enabled_set, l.strategy,
       l.source_kind, l.source_no, l.since
  from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 where l.tenant_id = %s and l.sku_no = %s and l.user_no > %s {condition}
 order by l.user_no limit %s
"""
# The order is that in which seats are given out: priority, since when, user number.
_WAITING = """
select u.user_no, u.id, u.upn, u.display_name, u.is_enabled, e.priority, e.waiting_since,
       array_agg(e.source_kind order by e.source_kind, e.source_no),
       array_agg(e.source_no order by e.source_kind, e.source_no)
  from license_error e
  join app_user u on u.tenant_id = e.tenant_id and u.user_no = e.user_no
 where e.tenant_id = %s and e.sku_no = %s and e.reason = 'noSeatLeft'
   and (e.priority, e.waiting_since, e.user_no) > (%s, %s, %s)
 group by u.tenant_id, u.user_no, e.priority, e.waiting_since
 order by e.priority, e.waiting_since, u.user_no limit %s
"""


async def read_holders(
    tx: Transaction, sku_no: SkuNo, *, strategy: Strategy | None, after: int, limit: int
) -> tuple[Holder, ...]:
    """People who hold a SKU, by one strategy or by any, in the order of their numbers."""
    # A constant, not a value: claims are few among many, and have an index of their own.
    condition = "" if strategy is None else f"and l.strategy = {STRATEGY_TO_CODE[strategy]}"
    cursor = await tx.connection.execute(
        _HOLDERS.format(condition=condition), (tx.tenant_id, sku_no, after, limit)
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({row[5] for row in rows})
    return tuple(
        Holder(
            person=PersonSeen(
                user_no=UserNo(row[0]),
                user_id=row[1],
                upn=row[2],
                display_name=row[3],
                is_enabled=row[4],
            ),
            enabled=bits[ServicePlanSetId(row[5])],
            strategy=STRATEGY_OF_CODE[row[6]],
            source=Source(kind=SourceKind(row[7]), no=row[8]),
            since=row[9],
        )
        for row in rows
    )


async def waiting_among(tx: Transaction, users: Collection[UserNo]) -> set[tuple[SkuNo, UserNo]]:
    """The products for a seat of which these people wait, each with who waits."""
    cursor = await tx.connection.execute(
        "select sku_no, user_no from license_error"
        " where tenant_id = %s and user_no = any(%s) and reason = 'noSeatLeft'",
        (tx.tenant_id, list(users)),
    )
    return {(SkuNo(row[0]), UserNo(row[1])) for row in await cursor.fetchall()}


async def read_waiting(
    tx: Transaction, sku_no: SkuNo, *, after: tuple[int, datetime, int] | None, limit: int
) -> tuple[Waiting, ...]:
    """People who wait for a seat of a SKU, first in line first."""
    cursor = await tx.connection.execute(
        _WAITING, (tx.tenant_id, sku_no, *(after or (-1, "-infinity", -1)), limit)
    )
    return tuple(
        Waiting(
            person=PersonSeen(
                user_no=UserNo(row[0]),
                user_id=row[1],
                upn=row[2],
                display_name=row[3],
                is_enabled=row[4],
            ),
            priority=row[5],
            waiting_since=row[6],
            sources=tuple(
                Source(kind=SourceKind(kind), no=no)
                for kind, no in zip(row[7], row[8], strict=True)
            ),
        )
        for row in await cursor.fetchall()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSeen:
    """A group as sources name it."""

    group_id: UUID
    display_name: str


async def read_source_groups(tx: Transaction, sources: Iterable[Source]) -> dict[int, GroupSeen]:
    """The groups among these sources, by their numbers."""
    group_nos = sorted({source.no for source in sources if source.kind is SourceKind.GROUP})
    cursor = await tx.connection.execute(
        "select group_no, id, display_name from app_group"
        " where tenant_id = %s and group_no = any(%s)",
        (tx.tenant_id, group_nos),
    )
    return {
        row[0]: GroupSeen(group_id=row[1], display_name=row[2]) for row in await cursor.fetchall()
    }


async def groups_giving(tx: Transaction, sku: SkuNo) -> list[tuple[GroupSeen, int]]:
    """The groups that have a product assigned, by name, and how many people lack it there."""
    cursor = await tx.connection.execute(
        "select g.group_no, g.id, g.display_name from assignment a join app_group g"
        "    on g.tenant_id = a.tenant_id and g.group_no = a.group_no"
        " where a.tenant_id = %s and a.sku_no = %s and a.group_no is not null"
        "   and g.deleted_at is null order by g.display_name_key, g.group_no",
        (tx.tenant_id, sku),
    )
    rows = await cursor.fetchall()
    lacking = await count_refused_a_product(tx, [row[0] for row in rows], sku)
    return [
        (GroupSeen(group_id=row[1], display_name=row[2]), lacking.get(row[0], 0)) for row in rows
    ]
