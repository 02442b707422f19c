"""Reading the history: pages of it, newest first, by whatever it is asked for.

Every question walks an index in the order of the answer and stops when the page is full, or when
it has looked at ten thousand rows, however long the history is. A question that has several places
in an index (several actions, a group as subject and as source) is one such walk per place, merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.history import (
    HistoryAction,
    HistoryEvent,
    HistoryFilter,
    HistoryPlace,
    NamedPrincipal,
    NamedSubject,
)
from seatwright.domain.ids import (
    GroupNo,
    PrincipalNo,
    ServicePlanBits,
    ServicePlanSetId,
    SkuNo,
    UserNo,
)
from seatwright.postgres.codes import STRATEGY_OF_CODE, STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "event_no, at, action, reason, strategy, principal_no, user_no, group_no, sku_no,"
    " source_kind, source_no, before_set, after_set, detail, correlation"
)
_ORDER = "order by at desc, event_no desc limit %s"

WALK_ROWS_MAX: Final = 10_000
"""Rows that a page looks at where a filter is checked on the way; then it ends where it is."""


_USER_NAMES = """
select wanted.no, coalesce(u.id, n.id),
       case when n.erased_at is null then coalesce(u.upn, n.name) end,
       case when n.erased_at is null then coalesce(u.display_name, n.display_name) end
  from unnest(%s::int4[]) as wanted (no)
  left join app_user u on u.tenant_id = %s and u.user_no = wanted.no
  left join history_name n on n.tenant_id = %s and n.noun = 'user' and n.subject_no = wanted.no
 where u.id is not null or n.id is not null
"""
_GROUP_NAMES = """
select wanted.no, coalesce(g.id, n.id), null,
       case when n.erased_at is null then coalesce(g.display_name, n.display_name) end
  from unnest(%s::int4[]) as wanted (no)
  left join app_group g on g.tenant_id = %s and g.group_no = wanted.no
  left join history_name n on n.tenant_id = %s and n.noun = 'group' and n.subject_no = wanted.no
 where g.id is not null or n.id is not null
"""
_PRINCIPAL_NAMES = """
select p.principal_no, p.id, p.name, p.kind
  from unnest(%s::int4[]) as wanted (no)
  join principal p on p.tenant_id = %s and p.principal_no = wanted.no
"""


@dataclass(frozen=True, slots=True)
class _Condition:
    """A piece of SQL that a row must meet, with its values."""

    sql: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Rows, newest first, and where the next page goes on; None: there is nothing older.

    A page may have fewer rows than were asked for, even none, and still not be the last.
    """

    events: tuple[HistoryEvent, ...]
    resume: HistoryPlace | None


async def read_history(
    tx: Transaction, wanted: HistoryFilter, *, before: HistoryPlace | None, limit: int
) -> tuple[HistoryEvent, ...]:
    """The rows of one page."""
    return (await read_history_page(tx, wanted, before=before, limit=limit)).events


async def read_history_page(
    tx: Transaction, wanted: HistoryFilter, *, before: HistoryPlace | None, limit: int
) -> HistoryPage:
    """At most `limit` rows that meet the filter, newest first, older than `before`."""
    walks, checks = _walks(wanted)
    bounds = [_Condition("tenant_id = %s", (tx.tenant_id,)), *_time_bounds(wanted)]
    if before is not None:
        bounds.append(_Condition("(at, event_no) < (%s, %s)", (before.at, before.event_no)))
    statement, values = _merged(walks, bounds, limit=WALK_ROWS_MAX if checks else limit + 1)
    if checks:
        statement, values = _checked(statement, values, checks, limit=limit + 1)
    cursor = await tx.connection.execute(statement, values)
    rows = await cursor.fetchall()
    end = next((row for row in rows if checks and not row[-1]), None)
    rows = [row for row in rows if row is not end]
    if len(rows) > limit:
        end = rows[limit - 1]
    return HistoryPage(
        events=await _events(tx, rows[:limit]),
        resume=None if end is None else HistoryPlace(at=end[1], event_no=end[0]),
    )


def _merged(
    walks: Sequence[Sequence[_Condition]], bounds: Sequence[_Condition], *, limit: int
) -> tuple[str, list[object]]:
    """The newest rows of several index walks, each of which stops when it has enough."""
    parts, values = [], list[object]()
    for walk in walks:
        where = " and ".join(one.sql for one in (*bounds, *walk))
        parts.append(f"(select {_COLUMNS} from history_event where {where} {_ORDER})")
        values += [value for one in (*bounds, *walk) for value in one.values]
        values.append(limit)
    if len(parts) == 1:
        return parts[0].removeprefix("(").removesuffix(")"), values
    merged = " union all ".join(parts)
    return f"select {_COLUMNS} from ({merged}) merged {_ORDER}", [*values, limit]


def _checked(
    statement: str, values: list[object], checks: Sequence[_Condition], *, limit: int
) -> tuple[str, list[object]]:
    """Of the rows of a walk those that meet what no index answers, and where the walk stopped.

    A question that hardly a row answers would else read the whole history for one page. The last
    column is false in the row at which the walk stopped, if it did.
    """
    where = " and ".join(one.sql for one in checks)
    wanted = f"select *, true from walked where {where} {_ORDER}"
    stopped = f"select *, false from walked {_ORDER.replace('limit', 'offset')} limit 1"
    asked = [value for one in checks for value in one.values]
    return (
        f"with walked as materialized ({statement}) ({wanted}) union all ({stopped})",
        [*values, *asked, limit, WALK_ROWS_MAX - 1],
    )


def _walks(wanted: HistoryFilter) -> tuple[list[list[_Condition]], list[_Condition]]:
    """The index walks that answer a question, and what is only checked on the way.

    The first that is asked for leads, from the narrowest to the widest: a person, one call, a
    group, a principal, a product, the actions.
    """
    filters = _plain_filters(wanted)
    actions = None if wanted.actions is None else [action.value for action in wanted.actions]
    leads = (
        [] if wanted.user is None else [[_Condition("user_no = %s", (wanted.user,))]],
        []
        if wanted.correlation is None
        else [[_Condition("correlation = %s", (wanted.correlation,))]],
        [] if wanted.group is None else _group_walks(wanted.group),
        [[_Condition("principal_no = %s", (one,))] for one in wanted.principals or ()],
        [] if wanted.sku is None else [[_Condition("sku_no = %s", (wanted.sku,))]],
        [[_Condition("action = %s::int2", (one,))] for one in actions or ()],
    )
    lead = next((n for n, walks in enumerate(leads) if walks), None)
    checks: tuple[list[_Condition], ...] = (
        [],
        [] if wanted.correlation is None else leads[1][0],
        [] if wanted.group is None else [_group_check(wanted.group)],
        []
        if wanted.principals is None
        else [_Condition("principal_no = any(%s)", (list(wanted.principals),))],
        [] if wanted.sku is None else leads[4][0],
        [] if actions is None else [_Condition("action = any(%s::int2[])", (actions,))],
    )
    filters += [one for n, check in enumerate(checks) if n != lead for one in check]
    return ([[]] if lead is None else leads[lead]), filters


def _group_walks(group: int) -> list[list[_Condition]]:
    """A group as the subject of a row, and as the source of what happened to a person."""
    source = int(SourceKind.GROUP)
    return [
        [_Condition("group_no = %s", (group,))],
        [
            _Condition("source_kind = %s::int2 and source_no = %s", (source, group)),
            _Condition("source_no > 0 and group_no is distinct from %s", (group,)),
        ],
    ]


def _group_check(group: int) -> _Condition:
    return _Condition(
        "(group_no = %s or (source_kind = %s and source_no = %s))",
        (group, int(SourceKind.GROUP), group),
    )


def _plain_filters(wanted: HistoryFilter) -> list[_Condition]:
    """What no index answers: it is checked on the rows of the walk."""
    filters = []
    if wanted.strategy is not None:
        filters.append(_Condition("strategy = %s", (STRATEGY_TO_CODE[wanted.strategy],)))
    if wanted.reason is not None:
        filters.append(_Condition("reason = %s", (wanted.reason,)))
    return filters


def _time_bounds(wanted: HistoryFilter) -> list[_Condition]:
    """Where the walks begin and end, which every index answers."""
    bounds = []
    if wanted.since is not None:
        bounds.append(_Condition("at >= %s", (wanted.since,)))
    if wanted.until is not None:
        bounds.append(_Condition("at < %s", (wanted.until,)))
    return bounds


async def _events(tx: Transaction, rows: Sequence[TupleRow]) -> tuple[HistoryEvent, ...]:
    if not rows:
        return ()
    names = await _names(tx, rows)
    sets = await tx.plan_set_bits(
        {set_id for row in rows for set_id in (row[11], row[12]) if set_id is not None}
    )
    return tuple(_event(row, names, sets) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Who and what the numbers of a page stand for."""

    principals: dict[int, NamedPrincipal]
    users: dict[int, NamedSubject]
    groups: dict[int, NamedSubject]


async def _names(tx: Transaction, rows: Sequence[TupleRow]) -> _Names:
    """All three lists in one round trip."""
    tenant = tx.tenant_id
    groups = {row[7] for row in rows} | {row[10] for row in rows if row[9] == SourceKind.GROUP}
    async with tx.connection.pipeline():
        principals = await tx.connection.execute(
            _PRINCIPAL_NAMES, (_numbers(row[5] for row in rows), tenant)
        )
        users = await tx.connection.execute(
            _USER_NAMES, (_numbers(row[6] for row in rows), tenant, tenant)
        )
        found = await tx.connection.execute(_GROUP_NAMES, (_numbers(groups), tenant, tenant))
    return _Names(
        principals={
            row[0]: NamedPrincipal(id=row[1], name=row[2], kind=row[3])
            for row in await principals.fetchall()
        },
        users=_subjects(await users.fetchall()),
        groups=_subjects(await found.fetchall()),
    )


def _numbers(numbers: Iterable[int | None]) -> list[int]:
    return sorted({number for number in numbers if number is not None})


def _subjects(rows: Sequence[TupleRow]) -> dict[int, NamedSubject]:
    return {row[0]: NamedSubject(id=row[1], name=row[2], display_name=row[3]) for row in rows}


def _event(
    row: TupleRow, names: _Names, sets: dict[ServicePlanSetId, ServicePlanBits]
) -> HistoryEvent:
    source = None if row[9] is None else Source(kind=SourceKind(row[9]), no=row[10] or 0)
    is_group = source is not None and source.kind is SourceKind.GROUP
    return HistoryEvent(
        place=HistoryPlace(at=row[1], event_no=row[0]),
        action=HistoryAction(row[2]),
        reason=row[3],
        strategy=None if row[4] is None else STRATEGY_OF_CODE[row[4]],
        principal=names.principals[row[5]],
        user=names.users.get(row[6]),
        group=names.groups.get(row[7]),
        sku=None if row[8] is None else SkuNo(row[8]),
        source=source,
        source_group=names.groups.get(row[10]) if is_group else None,
        before=None if row[11] is None else sets[ServicePlanSetId(row[11])],
        after=None if row[12] is None else sets[ServicePlanSetId(row[12])],
        detail=row[13],
        correlation=row[14],
    )


async def name_groups(tx: Transaction, sources: Iterable[Source | None]) -> dict[int, NamedSubject]:
    """The groups among these sources by their numbers, also those that are gone."""
    numbers = _numbers(
        one.no for one in sources if one is not None and one.kind is SourceKind.GROUP
    )
    cursor = await tx.connection.execute(_GROUP_NAMES, (numbers, tx.tenant_id, tx.tenant_id))
    return _subjects(await cursor.fetchall())


async def name_user(tx: Transaction, user: UserNo) -> NamedSubject | None:
    """A person as the history names them; None where no row ever did."""
    cursor = await tx.connection.execute(_USER_NAMES, ([user], tx.tenant_id, tx.tenant_id))
    return _subjects(await cursor.fetchall()).get(user)


async def find_past_user(tx: Transaction, *, id_: UUID | None, upn_key: str) -> UserNo | None:
    """A person who is gone, by their id for good, by their UPN until they are purged."""
    if id_ is not None:
        cursor = await tx.connection.execute(
            "select user_no from app_user where tenant_id = %s and id = %s union all"
            " select subject_no from history_name"
            " where tenant_id = %s and noun = 'user' and id = %s limit 1",
            (tx.tenant_id, id_, tx.tenant_id, id_),
        )
    else:
        cursor = await tx.connection.execute(
            "select user_no from app_user where tenant_id = %s and upn_key = %s"
            " and deleted_at is not null order by deleted_at desc limit 1",
            (tx.tenant_id, upn_key),
        )
    row = await cursor.fetchone()
    return None if row is None else UserNo(row[0])


async def find_past_group(tx: Transaction, id_: UUID) -> GroupNo | None:
    """A group that is gone, by its id."""
    cursor = await tx.connection.execute(
        "select group_no from app_group where tenant_id = %s and id = %s union all"
        " select subject_no from history_name"
        " where tenant_id = %s and noun = 'group' and id = %s limit 1",
        (tx.tenant_id, id_, tx.tenant_id, id_),
    )
    row = await cursor.fetchone()
    return None if row is None else GroupNo(row[0])


async def principals_called(tx: Transaction, *, id_: UUID | None, key: str) -> list[PrincipalNo]:
    """Principals with this id, or of this name whatever its case, revoked ones included."""
    column, value = ("name_key", key) if id_ is None else ("id", id_)
    cursor = await tx.connection.execute(
        f"select principal_no from principal where tenant_id = %s and {column} = %s"
        " order by principal_no",
        (tx.tenant_id, value),
    )
    return [PrincipalNo(row[0]) for row in await cursor.fetchall()]
