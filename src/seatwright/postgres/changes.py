"""The feed of changes that delta queries read; `0029_delta.sql` and `0033_feed.sql` say what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final
from uuid import UUID

from seatwright.domain.ids import GroupNo
from seatwright.postgres.transaction import Transaction

CHANGES_KEPT: Final = timedelta(days=8)
"""Tokens of delta queries live seven days; one more is for those that are under way."""


class ChangeNoun(IntEnum):
    """What a row of the feed tells of; the numbers are those of the migration."""

    PERSON = 1
    LICENSES = 2
    GROUP = 3
    GROUP_LICENSES = 4
    PEOPLE_JOINED = 5
    PEOPLE_LEFT = 6
    GROUPS_JOINED = 7
    GROUPS_LEFT = 8
    UNMANAGED = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the feed: everything before it was told."""

    xid: int
    change_no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How far the feed is whole: below `place` every transaction has ended.

    No place that was given out is at `end` or beyond. A restore begins a new `epoch`: what it took
    back is in no feed, and the numbers of transactions may be smaller than before.
    """

    place: Place
    end: int
    epoch: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One row of the feed, with the place right after it.

    `of` is the group that was joined or left, or who was the manager; `told` are the columns that
    changed, None for all of them.
    """

    place: Place
    noun: ChangeNoun
    of: int | None
    subjects: tuple[int, ...]
    told: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the feed a reader is told: of columns and groups all, where they are None."""

    nouns: Sequence[ChangeNoun]
    columns: Sequence[str] | None = None
    groups: Sequence[int] | None = None


async def settled(tx: Transaction) -> Settled:
    """How far the feed can be told now."""
    cursor = await tx.connection.execute(
        "select pg_snapshot_xmin(s)::text::int8, pg_snapshot_xmax(s)::text::int8, t.feed_epoch"
        " from pg_current_snapshot() s, tenant t where t.tenant_id = %s",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "the tenant of a transaction is there"
    return Settled(place=Place(xid=row[0]), end=row[1], epoch=row[2])


async def changes_after(
    tx: Transaction, place: Place, until: Place, *, asked: Asked, limit: int
) -> list[FeedRow]:
    """Rows that were asked for, from a place on and below another; oldest transaction first."""
    text = (
        "select xid, change_no, noun, group_no, subjects, told from directory_change"
        " where tenant_id = %s and (xid, change_no) > (%s, %s) and xid < %s and noun = any(%s)"
    )
    nouns = list(map(int, asked.nouns))
    values: list[object] = [tx.tenant_id, place.xid, place.change_no, until.xid, nouns]
    if asked.columns is not None:
        text += " and (told is null or told && %s)"
        values.append(list(asked.columns))
    if asked.groups is not None:
        text += " and (group_no is null or group_no = any(%s))"
        values.append(list(asked.groups))
    cursor = await tx.connection.execute(
        f"{text} order by xid, change_no limit %s", (*values, limit)
    )
    return [
        FeedRow(
            place=Place(xid=row[0], change_no=row[1]),
            noun=ChangeNoun(row[2]),
            of=row[3],
            subjects=tuple(row[4]),
            told=None if row[5] is None else frozenset(row[5]),
        )
        for row in await cursor.fetchall()
    ]


async def forget_old_changes(tx: Transaction, *, before: datetime) -> None:
    """Remove what no token reaches back to; rows without a time go with those around them."""
    await tx.connection.execute(
        "delete from directory_change where tenant_id = %s and xid <= ("
        " select max(xid) from directory_change where tenant_id = %s and at < %s)",
        (tx.tenant_id, tx.tenant_id, before),
    )


async def remembered_ids(tx: Transaction, noun: str, numbers: Sequence[int]) -> dict[int, UUID]:
    """The ids of people or groups that are in the directory no more, as the history keeps them."""
    cursor = await tx.connection.execute(
        "select subject_no, id from history_name"
        " where tenant_id = %s and noun = %s and subject_no = any(%s)",
        (tx.tenant_id, noun, list(numbers)),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def living_and_deleted(
    tx: Transaction, users: Sequence[int]
) -> tuple[set[int], dict[int, UUID]]:
    """Which of these people are in the directory, and the ids of those who can be restored."""
    cursor = await tx.connection.execute(
        "select user_no, id, deleted_at is not null from app_user"
        " where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    living: set[int] = set()
    deleted: dict[int, UUID] = {}
    for number, id_, is_deleted in await cursor.fetchall():
        if is_deleted:
            deleted[number] = id_
        else:
            living.add(number)
    return living, deleted


async def members_from(
    tx: Transaction, after: tuple[int, int], *, groups: Sequence[int] | None, limit: int
) -> list[tuple[GroupNo, int, UUID]]:
    """Who is in which group, by the numbers of group and person, living people only."""
    cursor = await tx.connection.execute(
        "select m.group_no, m.user_no, u.id from membership m"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        " where m.tenant_id = %s and (m.group_no, m.user_no) > (%s, %s) and u.deleted_at is null"
        f"{_of_groups('m.group_no', groups)} order by m.group_no, m.user_no limit %s",
        (tx.tenant_id, *after, *([] if groups is None else [list(groups)]), limit),
    )
    return [(GroupNo(row[0]), row[1], row[2]) for row in await cursor.fetchall()]


async def nestings_from(
    tx: Transaction, after: tuple[int, int], *, groups: Sequence[int] | None, limit: int
) -> list[tuple[GroupNo, int, UUID]]:
    """Which groups are in which, by the numbers of outer and inner group."""
    cursor = await tx.connection.execute(
        "select n.parent_no, n.child_no, g.id from group_nesting n"
        " join app_group g on g.tenant_id = n.tenant_id and g.group_no = n.child_no"
        " where n.tenant_id = %s and (n.parent_no, n.child_no) > (%s, %s)"
        f"{_of_groups('n.parent_no', groups)} order by n.parent_no, n.child_no limit %s",
        (tx.tenant_id, *after, *([] if groups is None else [list(groups)]), limit),
    )
    return [(GroupNo(row[0]), row[1], row[2]) for row in await cursor.fetchall()]


def _of_groups(column: str, groups: Sequence[int] | None) -> str:
    return "" if groups is None else f" and {column} = any(%s)"


async def who_is_in(
    tx: Transaction, pairs: Collection[tuple[int, int]], *, is_person: bool
) -> frozenset[tuple[int, int]]:
    """Those of these pairs of a group and a person, or of two groups, that are so now.

    The order of transactions says nothing of it: one that began first may write last.
    """
    text = (
        "select w.group_no, w.number from unnest(%s::int4[], %s::int4[]) as w (group_no, number)"
        " join group_nesting n on n.tenant_id = %s and n.parent_no = w.group_no"
        " and n.child_no = w.number"
    )
    if is_person:
        text = (
            "select w.group_no, w.number"
            " from unnest(%s::int4[], %s::int4[]) as w (group_no, number)"
            " join membership m on m.tenant_id = %s and m.group_no = w.group_no"
            " and m.user_no = w.number"
            " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
            " and u.deleted_at is null"
        )
    cursor = await tx.connection.execute(
        text, ([one[0] for one in pairs], [one[1] for one in pairs], tx.tenant_id)
    )
    return frozenset((row[0], row[1]) for row in await cursor.fetchall())


async def numbers_of_groups(tx: Transaction, ids: Sequence[UUID]) -> list[int]:
    """The numbers of the groups with these ids, deleted ones too."""
    cursor = await tx.connection.execute(
        "select group_no from app_group where tenant_id = %s and id = any(%s)",
        (tx.tenant_id, list(ids)),
    )
    return [row[0] for row in await cursor.fetchall()]
