"""How many people wait, are refused, or are members: kept by triggers as things change.

What a list says of every product or of fifty groups takes the same time in a tenant of a million
people as in one of a thousand, because nobody is counted while it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Final

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.reconcile.columns import REASONS
from seatwright.domain.reconcile.tallies import Tallies
from seatwright.postgres.transaction import Transaction


class _Noun(IntEnum):
    """What rows of the table are about, as its migration says."""

    LACKING = 1
    REFUSED_BY_GROUP = 2
    REFUSED_BY_GROUP_AND_SKU = 3
    MEMBERS = 4


_LACKING: Final = """
select about, detail, sum(people)::int4 from tally
 where tenant_id = %s and noun = 1 and (%s::int4[] is null or about = any(%s))
   and detail = any(%s)
 group by about, detail having sum(people) > 0
"""
_OF_GROUPS: Final = """
select about, sum(people)::int4 from tally
 where tenant_id = %s and noun = %s and about = any(%s) group by about
"""
_OF_GROUPS_AND_SKU: Final = """
select about, sum(people)::int4 from tally
 where tenant_id = %s and noun = 3 and about = any(%s) and detail = %s group by about
"""
_TELL: Final = """
insert into tally (tenant_id, noun, about, detail, people)
select %s, line.* from unnest(%s::int2[], %s::int4[], %s::text[], %s::int4[]) line
"""
# One statement, so that whoever folds at the same time finds the rows gone and adds nothing.
_FOLD: Final = """
with crowded as (
    select noun, about, detail from tally where tenant_id = %(tenant)s
     group by noun, about, detail having count(*) > 1
), gone as (
    delete from tally t using crowded c
     where t.tenant_id = %(tenant)s and t.noun = c.noun and t.about = c.about
       and t.detail = c.detail
    returning t.noun, t.about, t.detail, t.people
)
insert into tally (tenant_id, noun, about, detail, people)
select %(tenant)s, noun, about, detail, sum(people) from gone
 group by noun, about, detail having sum(people) <> 0
"""
# Counted and told in one snapshot, so that what commits meanwhile is in both or in neither.
_MEND: Final = """
with told as (
    select noun, about, detail, sum(people)::int4 as people from tally
     where tenant_id = %(tenant)s group by noun, about, detail
), counted as (
    select 1 as noun, sku_no::int4 as about, reason as detail,
           count(distinct user_no)::int4 as people
      from license_error where tenant_id = %(tenant)s group by sku_no, reason
    union all
    select 2, source_no, '', count(distinct user_no) from license_error
     where tenant_id = %(tenant)s and source_kind = 1 group by source_no
    union all
    select 3, source_no, sku_no::text, count(*) from license_error
     where tenant_id = %(tenant)s and source_kind = 1 group by source_no, sku_no
    union all
    select 4, group_no, '', count(*) from membership
     where tenant_id = %(tenant)s group by group_no
)
insert into tally (tenant_id, noun, about, detail, people)
select %(tenant)s, noun, about, detail, coalesce(c.people, 0) - coalesce(t.people, 0)
  from counted c full join told t using (noun, about, detail)
 where coalesce(c.people, 0) <> coalesce(t.people, 0)
returning noun, about, detail, people
"""


async def count_lacking(
    tx: Transaction, reasons: Collection[Reason], skus: Sequence[SkuNo] | None = None
) -> dict[tuple[SkuNo, Reason], int]:
    """How many people lack each product for each of these reasons; none are left out."""
    wanted = None if skus is None else list(skus)
    cursor = await tx.connection.execute(
        _LACKING, (tx.tenant_id, wanted, wanted, sorted(reason.value for reason in reasons))
    )
    return {(SkuNo(sku), Reason(reason)): people for sku, reason, people in await cursor.fetchall()}


async def count_waiting(tx: Transaction, skus: Sequence[SkuNo] | None = None) -> dict[SkuNo, int]:
    """How many people wait for a seat of each product; where nobody waits it is left out."""
    lacking = await count_lacking(tx, (Reason.NO_SEAT_LEFT,), skus)
    return {sku: people for (sku, _), people in lacking.items()}


async def count_errors(tx: Transaction, reasons: Collection[Reason]) -> dict[Reason, int]:
    """How many people and products have each of these errors; none are left out."""
    counts: Counter[Reason] = Counter()
    for (_, reason), people in (await count_lacking(tx, reasons)).items():
        counts[reason] += people
    return dict(counts)


async def count_members(tx: Transaction, groups: Sequence[GroupNo]) -> dict[GroupNo, int]:
    """How many people are members of each group, those who are deleted with the others."""
    return await _of_groups(tx, _Noun.MEMBERS, groups)


async def count_refused(tx: Transaction, groups: Sequence[GroupNo]) -> dict[GroupNo, int]:
    """How many people each group does not give all that it says."""
    return await _of_groups(tx, _Noun.REFUSED_BY_GROUP, groups)


async def count_refused_a_product(
    tx: Transaction, groups: Sequence[GroupNo], sku: SkuNo
) -> dict[GroupNo, int]:
    """How many people each group does not give this product."""
    cursor = await tx.connection.execute(_OF_GROUPS_AND_SKU, (tx.tenant_id, list(groups), str(sku)))
    return {GroupNo(group): people for group, people in await cursor.fetchall()}


async def _of_groups(tx: Transaction, noun: _Noun, groups: Sequence[GroupNo]) -> dict[GroupNo, int]:
    cursor = await tx.connection.execute(_OF_GROUPS, (tx.tenant_id, noun.value, list(groups)))
    return {GroupNo(group): people for group, people in await cursor.fetchall()}


@asynccontextmanager
async def told_apart(tx: Transaction, tallies: Tallies) -> AsyncIterator[None]:
    """Tell what the statements inside do to errors, so that no trigger has to find it out."""
    await tx.connection.execute("select set_config('seatwright.tallied', 'on', true)")
    yield
    await tx.connection.execute("select set_config('seatwright.tallied', 'off', true)")
    rows = [
        *((_Noun.LACKING, one.sku_no, REASONS[one.reason].value, one.people)
          for one in tallies.lacking),
        *((_Noun.REFUSED_BY_GROUP, one.group_no, "", one.people)
          for one in tallies.refused if one.sku_no is None),
        *((_Noun.REFUSED_BY_GROUP_AND_SKU, one.group_no, str(one.sku_no), one.people)
          for one in tallies.refused if one.sku_no is not None),
    ]  # fmt: skip
    if rows:
        columns = (list(column) for column in zip(*rows, strict=True))
        await tx.connection.execute(_TELL, (tx.tenant_id, *columns))


async def fold_tally(tx: Transaction) -> None:
    """Make one row of the rows about one thing, so that reading stays short."""
    await tx.connection.execute(_FOLD, {"tenant": tx.tenant_id})


async def mend_tally(tx: Transaction) -> list[tuple[int, int, str, int]]:
    """Count everything and add what was missed: (noun, about, detail, difference).

    Two at once would both add the same difference: the second waits, and counts what the first
    has left.
    """
    await tx.connection.execute(
        "select pg_advisory_xact_lock(hashtext('tally of a tenant'), %s)", (tx.tenant_id,)
    )
    cursor = await tx.connection.execute(_MEND, {"tenant": tx.tenant_id})
    return [(row[0], row[1], row[2], row[3]) for row in await cursor.fetchall()]
