"""The feed of changes that delta queries read; what is in it, `0029_delta.sql` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final
from uuid import UUID

from seatwright.domain.ids import GroupNo, UserNo
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the feed: everything before it was told."""

    xid: int
    change_no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One row of the feed, with the place right after it."""

    place: Place
    noun: ChangeNoun
    group: GroupNo | None
    subjects: tuple[int, ...]


async def settled_place(tx: Transaction) -> Place:
    """The place before which every transaction has ended: all of it can be told now."""
    cursor = await tx.connection.execute(
        "select pg_snapshot_xmin(pg_current_snapshot())::text::int8"
    )
    row = await cursor.fetchone()
    assert row is not None, "a select without a table has a row"
    return Place(xid=row[0])


async def changes_after(
    tx: Transaction, place: Place, until: Place, *, nouns: Sequence[ChangeNoun], limit: int
) -> list[FeedRow]:
    """Rows of these nouns from a place on, and below another; oldest transaction first."""
    cursor = await tx.connection.execute(
        "select xid, change_no, noun, group_no, subjects from directory_change"
        " where tenant_id = %s and (xid, change_no) > (%s, %s) and xid < %s and noun = any(%s)"
        " order by xid, change_no limit %s",
        (tx.tenant_id, place.xid, place.change_no, until.xid, list(map(int, nouns)), limit),
    )
    return [
        FeedRow(
            place=Place(xid=row[0], change_no=row[1]),
            noun=ChangeNoun(row[2]),
            group=None if row[3] is None else GroupNo(row[3]),
            subjects=tuple(row[4]),
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
    tx: Transaction, after: tuple[int, int], *, limit: int
) -> list[tuple[GroupNo, UserNo, UUID]]:
    """Who is in which group, by the numbers of group and person, living people only."""
    cursor = await tx.connection.execute(
        "select m.group_no, m.user_no, u.id from membership m"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        " where m.tenant_id = %s and (m.group_no, m.user_no) > (%s, %s) and u.deleted_at is null"
        " order by m.group_no, m.user_no limit %s",
        (tx.tenant_id, *after, limit),
    )
    return [(GroupNo(row[0]), UserNo(row[1]), row[2]) for row in await cursor.fetchall()]
