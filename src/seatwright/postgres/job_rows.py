"""The rows of bulk jobs: stored once, read slice by slice, each given its outcome once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.bulk import (
    EVERY_ROW,
    BulkRow,
    RestState,
    RowChoice,
    RowEffect,
    RowFault,
    RowResult,
    Undone,
)
from seatwright.domain.errors import Reason
from seatwright.domain.ids import JobNo, SkuNo, UserNo
from seatwright.domain.jobs import Outcome, RowAction
from seatwright.domain.wants import WantKind
from seatwright.postgres.transaction import Transaction

_INSERT = """
insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, action, sku_no, disabled_set,
    usage_location, starts_at, expires_at, since, reason, message, user_no)
select %s, %s, line.* from unnest(%s::int4[], %s::text[], %s::text[], %s::text[], %s::int2[],
    %s::int4[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[],
    %s::text[], %s::int4[]) line
"""
_SLICE = """
select row_no, user_text, sku_text, action, sku_no, disabled_set, usage_location, starts_at,
       expires_at, since, reason, message, user_no
  from job_row where tenant_id = %s and job_no = %s and row_no > %s order by row_no limit %s
"""
_WRITE = """
update job_row r set outcome = new.outcome, reason = new.reason,
       user_no = coalesce(new.user_no, r.user_no),
       message = new.message, effect = new.effect
  from unnest(%s::int4[], %s::text[], %s::int4[], %s::text[], %s::text[], %s::text[])
    as new (row_no, outcome, user_no, reason, message, effect)
 where r.tenant_id = %s and r.job_no = %s and r.row_no = new.row_no
"""
_WRITE_REST = """
update job_row set outcome = %s, reason = %s, message = %s
 where tenant_id = %s and job_no = %s and row_no > %s and outcome is null
"""
_WHY = """case reason when 'noSeatLeft' then 'unseated' when 'siblingFailed' then 'spared'
            else 'faulty' end"""
_PAGE = f"""
select row_no, user_text, sku_text, action, outcome, reason, message, effect
  from job_row where tenant_id = %s and job_no = %s and row_no > %s
   and (%s::text is null or outcome = %s) and (%s::text is null or effect = %s)
   and not (%s and coalesce(effect, '') in
            ('beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing'))
   and (%s::text is null or {_WHY} = %s)
 order by row_no limit %s
"""
# What became of rows by now, since not only their job gives and takes. Of a person whom nobody knew
# nothing can be told; a fault in service plans or dates is not mended by holding the product.
_SINCE = f"""
with ended as (
    select r.*, case when outcome = 'waiting' then 'waiting' else {_WHY} end as why,
           case when sku_no is null then %(products)s::int2[] else array[sku_no] end as skus
      from job_row r
     where tenant_id = %(tenant)s and job_no = %(job)s and outcome in ('failed', 'waiting')
), rest as (
    select r.*, case
        when user_no is null then 'lacking'
        when not exists (select from app_user u where u.tenant_id = r.tenant_id
                            and u.user_no = r.user_no and u.deleted_at is null) then 'gone'
        when why = 'faulty' and (action <> 'add' or disabled_set is not null
                                 or starts_at is not null or expires_at is not null)
          or why = 'spared' and action <> 'add' then 'lacking'
        when not exists (
            select from unnest(skus) as wanted (sku_no)
             where not exists (select from effective_license l where l.tenant_id = r.tenant_id
                                  and l.user_no = r.user_no and l.sku_no = wanted.sku_no)
        ) then 'held'
        when not exists (
            select from unnest(skus) as wanted (sku_no)
             where not exists (select from effective_license l where l.tenant_id = r.tenant_id
                                  and l.user_no = r.user_no and l.sku_no = wanted.sku_no)
               and not exists (select from license_error e where e.tenant_id = r.tenant_id
                                  and e.user_no = r.user_no and e.sku_no = wanted.sku_no
                                  and e.reason = 'noSeatLeft')
        ) then 'waiting'
        else 'lacking' end as state
      from ended r
)
"""
_FAILED = f"""{_SINCE}
select row_no, user_text, sku_text, action, sku_no, disabled_set, usage_location, starts_at,
       expires_at, since,
       case when user_no is null and reason not in ('unknownUser', 'siblingFailed')
            then reason end, message, user_no
  from rest where outcome = 'failed' and state = 'lacking'
   and (%(why)s::text is null or why = %(why)s) order by row_no
"""
_STATES = f"{_SINCE} select why, state, count(*) from rest group by why, state"
_WITHOUT_SEAT = """
select need.sku_no, count(distinct need.user_no) filter (
           where need.outcome = 'failed'
             and not exists (select from license_error e
                              where e.tenant_id = %(tenant)s and e.user_no = need.user_no
                                and e.sku_no = need.sku_no and e.reason = 'noSeatLeft'))
  from (select user_no, outcome,
               unnest(case when sku_no is null then %(products)s::int2[]
                           else array[sku_no] end) as sku_no
          from job_row
         where tenant_id = %(tenant)s and job_no = %(job)s and outcome in ('failed', 'waiting')
           and (reason = 'noSeatLeft'
                or %(whole)s and reason = 'siblingFailed' and action <> 'remove')) need
  join app_user u on u.tenant_id = %(tenant)s and u.user_no = need.user_no
                 and u.deleted_at is null
 where not exists (select from effective_license held
                    where held.tenant_id = %(tenant)s and held.user_no = need.user_no
                      and held.sku_no = need.sku_no)
 group by need.sku_no order by need.sku_no
"""
_EFFECTS = """
select effect, count(*) from job_row
 where tenant_id = %s and job_no = %s
   and effect in ('beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing')
 group by effect
"""


async def insert_rows(tx: Transaction, job: JobNo, rows: Sequence[BulkRow]) -> None:
    """Store what a bulk job is to do; the fault of a row is its reason before its outcome."""
    sets = await tx.plan_set_ids({row.disabled for row in rows if row.disabled is not None})
    await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            job,
            [row.row_no for row in rows],
            [row.user_text for row in rows],
            [row.sku_text for row in rows],
            [row.kind.value for row in rows],
            [row.sku for row in rows],
            [None if row.disabled is None else sets[row.disabled] for row in rows],
            [row.usage_location for row in rows],
            [row.starts_at for row in rows],
            [row.expires_at for row in rows],
            [row.since for row in rows],
            [None if row.fault is None else row.fault.reason.value for row in rows],
            [None if row.fault is None else row.fault.message for row in rows],
            [row.user for row in rows],
        ),
    )


async def read_slice(tx: Transaction, job: JobNo, *, after: int, limit: int) -> list[BulkRow]:
    """The next rows of a job."""
    cursor = await tx.connection.execute(_SLICE, (tx.tenant_id, job, after, limit))
    return await _orders(tx, await cursor.fetchall())


async def failed_rows(
    tx: Transaction, job: JobNo, products: Sequence[SkuNo], *, why: Undone | None
) -> list[BulkRow]:
    """The rows of a job that failed, or failed so, as they were ordered.

    Left out is who holds the product by now, waits for it, or was deleted. What was wrong with a
    row before anybody was looked for is its fault still. `products` are as for `rest_by_state`.
    """
    known = {"tenant": tx.tenant_id, "job": job, "products": list(products)}
    cursor = await tx.connection.execute(
        _FAILED, {**known, "why": None if why is None else why.value}
    )
    return await _orders(tx, await cursor.fetchall())


async def _orders(tx: Transaction, found: Sequence[TupleRow]) -> list[BulkRow]:
    bits = await tx.plan_set_bits({row[5] for row in found if row[5] is not None})
    return [
        BulkRow(
            row_no=row_no,
            user_text=user,
            sku_text=sku_text,
            kind=WantKind(action),
            sku=sku,
            disabled=None if disabled is None else bits[disabled],
            usage_location=location,
            starts_at=starts,
            expires_at=expires,
            since=since,
            fault=None if reason is None else RowFault(reason=Reason(reason), message=message),
            user=None if user_no is None else UserNo(user_no),
        )
        for (
            row_no,
            user,
            sku_text,
            action,
            sku,
            disabled,
            location,
            starts,
            expires,
            since,
            reason,
            message,
            user_no,
        ) in found
    ]


async def write_results(tx: Transaction, job: JobNo, results: Sequence[RowResult]) -> None:
    """Store what became of rows, in the transaction of what was done for them."""
    if not results:
        return
    await tx.connection.execute(
        _WRITE,
        (
            [one.row_no for one in results],
            [one.outcome.value for one in results],
            [one.user for one in results],
            [None if one.reason is None else one.reason.value for one in results],
            [one.message for one in results],
            [None if one.effect is None else one.effect.value for one in results],
            tx.tenant_id,
            job,
        ),
    )


async def write_rest(tx: Transaction, job: JobNo, result: RowResult) -> int:
    """Give every row after `result.row_no` that has no outcome yet this one; gives how many."""
    cursor = await tx.connection.execute(
        _WRITE_REST,
        (
            result.outcome.value,
            None if result.reason is None else result.reason.value,
            result.message,
            tx.tenant_id,
            job,
            result.row_no,
        ),
    )
    return cursor.rowcount


_EFFECTS_KNOWN: Final[Mapping[str | None, RowEffect]] = {one.value: one for one in RowEffect}
"""What newer machines write beside it counts as nothing known, and not as an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row of a job as people see it; `outcome` is None while it was not worked on.

    `effect` is None too where a newer version wrote one that this one does not know.
    """

    row_no: int
    user_text: str
    sku_text: str | None
    action: RowAction
    outcome: Outcome | None
    reason: Reason | None
    message: str | None
    effect: RowEffect | None = None


async def list_rows(
    tx: Transaction,
    job: JobNo,
    *,
    after: int,
    limit: int,
    chosen: RowChoice = EVERY_ROW,
) -> list[StoredRow]:
    """Rows in their order; the effect `new` leaves out those that `count_effects` counts."""
    outcome = None if chosen.outcome is None else chosen.outcome.value
    is_new, why = chosen.effect == "new", None if chosen.why is None else chosen.why.value
    effect = None if is_new else chosen.effect
    named = (outcome, outcome, effect, effect, is_new, why, why)
    cursor = await tx.connection.execute(_PAGE, (tx.tenant_id, job, after, *named, limit))
    return [
        StoredRow(
            row_no=row[0],
            user_text=row[1],
            sku_text=row[2],
            action=RowAction(row[3]),
            outcome=None if row[4] is None else Outcome(row[4]),
            reason=None if row[5] is None else Reason(row[5]),
            message=row[6],
            effect=_EFFECTS_KNOWN.get(row[7]),
        )
        for row in await cursor.fetchall()
    ]


async def count_effects(tx: Transaction, job: JobNo) -> dict[RowEffect, int]:
    """How many rows of a job gave nothing to somebody new, by what they came to."""
    cursor = await tx.connection.execute(_EFFECTS, (tx.tenant_id, job))
    return {RowEffect(row[0]): row[1] for row in await cursor.fetchall()}


async def rest_by_state(
    tx: Transaction, job: JobNo, products: Sequence[SkuNo]
) -> dict[tuple[Undone, RestState], int]:
    """How many rows of a job failed or waited, by why, and by what became of their people since.

    `products` are those of rows that name none: all of the job's template.
    """
    cursor = await tx.connection.execute(
        _STATES, {"tenant": tx.tenant_id, "job": job, "products": list(products)}
    )
    return {(Undone(row[0]), RestState(row[1])): row[2] for row in await cursor.fetchall()}


async def people_without_seat(
    tx: Transaction, job: JobNo, products: Sequence[SkuNo], *, is_whole: bool
) -> dict[SkuNo, int]:
    """How many people of failed rows found no seat of each product, and have none of it now.

    Nobody counts who waits for one by now or was deleted, but products for which people of the job
    wait are there with 0. `products` are as for `rest_by_state`. With `is_whole` rows that were
    spared because of the others need their seats too.
    """
    known = {"tenant": tx.tenant_id, "job": job, "products": list(products)}
    cursor = await tx.connection.execute(_WITHOUT_SEAT, {**known, "whole": is_whole})
    return {SkuNo(row[0]): row[1] for row in await cursor.fetchall()}


async def all_rows(tx: Transaction, job: JobNo, *, page: int) -> AsyncIterator[StoredRow]:
    """Every row of a job, read page by page; ends at the last one."""
    after = -1
    while rows := await list_rows(tx, job, after=after, limit=page):
        for row in rows:
            yield row
        after = rows[-1].row_no
