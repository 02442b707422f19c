"""Figures over everybody: each statement reads a whole table, for a report opened rarely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction

_USE = """
select l.sku_no, count(*)::int4,
       count(*) filter (where u.last_sign_in_at >= %(active)s)::int4,
       count(*) filter (where (u.last_sign_in_at is null or u.last_sign_in_at < %(active)s)
           and u.created_at <= %(newcomer)s and l.since <= %(newcomer)s)::int4
  from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 where l.tenant_id = %(tenant)s group by l.sku_no
"""
_LACK = """
select sku_no, count(distinct user_no) filter (where reason = 'noSeatLeft')::int4,
       count(distinct user_no) filter (where reason <> 'noSeatLeft')::int4
  from license_error where tenant_id = %s group by sku_no
"""
_ERRORS = """
select e.reason, e.sku_no, e.source_kind, e.source_no, count(*)::int4, min(e.waiting_since)
  from license_error e where e.tenant_id = %s
 group by e.reason, e.sku_no, e.source_kind, e.source_no
 order by count(*) desc, e.reason, e.sku_no, e.source_kind, e.source_no
"""
_BY_HAND = """
select sku_no, count(*)::int4 from assignment
 where tenant_id = %s and user_no is not null and strategy = 1
 group by sku_no order by 2 desc, 1
"""
# Departments that differ only in case are one; the spelling that sorts first names them.
_PEOPLE = """
select {key}, min({name}), count(*)::int4, count(h.user_no)::int4
  from app_user u
  left join (select distinct tenant_id, user_no from effective_license where tenant_id = %(tenant)s)
       h on h.tenant_id = u.tenant_id and h.user_no = u.user_no
 where u.tenant_id = %(tenant)s and u.deleted_at is null group by 1
"""
_SEATS = """
select {key}, l.sku_no, count(*)::int4
  from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
 where l.tenant_id = %(tenant)s and u.deleted_at is null group by 1, 2 order by 1, 2
"""
_UNITS = {
    "department": {"key": "u.department_key", "name": "u.department"},
    "costCenter": {"key": "nullif(lower(u.cost_center), '')", "name": "u.cost_center"},
}
"""What people are added up by: the key that makes one of them, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuUse:
    """How many hold a product, how many of them use it, and how many clearly do not."""

    assigned: int = 0
    active: int = 0
    idle: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuLack:
    """How many wait for a product, and how many do not get it for another reason."""

    waiting: int = 0
    in_error: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTotal:
    """People with the same error of the same product from the same source."""

    reason: str
    sku: SkuNo
    source_kind: int
    source_no: int
    people: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPeople:
    """The people of a department or cost center; `key` None: of none."""

    key: str | None
    name: str | None
    people: int
    licensed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSeats:
    """The seats of one product in a department or cost center."""

    key: str | None
    sku: SkuNo
    seats: int


async def sku_use(
    tx: Transaction, *, active_since: datetime, newcomer_since: datetime
) -> dict[SkuNo, SkuUse]:
    """Holders of every product that anybody holds."""
    values = {"tenant": tx.tenant_id, "active": active_since, "newcomer": newcomer_since}
    cursor = await tx.connection.execute(_USE, values)
    return {
        SkuNo(row[0]): SkuUse(assigned=row[1], active=row[2], idle=row[3])
        for row in await cursor.fetchall()
    }


async def sku_lack(tx: Transaction) -> dict[SkuNo, SkuLack]:
    """People without a product that they are meant to have, by product."""
    cursor = await tx.connection.execute(_LACK, (tx.tenant_id,))
    return {
        SkuNo(row[0]): SkuLack(waiting=row[1], in_error=row[2]) for row in await cursor.fetchall()
    }


async def error_totals(tx: Transaction) -> list[ErrorTotal]:
    """Errors by reason, product and source, the largest number first."""
    cursor = await tx.connection.execute(_ERRORS, (tx.tenant_id,))
    return [
        ErrorTotal(
            reason=row[0],
            sku=row[1],
            source_kind=row[2],
            source_no=row[3],
            people=row[4],
            since=row[5],
        )
        for row in await cursor.fetchall()
    ]


async def manual_counts(tx: Transaction) -> list[tuple[SkuNo, int]]:
    """How many people have each product by hand, most first (T-014)."""
    cursor = await tx.connection.execute(_BY_HAND, (tx.tenant_id,))
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def unit_people(tx: Transaction, unit: str) -> list[UnitPeople]:
    """The people of every `department` or `costCenter`."""
    cursor = await tx.connection.execute(
        _PEOPLE.format(**_UNITS[unit]).encode(), {"tenant": tx.tenant_id}
    )
    return [
        UnitPeople(key=row[0], name=row[1], people=row[2], licensed=row[3])
        for row in await cursor.fetchall()
    ]


async def unit_seats(tx: Transaction, unit: str) -> list[UnitSeats]:
    """The seats of every `department` or `costCenter`, by product."""
    cursor = await tx.connection.execute(
        _SEATS.format(**_UNITS[unit]).encode(), {"tenant": tx.tenant_id}
    )
    return [UnitSeats(key=row[0], sku=row[1], seats=row[2]) for row in await cursor.fetchall()]
