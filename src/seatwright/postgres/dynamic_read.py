"""Reading the rules of dynamic groups, and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.reconcile.columns import Int32s
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """The rule of a dynamic group that is on."""

    group: GroupNo
    text: str


_ON = """
select g.group_no, g.membership_rule from app_group g
 where g.tenant_id = %s and g.deleted_at is null and g.rule_state = 'on'
"""


async def rules_that_are_on(
    tx: Transaction, *, asking: Collection[str] | None = None
) -> tuple[StoredRule, ...]:
    """The rules that are on; with `asking` those that ask one of these things."""
    condition, values = "", []
    if asking is not None:
        condition = (
            " and g.group_no = any(array(select q.group_no from rule_question q"
            " where q.tenant_id = %s and q.asks = any(%s)))"
        )
        values = [tx.tenant_id, sorted(asking)]
    cursor = await tx.connection.execute(
        f"{_ON}{condition} order by g.group_no", (tx.tenant_id, *values)
    )
    return tuple(StoredRule(group=GroupNo(row[0]), text=row[1]) for row in await cursor.fetchall())


HAS_RULES = "select exists (select from rule_question where tenant_id = %s)"


async def has_rules(tx: Transaction) -> bool:
    """Whether the tenant has any dynamic group; most have none, and pay one look-up."""
    cursor = await tx.connection.execute(HAS_RULES, (tx.tenant_id,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def rule_of(tx: Transaction, group: GroupNo) -> StoredRule | None:
    """The rule of one group, if it is on."""
    cursor = await tx.connection.execute(f"{_ON} and g.group_no = %s", (tx.tenant_id, group))
    row = await cursor.fetchone()
    return None if row is None else StoredRule(group=GroupNo(row[0]), text=row[1])


async def groups_fed_by(tx: Transaction, groups: Collection[GroupNo]) -> tuple[GroupNo, ...]:
    """The groups whose memberOf rules take in the members of these."""
    cursor = await tx.connection.execute(
        "select distinct s.group_no from rule_source s"
        " where s.tenant_id = %s and s.source_no = any(%s) order by 1",
        (tx.tenant_id, sorted(groups)),
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


async def groups_that_feed(tx: Transaction, groups: Collection[GroupNo]) -> frozenset[GroupNo]:
    """Which of these groups have their members taken in by a memberOf rule."""
    cursor = await tx.connection.execute(
        "select distinct source_no from rule_source where tenant_id = %s and source_no = any(%s)",
        (tx.tenant_id, sorted(groups)),
    )
    return frozenset(GroupNo(row[0]) for row in await cursor.fetchall())


async def member_of_groups_among(tx: Transaction, ids: Collection[UUID]) -> tuple[str, ...]:
    """The names of those of these groups that have memberOf rules themselves (DYN-063)."""
    cursor = await tx.connection.execute(
        "select g.display_name from app_group g where g.tenant_id = %s and g.id = any(%s)"
        " and exists (select from rule_question q where q.tenant_id = g.tenant_id"
        "  and q.asks = 'memberOf' and q.group_no = g.group_no) order by 1",
        (tx.tenant_id, list(ids)),
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def numbers_of_groups(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, GroupNo]:
    """The living groups with these ids."""
    cursor = await tx.connection.execute(
        "select id, group_no from app_group"
        " where tenant_id = %s and id = any(%s) and deleted_at is null",
        (tx.tenant_id, list(ids)),
    )
    return {row[0]: GroupNo(row[1]) for row in await cursor.fetchall()}


async def dynamic_among(tx: Transaction, groups: Collection[GroupNo]) -> dict[GroupNo, str]:
    """Which of these groups are dynamic, with their names."""
    cursor = await tx.connection.execute(
        "select group_no, display_name from app_group where tenant_id = %s"
        " and group_no = any(%s) and membership_rule is not null order by group_no",
        (tx.tenant_id, sorted(groups)),
    )
    return {GroupNo(row[0]): row[1] for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCounts:
    """How many dynamic groups a tenant has, and how many of them have memberOf rules."""

    groups: int
    member_of: int


async def count_rules(tx: Transaction) -> RuleCounts:
    """Count dynamic groups, one of which may be about to be stored."""
    cursor = await tx.connection.execute(
        "select count(distinct group_no), count(*) filter (where asks = 'memberOf')"
        " from rule_question where tenant_id = %s",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count has a row"
    return RuleCounts(groups=row[0], member_of=row[1])


async def memberships_among(
    tx: Transaction, users: Sequence[UserNo], groups: Collection[GroupNo]
) -> frozenset[tuple[UserNo, GroupNo]]:
    """Which of these people are in which of these groups."""
    cursor = await tx.connection.execute(
        "select user_no, group_no from membership"
        " where tenant_id = %s and user_no = any(%s) and group_no = any(%s)",
        (tx.tenant_id, list(users), sorted(groups)),
    )
    return frozenset((UserNo(row[0]), GroupNo(row[1])) for row in await cursor.fetchall())


async def members_between(tx: Transaction, group: GroupNo, first: int, last: int) -> Int32s:
    """The members of a group with numbers from `first` to `last`, sorted; int32."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select coalesce(string_agg(int4send(user_no), ''::bytea order by user_no), ''::bytea)"
        " from membership where tenant_id = %s and group_no = %s and user_no between %s and %s",
        (tx.tenant_id, group, first, last),
    )
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has a row"
    return np.frombuffer(row[0], dtype=">i4").astype(np.int32)


async def ids_of_groups_of(
    tx: Transaction, users: Sequence[UserNo], groups: Collection[UUID]
) -> Mapping[UserNo, frozenset[UUID]]:
    """Of these groups those that each of these people is directly in."""
    cursor = await tx.connection.execute(
        "select m.user_no, array_agg(g.id) from membership m"
        " join app_group g on g.tenant_id = m.tenant_id and g.group_no = m.group_no"
        " where m.tenant_id = %s and m.user_no = any(%s) and g.id = any(%s)"
        " and g.deleted_at is null group by m.user_no",
        (tx.tenant_id, list(users), list(groups)),
    )
    return {UserNo(row[0]): frozenset(row[1]) for row in await cursor.fetchall()}


_LICENSES = (
    HistoryAction.ASSIGNED,
    HistoryAction.UPDATED,
    HistoryAction.REMOVED,
    HistoryAction.GRANTED,
    HistoryAction.REVOKED,
)
_MEMBERS = (HistoryAction.MEMBER_ADDED, HistoryAction.MEMBER_REMOVED)
# What no call follows by itself: licenses that a rule asks about, a usage location that comes with
# an assignment, and memberships that something else than a rule wrote into a group of a rule.
_CHANGED = """
select e.user_no from history_event e where e.tenant_id = %(tenant)s
   and e.action = any(%(licenses)s) and e.at >= %(since)s and e.at <= %(until)s
   and e.user_no is not null and exists (select from rule_question q
        where q.tenant_id = %(tenant)s and q.asks in ('assignedPlans', 'usageLocation'))
union
select e.user_no from history_event e where e.tenant_id = %(tenant)s
   and e.action = any(%(members)s) and e.at >= %(since)s and e.at <= %(until)s
   and e.user_no is not null and e.reason is distinct from %(rule)s
   and (e.group_no in (select s.source_no from rule_source s where s.tenant_id = %(tenant)s)
     or e.group_no in (select q.group_no from rule_question q where q.tenant_id = %(tenant)s))
 limit %(limit)s
"""


async def people_changed_since(
    tx: Transaction, since: datetime, until: datetime, *, limit: int
) -> tuple[UserNo, ...]:
    """People of whom the history tells, in a time, what a rule may ask and no call followed."""
    cursor = await tx.connection.execute(
        _CHANGED,
        {
            "tenant": tx.tenant_id,
            "licenses": [int(action) for action in _LICENSES],
            "members": [int(action) for action in _MEMBERS],
            "since": since,
            "until": until,
            "rule": ChangeReason.RULE_FOLLOWED.value,
            "limit": limit,
        },
    )
    return tuple(sorted(UserNo(row[0]) for row in await cursor.fetchall()))


async def last_look(tx: Transaction) -> datetime | None:
    """From when on the history has to be looked through, held against others who look.

    Never from before the oldest rule, which saw everybody when it was given.
    """
    await tx.connection.execute(
        "select from rule_look where tenant_id = %s for update", (tx.tenant_id,)
    )
    cursor = await tx.connection.execute(
        "select greatest("
        " (select looked_at from rule_look where tenant_id = %(tenant)s),"
        " (select min(g.rule_changed_at) from app_group g where g.tenant_id = %(tenant)s"
        "   and g.group_no in (select group_no from rule_question where tenant_id = %(tenant)s)))",
        {"tenant": tx.tenant_id},
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


_IS_QUEUED = """exists (select from job j where j.tenant_id = g.tenant_id and j.state = 'queued'
    and j.kind = 'rules' and (j.params ->> 'group')::int4 = g.group_no)"""


async def groups_asking_plans(tx: Transaction) -> tuple[GroupNo, ...]:
    """The groups whose rules ask for service plans and are on, with no evaluation yet to begin."""
    cursor = await tx.connection.execute(
        "select q.group_no from rule_question q"
        " join app_group g on g.tenant_id = q.tenant_id and g.group_no = q.group_no"
        " where q.tenant_id = %s and q.asks = 'assignedPlans' and g.rule_state = 'on'"
        f" and g.deleted_at is null and not {_IS_QUEUED} order by 1",
        (tx.tenant_id,),
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


async def age_of_oldest_transaction(tx: Transaction) -> timedelta:
    """For how long the oldest open transaction in this database was there before this one began."""
    cursor = await tx.connection.execute(
        "select coalesce(max(mine.xact_start - other.xact_start), interval '0')"
        " from pg_stat_activity mine join pg_stat_activity other on other.datname = mine.datname"
        " where mine.pid = pg_backend_pid() and other.xact_start <= mine.xact_start"
    )
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has a row"
    return timedelta(seconds=row[0].total_seconds())


_CONCERNED = f"""
select q.group_no from rule_question q
  join app_group g on g.tenant_id = q.tenant_id and g.group_no = q.group_no
 where q.tenant_id = %(tenant)s and g.rule_state = 'on' and g.deleted_at is null
   and (q.asks in ('assignedPlans', 'usageLocation', 'memberOf')
     or exists (select from history_event e where e.tenant_id = %(tenant)s
            and e.group_no = g.group_no and e.action = any(%(members)s)
            and e.reason is distinct from %(rule)s and e.at >= %(since)s and e.at <= %(until)s))
   and not {_IS_QUEUED}
 group by q.group_no order by q.group_no
"""


async def groups_concerned_since(
    tx: Transaction, since: datetime, until: datetime
) -> tuple[GroupNo, ...]:
    """The groups that people whom `people_changed_since` tells of may have to join or leave.

    Those whose evaluation has yet to begin are left out.
    """
    cursor = await tx.connection.execute(
        _CONCERNED,
        {
            "tenant": tx.tenant_id,
            "members": [int(action) for action in _MEMBERS],
            "rule": ChangeReason.RULE_FOLLOWED.value,
            "since": since,
            "until": until,
        },
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


_OF_TIME_OR_FAILED = """
select distinct g.group_no from rule_question q
  join app_group g on g.tenant_id = q.tenant_id and g.group_no = q.group_no
 where q.tenant_id = %(tenant)s and (q.asks = 'now' or g.rule_status = 'error')
   and g.rule_state = 'on' and g.deleted_at is null
   and coalesce(g.rule_begun_at, '-infinity') < %(before)s
   and (g.rule_status = 'error' or coalesce(g.rule_evaluated_at, '-infinity') < %(before)s)
   and not exists (select from job j where j.tenant_id = %(tenant)s
        and j.state in ('queued', 'running') and j.kind = 'rules'
        and (j.params ->> 'group')::int4 = g.group_no)
 order by 1
"""


async def groups_to_evaluate(tx: Transaction, before: datetime) -> tuple[GroupNo, ...]:
    """Groups whose rules compare with now, or failed, and were last looked at before a time.

    Those whose evaluation is under way are left out, however long it takes.
    """
    cursor = await tx.connection.execute(
        _OF_TIME_OR_FAILED, {"tenant": tx.tenant_id, "before": before}
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


async def policies_delivering_through(tx: Transaction, group: GroupNo) -> bool:
    """Whether an auto-claim policy puts people into a group."""
    cursor = await tx.connection.execute(
        "select exists (select from auto_claim_policy"
        " where tenant_id = %s and group_no = %s and deleted_at is null)",
        (tx.tenant_id, group),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def has_inner_groups(tx: Transaction, group: GroupNo) -> bool:
    """Whether groups are inside of a group."""
    cursor = await tx.connection.execute(
        "select exists (select from group_nesting where tenant_id = %s and parent_no = %s)",
        (tx.tenant_id, group),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
