"""What an answer to "why" needs to know about everybody but the person: counts, groups, makers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.why import Line, Rank
from seatwright.postgres.tally import count_lacking, count_waiting
from seatwright.postgres.transaction import Transaction

OTHER_REASONS: Final = frozenset(
    {
        Reason.CONFLICTING_SERVICE_PLANS,
        Reason.DEPENDENCY_MISSING,
        Reason.NOT_ASSIGNABLE_TO_USERS,
        Reason.SIBLING_FAILED,
        Reason.USAGE_LOCATION_MISSING,
        Reason.USAGE_LOCATION_PROHIBITED,
    }
)
"""Everything but a missing seat for which the engine leaves somebody without a product."""

GROUPS_LOOKED_AT_MAX = 200
PEOPLE_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """A group inside another, since when."""

    child: GroupNo
    parent: GroupNo
    since: datetime


async def read_memberships(tx: Transaction, user: UserNo) -> dict[GroupNo, datetime]:
    """The groups that a person is directly in, since when."""
    cursor = await tx.connection.execute(
        "select group_no, since from membership where tenant_id = %s and user_no = %s",
        (tx.tenant_id, user),
    )
    return {GroupNo(row[0]): row[1] for row in await cursor.fetchall()}


async def nestings_above(tx: Transaction, groups: Iterable[GroupNo]) -> list[Nesting]:
    """Every step from these groups up to those that they are inside of."""
    cursor = await tx.connection.execute(
        "with recursive up as ("
        " select child_no, parent_no, since from group_nesting"
        "  where tenant_id = %s and child_no = any(%s)"
        " union select n.child_no, n.parent_no, n.since from up"
        "  join group_nesting n on n.tenant_id = %s and n.child_no = up.parent_no)"
        " select child_no, parent_no, since from up order by parent_no, child_no",
        (tx.tenant_id, sorted(groups), tx.tenant_id),
    )
    return [
        Nesting(child=GroupNo(row[0]), parent=GroupNo(row[1]), since=row[2])
        for row in await cursor.fetchall()
    ]


async def groups_giving(tx: Transaction, skus: Iterable[SkuNo]) -> list[GroupNo]:
    """Groups that give any of these products, first those that give little beside."""
    cursor = await tx.connection.execute(
        "select g.group_no from assignment a"
        " join app_group g on g.tenant_id = a.tenant_id and g.group_no = a.group_no"
        " where a.tenant_id = %s and a.group_no is not null and g.deleted_at is null"
        " group by g.tenant_id, g.group_no having bool_or(a.sku_no = any(%s))"
        " order by count(*), g.group_no limit %s",
        (tx.tenant_id, sorted(skus), GROUPS_LOOKED_AT_MAX),
    )
    return [GroupNo(row[0]) for row in await cursor.fetchall()]


# The priorities of a line are looked up one after the other. Nobody is counted whom the tally has
# counted, nor where the last of them comes before the person.
_RANKS: Final = """
with recursive step as (
    select mine.sku_no, mine.since, (
        select e.priority from license_error e
         where e.tenant_id = %(tenant)s and e.reason = 'noSeatLeft' and e.sku_no = mine.sku_no
         order by e.priority limit 1) as priority
      from unnest(%(skus)s::int2[], %(since)s::timestamptz[]) as mine (sku_no, since)
    union all
    select step.sku_no, step.since, (
        select e.priority from license_error e
         where e.tenant_id = %(tenant)s and e.reason = 'noSeatLeft' and e.sku_no = step.sku_no
           and e.priority > step.priority
         order by e.priority limit 1)
      from step where step.priority is not null
), rank as (
    select sku_no, since, priority, count(*) over (partition by sku_no) = 1 as is_only, (
        select (e.waiting_since, e.user_no) < (step.since, %(user)s) from license_error e
         where e.tenant_id = %(tenant)s and e.reason = 'noSeatLeft' and e.sku_no = step.sku_no
           and e.priority = step.priority and e.user_no <> %(user)s
         order by e.waiting_since desc, e.user_no desc limit 1) as are_all_before
      from step where priority is not null
)
select r.sku_no, r.priority,
       exists (select from license_error e
         where e.tenant_id = %(tenant)s and e.user_no = %(user)s and e.sku_no = r.sku_no
           and e.reason = 'noSeatLeft'),
       case when not r.is_only then (select count(distinct e.user_no) from license_error e
         where e.tenant_id = %(tenant)s and e.reason = 'noSeatLeft' and e.sku_no = r.sku_no
           and e.priority = r.priority and e.user_no <> %(user)s) end,
       case when not r.are_all_before then (select count(distinct e.user_no) from license_error e
         where e.tenant_id = %(tenant)s and e.reason = 'noSeatLeft' and e.sku_no = r.sku_no
           and e.priority = r.priority and e.user_no <> %(user)s
           and (e.waiting_since, e.user_no) < (r.since, %(user)s)) end
  from rank r where r.are_all_before is not null
 order by r.sku_no, r.priority
"""


async def read_lines(
    tx: Transaction, user: UserNo, since: Mapping[SkuNo, datetime]
) -> dict[SkuNo, Line]:
    """Who else wants a seat of each SKU; `since` is from when the person wants one."""
    skus = sorted(since)
    waiting = await count_waiting(tx, skus)
    values = {
        "tenant": tx.tenant_id,
        "user": user,
        "skus": skus,
        "since": [since[sku] for sku in skus],
    }
    cursor = await tx.connection.execute(_RANKS, values)
    ranks: dict[SkuNo, list[Rank]] = defaultdict(list)
    for sku, priority, waits_too, counted, before in await cursor.fetchall():
        people = waiting.get(SkuNo(sku), 0) - int(waits_too) if counted is None else counted
        rank = Rank(priority=priority, people=people, before=people if before is None else before)
        ranks[SkuNo(sku)].append(rank)
    rivals = await _rivals(tx, user, skus)
    return {sku: Line(ranks=tuple(ranks[sku]), rivals=rivals.get(sku, 0)) for sku in skus}


async def _rivals(tx: Transaction, user: UserNo, skus: Sequence[SkuNo]) -> dict[SkuNo, int]:
    """Others who lack each SKU for another reason than a seat, as the tally has them.

    Who lacks one for two reasons counts for both: nobody is promised a seat by too few.
    """
    cursor = await tx.connection.execute(
        "select sku_no, count(distinct reason) from license_error"
        " where tenant_id = %s and user_no = %s and sku_no = any(%s) and reason = any(%s)"
        " group by sku_no",
        (tx.tenant_id, user, list(skus), sorted(reason.value for reason in OTHER_REASONS)),
    )
    own = {SkuNo(row[0]): row[1] for row in await cursor.fetchall()}
    rivals: Counter[SkuNo] = Counter()
    for (sku, _), people in (await count_lacking(tx, OTHER_REASONS, skus)).items():
        rivals[sku] += people
    return {sku: people - own.get(sku, 0) for sku, people in rivals.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who made an assignment, and when."""

    name: str
    kind: str
    at: datetime


async def makers_of(
    tx: Transaction, user: UserNo, groups: Sequence[GroupNo], sku: SkuNo
) -> dict[tuple[int, int], Maker]:
    """Who made each assignment of a product that reaches a person, by kind and number of source."""
    cursor = await tx.connection.execute(
        "select case when a.group_no is null then a.source_kind else 1 end,"
        " coalesce(a.group_no, a.source_no), p.name, p.kind, a.created_at"
        " from assignment a"
        " join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.created_by"
        " where a.tenant_id = %s and a.sku_no = %s and a.user_no = %s"
        " union all select 1, a.group_no, p.name, p.kind, a.created_at"
        " from assignment a"
        " join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.created_by"
        " where a.tenant_id = %s and a.sku_no = %s and a.group_no = any(%s)",
        (tx.tenant_id, sku, user, tx.tenant_id, sku, list(groups)),
    )
    return {
        (row[0], row[1]): Maker(name=row[2], kind=row[3], at=row[4])
        for row in await cursor.fetchall()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeen:
    """A job by which something came about; `template` if it gave one."""

    id: UUID
    kind: str
    template: str | None


async def jobs_behind(
    tx: Transaction, user: UserNo, correlations: Iterable[UUID]
) -> dict[UUID, JobSeen]:
    """The jobs with these correlation ids; a row without a product names its template."""
    wanted = sorted(set(correlations))
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select j.correlation, j.id, j.kind, (select r.sku_text from job_row r"
        "  where r.tenant_id = j.tenant_id and r.job_no = j.job_no and r.user_no = %s"
        "   and r.sku_no is null limit 1)"
        " from job j where j.tenant_id = %s and j.correlation = any(%s) order by j.job_no",
        (user, tx.tenant_id, wanted),
    )
    return {
        row[0]: JobSeen(id=row[1], kind=row[2], template=row[3]) for row in await cursor.fetchall()
    }


async def likely_locations(tx: Transaction, user: UserNo, *, limit: int) -> tuple[str, ...]:
    """Usage locations for a person: their manager's, then the commonest of the first people."""
    cursor = await tx.connection.execute(
        "select m.usage_location from app_user u"
        " join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no"
        " where u.tenant_id = %s and u.user_no = %s and m.usage_location is not null",
        (tx.tenant_id, user),
    )
    managers = [row[0] for row in await cursor.fetchall()]
    common = await common_locations(tx, limit=limit)
    return tuple(dict.fromkeys([*managers, *common]))[:limit]


async def common_locations(tx: Transaction, *, limit: int) -> tuple[str, ...]:
    """The commonest usage locations of the first people."""
    cursor = await tx.connection.execute(
        "select usage_location from (select usage_location from app_user"
        "  where tenant_id = %s order by user_no limit %s) few"
        " where usage_location is not null group by 1 order by count(*) desc, 1 limit %s",
        (tx.tenant_id, PEOPLE_LOOKED_AT, limit),
    )
    return tuple(row[0] for row in await cursor.fetchall())
