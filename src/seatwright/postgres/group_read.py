"""Reading groups, who is in them, and what a list of groups shows of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.directory import (
    DynamicState,
    Group,
    GroupKind,
    PersonRef,
    RuleStatus,
    searched_words,
)
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.postgres.filters import Condition
from seatwright.postgres.tally import count_members, count_refused
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_read import person_of_row

_SELECT = """
select g.group_no, g.id, g.display_name, g.description, g.mail_nickname, g.kind, g.is_security,
       g.external_id, g.processing <> 'idle', g.created_at, g.deleted_at,
       g.membership_rule, g.rule_state = 'paused', g.rule_status, g.rule_changed_at,
       g.rule_evaluated_at, g.members_changed_at
  from app_group g where g.tenant_id = %s and g.deleted_at is null
"""


def _group_of_row(row: TupleRow) -> Group:
    return Group(
        group_no=GroupNo(row[0]),
        id=row[1],
        display_name=row[2],
        description=row[3],
        mail_nickname=row[4],
        kind=GroupKind(row[5]),
        is_security=row[6],
        external_id=row[7],
        is_processing=row[8],
        created_at=row[9],
        deleted_at=row[10],
        dynamic=None if row[11] is None else _dynamic_of_row(row[11:17]),
    )


def _dynamic_of_row(row: TupleRow) -> DynamicState:
    return DynamicState(
        rule=row[0],
        is_paused=row[1],
        status=RuleStatus(row[2]),
        changed_at=row[3],
        evaluated_at=row[4],
        members_changed_at=row[5],
    )


async def find_group_by_id(tx: Transaction, id_: UUID) -> Group | None:
    """A living group."""
    cursor = await tx.connection.execute(f"{_SELECT} and g.id = %s", (tx.tenant_id, id_))
    row = await cursor.fetchone()
    return None if row is None else _group_of_row(row)


async def read_groups(tx: Transaction, groups: Sequence[GroupNo]) -> dict[GroupNo, Group]:
    """These groups; deleted ones are left out."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and g.group_no = any(%s)", (tx.tenant_id, list(groups))
    )
    return {GroupNo(row[0]): _group_of_row(row) for row in await cursor.fetchall()}


_HAS_WORD = """g.group_no in
    (select w.group_no from group_word w where w.tenant_id = %s and w.word ^@ %s)"""
_LICENSED = """g.group_no in
    (select a.group_no from assignment a where a.tenant_id = %s and a.group_no is not null)"""
_NOT_LICENSED = """g.group_no not in
    (select a.group_no from assignment a where a.tenant_id = %s and a.group_no is not null)"""


async def list_groups(
    tx: Transaction,
    *,
    search: str | None,
    is_licensed: bool | None,
    conditions: Sequence[Condition] = (),
    after: tuple[str, int] | None,
    limit: int,
) -> tuple[Group, ...]:
    """Groups by display name; each word of `search` must begin a word of the name."""
    text = _SELECT
    values: list[object] = [tx.tenant_id]
    for word in searched_words(search or ""):
        text += f" and {_HAS_WORD}"
        values += (tx.tenant_id, word)
    if is_licensed is not None:
        text += f" and {_LICENSED if is_licensed else _NOT_LICENSED}"
        values.append(tx.tenant_id)
    for one in conditions:
        text += f" and {one.text}"
        values += one.values
    if after is not None:
        text += " and (g.display_name_key, g.group_no) > (%s, %s)"
        values += after
    text += " order by g.display_name_key, g.group_no limit %s"
    cursor = await tx.connection.execute(text, (*values, limit))
    return tuple(_group_of_row(row) for row in await cursor.fetchall())


async def groups_after(tx: Transaction, after: int, *, limit: int) -> tuple[Group, ...]:
    """Living groups by number, for exports that read everything."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and g.group_no > %s order by g.group_no limit %s", (tx.tenant_id, after, limit)
    )
    return tuple(_group_of_row(row) for row in await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTotals:
    """What a list shows of a group beside its name."""

    member_count: int = 0
    error_count: int = 0
    skus: tuple[SkuNo, ...] = ()


# The tally counts them with the others.
_COUNT_DELETED = """
select m.group_no, count(*) from app_user u
  join membership m on m.tenant_id = u.tenant_id and m.user_no = u.user_no
 where u.tenant_id = %s and u.deleted_at is not null and m.group_no = any(%s) group by m.group_no
"""
_WITH_CHILDREN = """
select distinct parent_no from group_nesting where tenant_id = %s and parent_no = any(%s)
"""
_COUNT_NESTED = """
with recursive below as (
    select top as top_no, top as group_no from unnest(%s::int4[]) top
    union
    select below.top_no, n.child_no from below
      join group_nesting n on n.tenant_id = %s and n.parent_no = below.group_no)
select b.top_no, count(distinct m.user_no)
  from below b
  join membership m on m.tenant_id = %s and m.group_no = b.group_no
  join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no
 where u.deleted_at is null group by b.top_no
"""
_SKUS = """
select a.group_no, array_agg(a.sku_no order by a.sku_no) from assignment a
 where a.tenant_id = %s and a.group_no = any(%s) group by a.group_no
"""


async def group_totals(
    tx: Transaction, groups: Sequence[GroupNo], *, nested: bool
) -> dict[GroupNo, GroupTotals]:
    """Members, members with errors, and products of each of these groups.

    `nested`: people in groups inside a group are its members too, each counted once.
    """
    key = (tx.tenant_id, list(groups))
    counts = {int(group): members for group, members in (await count_members(tx, groups)).items()}
    for group, deleted in await _pairs(tx, _COUNT_DELETED, key):
        counts[group] = counts.get(group, 0) - deleted
    if nested:
        cursor = await tx.connection.execute(_WITH_CHILDREN, key)
        tops = [row[0] for row in await cursor.fetchall()]
        if tops:
            counts |= dict.fromkeys(tops, 0)
            counts |= await _pairs(tx, _COUNT_NESTED, (tops, tx.tenant_id, tx.tenant_id))
    errors = await count_refused(tx, groups)
    cursor = await tx.connection.execute(_SKUS, key)
    skus = {row[0]: tuple(row[1]) for row in await cursor.fetchall()}
    return {
        group: GroupTotals(
            member_count=counts.get(group, 0),
            error_count=errors.get(group, 0),
            skus=skus.get(group, ()),
        )
        for group in groups
    }


async def _pairs(
    tx: Transaction, statement: str, values: Sequence[object]
) -> list[tuple[GroupNo, int]]:
    cursor = await tx.connection.execute(statement, values)
    return [(GroupNo(row[0]), row[1]) for row in await cursor.fetchall()]


async def list_member_groups(
    tx: Transaction, group: GroupNo, *, transitive: bool
) -> tuple[Group, ...]:
    """The groups in a group, by name; with `transitive` those inside them too."""
    below = _BELOW if transitive else _CHILDREN
    cursor = await tx.connection.execute(
        f"{_SELECT} and g.group_no in ({below}) order by g.display_name_key, g.group_no",
        (tx.tenant_id, tx.tenant_id, group, *((tx.tenant_id,) if transitive else ())),
    )
    return tuple(_group_of_row(row) for row in await cursor.fetchall())


_CHILDREN = "select n.child_no from group_nesting n where n.tenant_id = %s and n.parent_no = %s"
_BELOW = """
with recursive below as (
    select n.child_no from group_nesting n where n.tenant_id = %s and n.parent_no = %s
    union
    select n.child_no from below
      join group_nesting n on n.tenant_id = %s and n.parent_no = below.child_no)
select child_no from below
"""


async def list_member_users(
    tx: Transaction, groups: Sequence[GroupNo], *, after: tuple[str, int] | None, limit: int
) -> tuple[PersonRef, ...]:
    """The living people who are directly in any of these groups, each once, by display name."""
    key: list[object] = [tx.tenant_id, tx.tenant_id, list(groups)]
    place = ""
    if after is not None:
        place = " and (u.display_name_key, u.user_no) > (%s, %s)"
        key += after
    cursor = await tx.connection.execute(
        "select u.user_no, u.id, u.upn, u.display_name from app_user u"
        " where u.tenant_id = %s and u.deleted_at is null and u.user_no in"
        " (select m.user_no from membership m where m.tenant_id = %s and m.group_no = any(%s))"
        f"{place} order by u.display_name_key, u.user_no limit %s",
        (*key, limit),
    )
    return tuple(person_of_row(row) for row in await cursor.fetchall())


async def groups_above(tx: Transaction, group: GroupNo) -> frozenset[GroupNo]:
    """The group and every group that it is inside of."""
    cursor = await tx.connection.execute(
        "with recursive up as (select %s::int4 as group_no union"
        " select n.parent_no from up join group_nesting n"
        " on n.tenant_id = %s and n.child_no = up.group_no) select group_no from up",
        (group, tx.tenant_id),
    )
    return frozenset(GroupNo(row[0]) for row in await cursor.fetchall())


async def members_among(
    tx: Transaction, group: GroupNo, users: Sequence[UserNo]
) -> frozenset[UserNo]:
    """Which of these people are directly in the group."""
    cursor = await tx.connection.execute(
        "select user_no from membership"
        " where tenant_id = %s and group_no = %s and user_no = any(%s)",
        (tx.tenant_id, group, list(users)),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def members_within(tx: Transaction, groups: Sequence[GroupNo]) -> tuple[UserNo, ...]:
    """The people in these groups and in all groups inside them, by number."""
    cursor = await tx.connection.execute(
        "with recursive below as (select unnest(%s::int4[]) as group_no union"
        " select n.child_no from below join group_nesting n"
        " on n.tenant_id = %s and n.parent_no = below.group_no)"
        " select distinct m.user_no from below"
        " join membership m on m.tenant_id = %s and m.group_no = below.group_no order by 1",
        (list(groups), tx.tenant_id, tx.tenant_id),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


async def groups_within(tx: Transaction, groups: Sequence[GroupNo]) -> tuple[GroupNo, ...]:
    """These groups and all groups inside them."""
    cursor = await tx.connection.execute(
        "with recursive below as (select unnest(%s::int4[]) as group_no union"
        " select n.child_no from below join group_nesting n"
        " on n.tenant_id = %s and n.parent_no = below.group_no)"
        " select group_no from below order by 1",
        (list(groups), tx.tenant_id),
    )
    return tuple(GroupNo(row[0]) for row in await cursor.fetchall())


async def nestings_of(
    tx: Transaction, parents: Sequence[GroupNo]
) -> frozenset[tuple[GroupNo, GroupNo]]:
    """The groups directly in each of these groups, as (child, parent)."""
    cursor = await tx.connection.execute(
        "select child_no, parent_no from group_nesting"
        " where tenant_id = %s and parent_no = any(%s)",
        (tx.tenant_id, list(parents)),
    )
    return frozenset((GroupNo(row[0]), GroupNo(row[1])) for row in await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """One row of an export of members: a person or a group in a group."""

    group_no: GroupNo
    member_no: int
    group_id: UUID
    group_name: str
    upn: str | None = None
    child_id: UUID | None = None


async def members_after(
    tx: Transaction, after: tuple[int, int], *, limit: int
) -> tuple[MemberLine, ...]:
    """Living people in living groups, by the numbers of group and person."""
    cursor = await tx.connection.execute(
        "select m.group_no, m.user_no, g.id, g.display_name, u.upn from membership m"
        " join app_group g on g.tenant_id = m.tenant_id and g.group_no = m.group_no"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        " where m.tenant_id = %s and (m.group_no, m.user_no) > (%s, %s)"
        " and u.deleted_at is null order by m.group_no, m.user_no limit %s",
        (tx.tenant_id, *after, limit),
    )
    return tuple(
        MemberLine(
            group_no=GroupNo(row[0]),
            member_no=row[1],
            group_id=row[2],
            group_name=row[3],
            upn=row[4],
        )
        for row in await cursor.fetchall()
    )


async def nested_groups_after(
    tx: Transaction, after: tuple[int, int], *, limit: int
) -> tuple[MemberLine, ...]:
    """Groups inside groups, by the numbers of outer and inner group."""
    cursor = await tx.connection.execute(
        "select n.parent_no, n.child_no, g.id, g.display_name, c.id from group_nesting n"
        " join app_group g on g.tenant_id = n.tenant_id and g.group_no = n.parent_no"
        " join app_group c on c.tenant_id = n.tenant_id and c.group_no = n.child_no"
        " where n.tenant_id = %s and (n.parent_no, n.child_no) > (%s, %s)"
        " order by n.parent_no, n.child_no limit %s",
        (tx.tenant_id, *after, limit),
    )
    return tuple(
        MemberLine(
            group_no=GroupNo(row[0]),
            member_no=row[1],
            group_id=row[2],
            group_name=row[3],
            child_id=row[4],
        )
        for row in await cursor.fetchall()
    )
