"""Reading batches of the journal, and putting wishes back as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.ids import GroupNo, JobNo, PrincipalNo, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.undo import NetChange, Noun, Side
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one call or job did to wishes: when, by whom, and the job that undid it."""

    correlation: UUID
    at: datetime
    principal_no: PrincipalNo
    undone_by: JobNo | None


_BATCH = (
    "select correlation, at, principal_no, undone_by from wish_batch"
    " where tenant_id = %s and correlation = %s and at >= %s"
)


async def hold_batch(tx: Transaction, correlation: UUID, *, since: datetime) -> Batch | None:
    """A batch not older than `since`, locked so that it is undone once."""
    return await _batch(tx, f"{_BATCH} for no key update", correlation, since)


async def read_batch(tx: Transaction, correlation: UUID, *, since: datetime) -> Batch | None:
    """The same, only looked at."""
    return await _batch(tx, _BATCH, correlation, since)


async def _batch(tx: Transaction, query: str, correlation: UUID, since: datetime) -> Batch | None:
    cursor = await tx.connection.execute(query, (tx.tenant_id, correlation, since))
    row = await cursor.fetchone()
    if row is None:
        return None
    return Batch(correlation=row[0], at=row[1], principal_no=row[2], undone_by=row[3])


async def mark_undone(tx: Transaction, correlation: UUID, job: JobNo) -> None:
    """Note which job undoes a batch."""
    await tx.connection.execute(
        "update wish_batch set undone_by = %s where tenant_id = %s and correlation = %s",
        (job, tx.tenant_id, correlation),
    )


# What a batch did and took back itself is nothing.
_NET = """
with ends as (
    select noun, user_no, group_no, inner_no, sku_no, source_kind, source_no,
           min(change_no) as first_no, max(change_no) as last_no
      from wish_change
     where tenant_id = %(tenant)s and correlation = %(batch)s and noun < 4
     group by noun, user_no, group_no, inner_no, sku_no, source_kind, source_no
), net as (
    select e.*, f.before_since is not null as was, l.after_since is not null as is_left,
           f.before_since, l.after_since
      from ends e
      join wish_change f on f.tenant_id = %(tenant)s and f.correlation = %(batch)s
       and f.change_no = e.first_no
      join wish_change l on l.tenant_id = %(tenant)s and l.correlation = %(batch)s
       and l.change_no = e.last_no
     where f.before_since is not null or l.after_since is not null
)
"""
_COUNT = f"""{_NET}
select noun, user_no is null, count(*)::int4,
       array_agg(distinct coalesce(inner_no, group_no)) filter (where user_no is null)
  from net group by 1, 2
"""
# Wishes of groups come first: the last slices look at their members. Of people, those who only give
# something back come before those who get something too, so that who lost a seat finds it; all rows
# of one person stand together, for what they lose and what they get change hands at once.
_STORE = f"""{_NET}, turned as (
    select n.*, bool_and(not was) over (partition by user_no) as gives_back from net n
), numbered as (
    select n.*, row_number() over (
        order by user_no is not null, not gives_back, user_no, was, noun, group_no, sku_no,
                 first_no)::int4
        as row_no from turned n
), stored as (
    insert into undo_row (tenant_id, job_no, row_no, first_no, last_no)
    select %(tenant)s, %(job)s, row_no, first_no, last_no from numbered
)
insert into job_row (tenant_id, job_no, row_no, sku_no, user_no, user_text, sku_text, action)
select %(tenant)s, %(job)s, n.row_no, n.sku_no, n.user_no,
       case when n.user_no is not null then coalesce(u.upn, 'a person who was purged')
            when n.inner_no is not null then i.display_name else g.display_name end,
       case n.noun when 1 then coalesce(s.part_number, 'a product that is gone')
            when 2 then 'member of ' || g.display_name else 'inside ' || g.display_name end,
       case when not n.was then 'remove' when n.is_left then 'replace' else 'add' end
  from numbered n
  left join app_user u on u.tenant_id = %(tenant)s and u.user_no = n.user_no
  left join app_group g on g.tenant_id = %(tenant)s and g.group_no = n.group_no
  left join app_group i on i.tenant_id = %(tenant)s and i.group_no = n.inner_no
  left join sku s on s.tenant_id = %(tenant)s and s.sku_no = n.sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSize:
    """How many wishes of one kind a batch changed, and the groups whose members are concerned."""

    noun: Noun
    is_of_group: bool
    count: int
    groups: tuple[GroupNo, ...]


async def batch_sizes(tx: Transaction, correlation: UUID) -> list[BatchSize]:
    """What a batch changed in the end, by kind."""
    cursor = await tx.connection.execute(_COUNT, {"tenant": tx.tenant_id, "batch": correlation})
    return [
        BatchSize(
            noun=Noun(row[0]),
            is_of_group=row[1],
            count=row[2],
            groups=tuple(GroupNo(no) for no in row[3] or ()),
        )
        for row in await cursor.fetchall()
    ]


async def store_rows(tx: Transaction, correlation: UUID, job: JobNo) -> None:
    """Store one row for each wish that a job is to put back."""
    await tx.connection.execute(_STORE, {"tenant": tx.tenant_id, "batch": correlation, "job": job})


_SIDE = "{0}_since, {0}_set, {0}_strategy, {0}_priority, {0}_starts_at, {0}_expires_at, {0}_by"
_BEFORE = ", ".join(f"f.{name}" for name in _SIDE.format("before").split(", "))
_AFTER = ", ".join(f"l.{name}" for name in _SIDE.format("after").split(", "))
_NOW = ", ".join(
    f"coalesce(au.{name}, ag.{name})"
    for name in ("disabled_set", "strategy", "priority", "starts_at", "expires_at", "created_by")
)
_ROWS = f"""
select r.row_no, f.noun, f.user_no, f.group_no, f.inner_no, f.sku_no,
       coalesce(f.source_kind, 0), coalesce(f.source_no, 0),
       f.user_no is null or u.user_no is not null,
       (f.group_no is null or g.group_no is not null)
           and (f.inner_no is null or i.group_no is not null),
       {_BEFORE}, {_AFTER},
       coalesce(au.created_at, ag.created_at, m.since, n.since), {_NOW}
  from rows r
  join wish_change f on f.tenant_id = %(tenant)s and f.correlation = %(batch)s
   and f.change_no = r.first_no
  join wish_change l on l.tenant_id = %(tenant)s and l.correlation = %(batch)s
   and l.change_no = r.last_no
  left join app_user u on u.tenant_id = %(tenant)s and u.user_no = f.user_no
  left join app_group g on g.tenant_id = %(tenant)s and g.group_no = f.group_no
   and g.deleted_at is null
  left join app_group i on i.tenant_id = %(tenant)s and i.group_no = f.inner_no
   and i.deleted_at is null
  left join assignment au on f.noun = 1 and au.tenant_id = %(tenant)s
   and au.user_no = f.user_no and au.sku_no = f.sku_no
   and au.source_kind = f.source_kind and au.source_no = f.source_no
  left join assignment ag on f.noun = 1 and ag.tenant_id = %(tenant)s
   and ag.group_no = f.group_no and ag.sku_no = f.sku_no
  left join membership m on f.noun = 2 and m.tenant_id = %(tenant)s
   and m.user_no = f.user_no and m.group_no = f.group_no
  left join group_nesting n on f.noun = 3 and n.tenant_id = %(tenant)s
   and n.child_no = f.inner_no and n.parent_no = f.group_no
 order by r.row_no
"""
_SLICE = f"""
with rows as (
    select row_no, first_no, last_no from undo_row
     where tenant_id = %(tenant)s and job_no = %(job)s and row_no > %(after)s
     order by row_no limit %(limit)s
) {_ROWS}"""
# Of people: their own assignments of a product, and the memberships that ended.
_OF_PEOPLE = f"""{_NET}, rows as (
    select row_number() over (order by first_no)::int4 as row_no, first_no, last_no from net
     where was and not is_left
       and ((user_no = any(%(users)s) and (noun = 2 or sku_no = %(sku)s))
         or (user_no is null and (noun = 3 or sku_no = %(sku)s)))
) {_ROWS}"""


async def read_rows(
    tx: Transaction, correlation: UUID, job: JobNo, *, after: int, limit: int
) -> list[NetChange]:
    """The next wishes that an undo job puts back, as they were, were left, and are now."""
    cursor = await tx.connection.execute(
        _SLICE,
        {
            "tenant": tx.tenant_id,
            "batch": correlation,
            "job": job,
            "after": after,
            "limit": limit,
        },
    )
    return [_net_change(row) for row in await cursor.fetchall()]


async def removals_of(
    tx: Transaction, correlation: UUID, users: Sequence[UserNo], *, sku: SkuNo
) -> list[NetChange]:
    """The wishes for a product that a batch took from these people, by name or by group."""
    cursor = await tx.connection.execute(
        _OF_PEOPLE,
        {"tenant": tx.tenant_id, "batch": correlation, "users": list(users), "sku": sku},
    )
    return [_net_change(row) for row in await cursor.fetchall()]


def _net_change(row: TupleRow) -> NetChange:
    return NetChange(
        row_no=row[0],
        noun=Noun(row[1]),
        user=None if row[2] is None else UserNo(row[2]),
        group=None if row[3] is None else GroupNo(row[3]),
        inner=None if row[4] is None else GroupNo(row[4]),
        sku=None if row[5] is None else SkuNo(row[5]),
        source_kind=row[6],
        source_no=row[7],
        has_user=row[8],
        has_groups=row[9],
        before=_side(row[10:17]),
        after=_side(row[17:24]),
        current=_side(row[24:31]),
    )


def _side(cells: tuple[object, ...]) -> Side | None:
    since, disabled, strategy, priority, starts, expires, by = cells
    if since is None:
        return None
    return Side(  # The columns have these types.
        since=since,  # type: ignore[arg-type]
        disabled_set=None if disabled is None else ServicePlanSetId(disabled),  # type: ignore[arg-type]
        strategy=strategy,  # type: ignore[arg-type]
        priority=priority,  # type: ignore[arg-type]
        starts_at=starts,  # type: ignore[arg-type]
        expires_at=expires,  # type: ignore[arg-type]
        by=by,  # type: ignore[arg-type]
    )


_DELETE_OWN = """
delete from assignment a
 using unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[]) as x (user_no, sku_no, kind, no)
 where a.tenant_id = %s and a.user_no = x.user_no and a.sku_no = x.sku_no
   and a.source_kind = x.kind and a.source_no = x.no
"""
_STORE_OWN = """
insert into assignment (tenant_id, user_no, sku_no, source_kind, source_no, disabled_set, strategy,
    priority, starts_at, expires_at, created_at, created_by)
select %s, x.* from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::int4[], %s::int2[],
    %s::int2[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::int4[]) x
on conflict (tenant_id, user_no, sku_no, source_kind, source_no) where user_no is not null
do update set disabled_set = excluded.disabled_set, strategy = excluded.strategy,
    priority = excluded.priority, starts_at = excluded.starts_at, expires_at = excluded.expires_at,
    created_at = excluded.created_at
"""
_DELETE_OF_GROUP = """
delete from assignment a using unnest(%s::int4[], %s::int2[]) as x (group_no, sku_no)
 where a.tenant_id = %s and a.group_no = x.group_no and a.sku_no = x.sku_no
"""
_STORE_OF_GROUP = """
insert into assignment (tenant_id, group_no, sku_no, disabled_set, strategy, priority, starts_at,
    expires_at, created_at, created_by)
select %s, x.* from unnest(%s::int4[], %s::int2[], %s::int4[], %s::int2[], %s::int2[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::int4[]) x
on conflict (tenant_id, group_no, sku_no) where group_no is not null
do update set disabled_set = excluded.disabled_set, strategy = excluded.strategy,
    priority = excluded.priority, starts_at = excluded.starts_at, expires_at = excluded.expires_at,
    created_at = excluded.created_at
"""


async def put_back(tx: Transaction, changes: Sequence[NetChange]) -> None:
    """Make these wishes what they were before; people, pools and groups are locked."""
    own = [c for c in changes if c.noun is Noun.ASSIGNMENT and c.user is not None]
    group = [c for c in changes if c.noun is Noun.ASSIGNMENT and c.user is None]
    await _execute(tx, _DELETE_OWN, [_own_key(c) for c in own if c.before is None], is_last=True)
    await _execute(
        tx, _STORE_OWN, [(*_own_key(c), *_values(c.before)) for c in own if c.before is not None]
    )
    gone = [(c.group, c.sku) for c in group if c.before is None]
    await _execute(tx, _DELETE_OF_GROUP, gone, is_last=True)
    back = [(c.group, c.sku, *_values(c.before)) for c in group if c.before is not None]
    await _execute(tx, _STORE_OF_GROUP, back)
    await _put_back_members(tx, [c for c in changes if c.noun is Noun.MEMBERSHIP])
    await _put_back_nestings(tx, [c for c in changes if c.noun is Noun.NESTING])


async def _put_back_members(tx: Transaction, changes: Sequence[NetChange]) -> None:
    gone = [(c.user, c.group) for c in changes if c.before is None]
    await _execute(
        tx,
        "delete from membership m using unnest(%s::int4[], %s::int4[]) as x (user_no, group_no)"
        " where m.tenant_id = %s and m.user_no = x.user_no and m.group_no = x.group_no",
        gone,
        is_last=True,
    )
    back = [(c.user, c.group, c.before.since) for c in changes if c.before is not None]
    await _execute(
        tx,
        "insert into membership (tenant_id, user_no, group_no, since)"
        " select %s, x.* from unnest(%s::int4[], %s::int4[], %s::timestamptz[]) x"
        " on conflict do nothing",
        back,
    )


async def _put_back_nestings(tx: Transaction, changes: Sequence[NetChange]) -> None:
    gone = [(c.inner, c.group) for c in changes if c.before is None]
    await _execute(
        tx,
        "delete from group_nesting n using unnest(%s::int4[], %s::int4[]) as x (child, parent)"
        " where n.tenant_id = %s and n.child_no = x.child and n.parent_no = x.parent",
        gone,
        is_last=True,
    )
    back = [(c.inner, c.group, c.before.since) for c in changes if c.before is not None]
    await _execute(
        tx,
        "insert into group_nesting (tenant_id, child_no, parent_no, since)"
        " select %s, x.* from unnest(%s::int4[], %s::int4[], %s::timestamptz[]) x"
        " on conflict do nothing",
        back,
    )


def _own_key(change: NetChange) -> tuple[object, ...]:
    return change.user, change.sku, change.source_kind, change.source_no


def _values(side: Side) -> tuple[object, ...]:
    return (
        side.disabled_set,
        side.strategy,
        side.priority,
        side.starts_at,
        side.expires_at,
        side.since,
        side.by,
    )


async def _execute(
    tx: Transaction, statement: str, rows: Sequence[tuple[object, ...]], *, is_last: bool = False
) -> None:
    """Run a statement over rows as arrays; the tenant comes first, or last in a deletion."""
    if not rows:
        return
    columns = [[row[at] for row in rows] for at in range(len(rows[0]))]
    values = [*columns, tx.tenant_id] if is_last else [tx.tenant_id, *columns]
    await tx.connection.execute(statement.encode(), values)
