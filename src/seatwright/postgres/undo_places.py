"""What goes with putting wishes back: old places in waiting lists, and who changed things since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.errors import Reason
from seatwright.domain.ids import JobNo, SkuNo, UserNo
from seatwright.domain.undo import NetChange
from seatwright.postgres.transaction import Transaction

# Who waited gets the place they had; who held the product stands where they would have stood had
# they waited since they got it. They wait before the seats are given out, so that the engine sees
# the places; what it gives it also clears. Nobody who waits already is moved.
_STORE_PLACES = """
with places as (
    select w.user_no, w.sku_no, w.before_since as since, w.before_priority as priority
      from wish_change w
     where w.tenant_id = %(tenant)s and w.correlation = %(batch)s and w.noun = 4
       and w.user_no = any(%(users)s)
    union all
    select i.user_no, i.sku_no, i.valid_from, null from license_interval i
     where i.tenant_id = %(tenant)s and i.user_no = any(%(users)s) and i.valid_to >= %(at)s
), firsts as (
    select user_no, sku_no, min(since) as since, min(priority) as priority
      from places group by user_no, sku_no
)
insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason, priority,
    waiting_since)
select %(tenant)s, p.user_no, p.sku_no, 0, 0, 'noSeatLeft', coalesce(p.priority, 128), p.since
  from firsts p
 where not exists (select from effective_license l where l.tenant_id = %(tenant)s
        and l.user_no = p.user_no and l.sku_no = p.sku_no)
   and not exists (select from license_error e where e.tenant_id = %(tenant)s
        and e.user_no = p.user_no and e.sku_no = p.sku_no)
   and p.sku_no = any(%(skus)s)
returning user_no, sku_no
"""


async def store_places(
    tx: Transaction,
    correlation: UUID,
    *,
    users: Sequence[UserNo],
    skus: Sequence[SkuNo],
    since: datetime,
) -> list[tuple[UserNo, SkuNo]]:
    """Put people back into the lines of products that they lost by a batch, made at `since`.

    Gives whom, for which product; the engine then serves them in their old order.
    """
    cursor = await tx.connection.execute(
        _STORE_PLACES,
        {
            "tenant": tx.tenant_id,
            "batch": correlation,
            "users": list(users),
            "skus": list(skus),
            "at": since,
        },
    )
    return [(UserNo(row[0]), SkuNo(row[1])) for row in await cursor.fetchall()]


async def still_waiting(
    tx: Transaction, pairs: Sequence[tuple[UserNo, SkuNo]]
) -> list[tuple[UserNo, SkuNo]]:
    """Those of these (person, product) that wait for a seat."""
    if not pairs:
        return []
    cursor = await tx.connection.execute(
        "select distinct e.user_no, e.sku_no from license_error e"
        " join unnest(%s::int4[], %s::int2[]) as x (user_no, sku_no)"
        " on x.user_no = e.user_no and x.sku_no = e.sku_no"
        " where e.tenant_id = %s and e.reason = 'noSeatLeft' order by 1, 2",
        ([user for user, _ in pairs], [sku for _, sku in pairs], tx.tenant_id),
    )
    return [(UserNo(row[0]), SkuNo(row[1])) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceError:
    """Why one source of a person's product gives nothing."""

    sku: SkuNo
    source_kind: int
    source_no: int
    reason: Reason


async def errors_of(
    tx: Transaction, users: Sequence[UserNo]
) -> Mapping[UserNo, Sequence[SourceError]]:
    """The errors of people, source by source."""
    cursor = await tx.connection.execute(
        "select user_no, sku_no, source_kind, source_no, reason from license_error"
        " where tenant_id = %s and user_no = any(%s) order by 1, 2, 3, 4",
        (tx.tenant_id, list(users)),
    )
    errors: dict[UserNo, list[SourceError]] = defaultdict(list)
    for user, sku, kind, number, reason in await cursor.fetchall():
        errors[UserNo(user)].append(
            SourceError(sku=SkuNo(sku), source_kind=kind, source_no=number, reason=Reason(reason))
        )
    return errors


_TELL_GROUPS = """
with lacking as (
    select x.row_no, count(distinct e.user_no) as people
      from undo_row x
      join wish_change w on w.tenant_id = x.tenant_id and w.correlation = %(batch)s
       and w.change_no = x.first_no
      join license_error e on e.tenant_id = x.tenant_id and e.source_kind = 1
       and e.source_no = w.group_no and e.sku_no = w.sku_no
     where x.tenant_id = %(tenant)s and x.job_no = %(job)s
       and w.noun = 1 and w.user_no is null and w.before_since is not null
     group by x.row_no
)
update job_row r
   set message = 'Put back, but '
       || case people when 1 then '1 member does' else to_char(people, 'FM999,999,999')
          || ' members do' end
       || ' not get it as things are now: the errors of the group say why.'
  from lacking l
 where r.tenant_id = %(tenant)s and r.job_no = %(job)s and r.row_no = l.row_no
   and r.outcome = 'succeeded'
"""


async def tell_groups(tx: Transaction, correlation: UUID, job: JobNo) -> None:
    """Say at the rows of groups how many members their license, put back, does not reach."""
    await tx.connection.execute(
        _TELL_GROUPS, {"tenant": tx.tenant_id, "batch": correlation, "job": job}
    )


async def held_only_since(
    tx: Transaction, users: Sequence[UserNo], at: datetime
) -> list[tuple[UserNo, SkuNo]]:
    """Which licenses of people began at this time or later, and were not held just before it."""
    cursor = await tx.connection.execute(
        "select l.user_no, l.sku_no from effective_license l"
        " where l.tenant_id = %s and l.user_no = any(%s) and l.since >= %s"
        " and not exists (select from license_interval i where i.tenant_id = l.tenant_id"
        "  and i.user_no = l.user_no and i.sku_no = l.sku_no"
        "  and i.valid_from < %s and i.valid_to >= %s)",
        (tx.tenant_id, list(users), at, at, at),
    )
    return [(UserNo(row[0]), SkuNo(row[1])) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Who changed something last, and when."""

    principal: str
    at: datetime


# One look into an index each: rows that cannot be undone are few.
_TOUCHED = """
select x.row_no, p.name, e.at
  from unnest(%(rows)s::int4[], %(users)s::int4[], %(groups)s::int4[], %(skus)s::int2[])
       as x (row_no, user_no, group_no, sku_no)
 cross join lateral (
    (select h.principal_no, h.at from history_event h
      where h.tenant_id = %(tenant)s and h.user_no = x.user_no
        and (h.group_no = x.group_no or h.sku_no = x.sku_no)
      order by h.at desc, h.event_no desc limit 1)
    union all
    (select h.principal_no, h.at from history_event h
      where h.tenant_id = %(tenant)s and x.user_no is null and h.group_no = x.group_no
      order by h.at desc, h.event_no desc limit 1)) e
  join principal p on p.tenant_id = %(tenant)s and p.principal_no = e.principal_no
"""


async def touched_by(tx: Transaction, changes: Sequence[NetChange]) -> dict[int, Touched]:
    """Who changed each of these wishes last, by row number."""
    if not changes:
        return {}
    cursor = await tx.connection.execute(
        _TOUCHED,
        {
            "tenant": tx.tenant_id,
            "rows": [one.row_no for one in changes],
            "users": [one.user for one in changes],
            "groups": [one.group for one in changes],
            "skus": [one.sku for one in changes],
        },
    )
    return {row[0]: Touched(principal=row[1], at=row[2]) for row in await cursor.fetchall()}


async def forget_batches(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget the oldest batches that were made before a time; how many they were."""
    cursor = await tx.connection.execute(
        "select correlation from wish_batch where tenant_id = %s and at < %s order by at limit %s",
        (tx.tenant_id, before, limit),
    )
    old = [row[0] for row in await cursor.fetchall()]
    for table in ("wish_change", "wish_batch") if old else ():
        await tx.connection.execute(
            f"delete from {table} where tenant_id = %s and correlation = any(%s)",
            (tx.tenant_id, old),
        )
    return len(old)
