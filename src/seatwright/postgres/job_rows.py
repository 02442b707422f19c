"""The rows of bulk jobs: stored once, read slice by slice, each given its outcome once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.bulk import (
    EVERY_ROW,
    BulkRow,
    RowChoice,
    RowEffect,
    RowFault,
    RowResult,
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
_PAGE = """
select row_no, user_text, sku_text, action, outcome, reason, message, effect
  from job_row where tenant_id = %s and job_no = %s and row_no > %s
   and (%s::text is null or outcome = %s) and (%s::text is null or effect = %s)
   and not (%s and coalesce(effect, '') in
            ('beside', 'changed', 'had', 'hadByGroup', 'twice', 'nothing'))
   and (%s::bool is null or (reason is not distinct from 'noSeatLeft') = %s)
 order by row_no limit %s
"""
_FAILED = """
select row_no, user_text, sku_text, action, sku_no, disabled_set, usage_location, starts_at,
       expires_at, since,
       case when user_no is null and reason not in ('unknownUser', 'siblingFailed')
            then reason end, message, user_no
  from job_row where tenant_id = %s and job_no = %s and outcome = 'failed'
   and (%s::text is null or reason = %s) order by row_no
"""
_REASONS = """
select reason, count(*) from job_row
 where tenant_id = %s and job_no = %s and outcome = 'failed' and reason is not null
 group by reason
"""
_WITHOUT_SEAT = """
select lacking.sku_no, count(distinct lacking.user_no) filter (where lacking.outcome = 'failed')
  from (select user_no, outcome,
               unnest(case when sku_no is null then %s::int2[] else array[sku_no] end) as sku_no
          from job_row
         where tenant_id = %s and job_no = %s and outcome in ('failed', 'waiting')
           and reason = 'noSeatLeft') lacking
 where not exists (select from effective_license held
                    where held.tenant_id = %s and held.user_no = lacking.user_no
                      and held.sku_no = lacking.sku_no)
 group by lacking.sku_no order by lacking.sku_no
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


async def failed_rows(tx: Transaction, job: JobNo, *, reason: Reason | None) -> list[BulkRow]:
    """The rows of a job that failed, or failed so, as they were ordered.

    What was wrong with a row before anybody was looked for is its fault still.
    """
    why = None if reason is None else reason.value
    cursor = await tx.connection.execute(_FAILED, (tx.tenant_id, job, why, why))
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
    is_new, lacks = chosen.effect == "new", chosen.is_unseated
    effect = None if is_new else chosen.effect
    named = (outcome, outcome, effect, effect, is_new, lacks, lacks)
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


async def count_failed(tx: Transaction, job: JobNo) -> dict[Reason, int]:
    """How many rows of a job failed, by their reasons."""
    cursor = await tx.connection.execute(_REASONS, (tx.tenant_id, job))
    return {Reason(row[0]): row[1] for row in await cursor.fetchall()}


async def people_without_seat(
    tx: Transaction, job: JobNo, products: Sequence[SkuNo]
) -> dict[SkuNo, int]:
    """How many people of failed rows found no seat of each product, and have none of it now.

    Products for which people of the job wait are there with 0. `products` are those of rows that
    name none: all of its template.
    """
    cursor = await tx.connection.execute(
        _WITHOUT_SEAT, (list(products), tx.tenant_id, job, tx.tenant_id)
    )
    return {SkuNo(row[0]): row[1] for row in await cursor.fetchall()}


async def all_rows(tx: Transaction, job: JobNo, *, page: int) -> AsyncIterator[StoredRow]:
    """Every row of a job, read page by page; ends at the last one."""
    after = -1
    while rows := await list_rows(tx, job, after=after, limit=page):
        for row in rows:
            yield row
        after = rows[-1].row_no
