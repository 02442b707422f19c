"""Inboxes: the tellings of one person, or of the administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.telling import EventKind, FieldValue
from seatwright.postgres.transaction import Transaction

_SELECT: Final = (
    "select t.telling_no, t.id, t.kind, t.data, t.at, t.read_at, u.display_name from telling t"
    " left join app_user u on u.tenant_id = t.tenant_id and u.user_no = t.user_no"
    " where t.tenant_id = %s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """Something that was told; `name` is that of the person, None for the administrators."""

    telling_no: int
    id: UUID
    kind: EventKind
    data: Mapping[str, FieldValue]
    at: datetime
    read_at: datetime | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose inbox something is in; `user` None: the administrators'."""

    user: UserNo | None


def _of(user: UserNo | None) -> tuple[str, tuple[int, ...]]:
    """The condition that a row is in an inbox."""
    return ("t.user_no is null", ()) if user is None else ("t.user_no = %s", (user,))


async def list_inbox(
    tx: Transaction, user: UserNo | None, *, only_unread: bool, before: int | None, limit: int
) -> list[InboxRow]:
    """Rows of an inbox, newest first."""
    condition, values = _of(user)
    # A kind that only a newer release knows has no words here.
    kinds = [kind.value for kind in EventKind]
    conditions = [_SELECT, condition, "t.kind = any(%s)"]
    asked: list[object] = [tx.tenant_id, *values, kinds]
    if only_unread:
        conditions.append("t.read_at is null")
    if before is not None:
        conditions.append("t.telling_no < %s")
        asked.append(before)
    cursor = await tx.connection.execute(
        " and ".join(conditions) + " order by t.telling_no desc limit %s", (*asked, limit)
    )
    return [
        InboxRow(
            telling_no=row[0],
            id=row[1],
            kind=EventKind(row[2]),
            data=row[3],
            at=row[4],
            read_at=row[5],
            name=row[6],
        )
        for row in await cursor.fetchall()
    ]


async def count_unread(tx: Transaction, user: UserNo | None, *, most: int) -> int:
    """How many rows nobody has read yet; more than `most` are not counted."""
    condition, values = _of(user)
    cursor = await tx.connection.execute(
        "select count(*) from (select from telling t where t.tenant_id = %s"
        f" and {condition} and t.read_at is null limit %s) unread",
        (tx.tenant_id, *values, most),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count has a row"
    return int(row[0])


async def owner_of(tx: Transaction, telling_id: UUID) -> Owner | None:
    """In whose inbox a row is; None when there is no such row."""
    cursor = await tx.connection.execute(
        "select user_no from telling where tenant_id = %s and id = %s", (tx.tenant_id, telling_id)
    )
    row = await cursor.fetchone()
    return None if row is None else Owner(user=row[0])


async def mark_read(tx: Transaction, telling_id: UUID, *, at: datetime, by: PrincipalNo) -> None:
    """Mark one row as read; one that was read before stays as it is."""
    await tx.connection.execute(
        "update telling set read_at = %s, read_by = %s"
        " where tenant_id = %s and id = %s and read_at is null",
        (at, by, tx.tenant_id, telling_id),
    )


async def mark_all_read(
    tx: Transaction, user: UserNo | None, *, at: datetime, by: PrincipalNo, limit: int
) -> int:
    """Mark the newest rows of an inbox that are not read; how many they are."""
    condition, values = _of(user)
    cursor = await tx.connection.execute(
        "update telling set read_at = %s, read_by = %s where tenant_id = %s and telling_no in ("
        f" select t.telling_no from telling t where t.tenant_id = %s and {condition}"
        "    and t.read_at is null order by t.telling_no desc limit %s)",
        (at, by, tx.tenant_id, tx.tenant_id, *values, limit),
    )
    return cursor.rowcount
