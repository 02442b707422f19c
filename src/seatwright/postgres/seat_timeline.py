"""What begins and ends of a product by day, and whom to ask where too many have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# People who come to need a seat: whoever neither has the product nor waits for it today. Each
# counts once, at their earliest start.
_STARTS: Final = """
select first.at, count(*)::int4 from (
    select a.user_no, min(a.starts_at) as at from assignment a
     where a.tenant_id = %(tenant)s and a.starts_at > %(now)s and a.starts_at <= %(until)s
       and a.sku_no = %(sku)s and a.user_no is not null
       and not exists (select from effective_license l where l.tenant_id = a.tenant_id
            and l.user_no = a.user_no and l.sku_no = a.sku_no)
       and not exists (select from license_error e where e.tenant_id = a.tenant_id
            and e.user_no = a.user_no and e.sku_no = a.sku_no)
     group by a.user_no) first
 group by first.at order by first.at
"""
# People whose last own assignment ends, and to whom no group gives the product. Whoever has two
# counts at the later end; one without an end, or beyond the horizon, keeps the seat.
_ENDS: Final = """
select last.at, count(*)::int4 from (
    select a.user_no, max(a.expires_at) as at from assignment a
     where a.tenant_id = %(tenant)s and a.expires_at > %(now)s and a.expires_at <= %(until)s
       and a.sku_no = %(sku)s and a.user_no is not null
     group by a.user_no) last
 where not exists (select from assignment o where o.tenant_id = %(tenant)s
        and o.user_no = last.user_no and o.sku_no = %(sku)s
        and (o.expires_at is null or o.expires_at > %(until)s))
   and not exists (select from effective_license l where l.tenant_id = %(tenant)s
        and l.user_no = last.user_no and l.sku_no = %(sku)s and l.source_kind = 1)
   and not exists (select from membership m
        join assignment g on g.tenant_id = m.tenant_id and g.group_no = m.group_no
         and g.sku_no = %(sku)s
       where m.tenant_id = %(tenant)s and m.user_no = last.user_no)
 group by last.at order by last.at
"""
_HOLDS: Final = """
select until, count(*)::int4 from seat_reservation
 where tenant_id = %(tenant)s and sku_no = %(sku)s and until <= %(until)s
 group by until order by until
"""
_TO_ASK: Final = """
select u.user_no, u.id, u.upn, u.display_name, u.last_sign_in_at, m.id, m.upn, m.display_name
  from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
  left join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no
   and m.deleted_at is null
 where l.tenant_id = %(tenant)s and l.sku_no = %(sku)s
   and (coalesce(u.last_sign_in_at, '-infinity'), u.user_no) > (%(at)s, %(user)s)
 order by coalesce(u.last_sign_in_at, '-infinity'), u.user_no
 limit %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCount:
    """So many people or seats at a moment."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSeats:
    """What is due of a product: licenses that begin and end, and held seats that come back."""

    starts: tuple[DueCount, ...]
    ends: tuple[DueCount, ...]
    holds: tuple[DueCount, ...]


async def due_seats(tx: Transaction, sku: SkuNo, *, now: datetime, until: datetime) -> DueSeats:
    """What begins and ends of a product between two moments, counted in the database."""
    found = []
    for query in (_STARTS, _ENDS, _HOLDS):
        cursor = await tx.connection.execute(
            query, {"tenant": tx.tenant_id, "sku": sku, "now": now, "until": until}
        )
        found.append(tuple(DueCount(at=at, count=count) for at, count in await cursor.fetchall()))
    return DueSeats(starts=found[0], ends=found[1], holds=found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """A person as a list names them."""

    id: UUID
    upn: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonToAsk:
    """A holder who may need the product least, and who leads them."""

    user: UserNo
    person: NamedPerson
    last_sign_in_at: datetime | None
    manager: NamedPerson | None


async def people_to_ask(
    tx: Transaction, sku: SkuNo, *, after: tuple[datetime | None, int], limit: int
) -> tuple[PersonToAsk, ...]:
    """Holders of a product, those who signed in longest ago, or never, first."""
    at, user = after
    cursor = await tx.connection.execute(
        _TO_ASK,
        {
            "tenant": tx.tenant_id,
            "sku": sku,
            "at": "-infinity" if at is None else at,
            "user": user,
            "limit": limit,
        },
    )
    return tuple(
        PersonToAsk(
            user=UserNo(row[0]),
            person=NamedPerson(id=row[1], upn=row[2], display_name=row[3]),
            last_sign_in_at=row[4],
            manager=(
                None if row[5] is None else NamedPerson(id=row[5], upn=row[6], display_name=row[7])
            ),
        )
        for row in await cursor.fetchall()
    )
