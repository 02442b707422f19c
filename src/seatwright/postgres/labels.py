"""What people and groups are called: ids and names for sentences and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from seatwright.domain.directory import text_key
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLabel:
    """A person as answers name them."""

    user_no: UserNo
    id: UUID
    upn: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLabel:
    """A group as answers name it."""

    group_no: GroupNo
    id: UUID
    display_name: str


async def find_user_label(tx: Transaction, text: str) -> UserLabel | None:
    """The living person with this id or user principal name, whatever the case."""
    try:
        column, value = "id", str(UUID(text))
    except ValueError:
        column, value = "upn_key", text_key(text)
    cursor = await tx.connection.execute(
        "select user_no, id, upn, display_name from app_user"
        f" where tenant_id = %s and {column} = %s and deleted_at is null",
        (tx.tenant_id, value),
    )
    row = await cursor.fetchone()
    return UserLabel(user_no=row[0], id=row[1], upn=row[2], display_name=row[3]) if row else None


async def user_labels(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, UserLabel]:
    """What these people are called."""
    cursor = await tx.connection.execute(
        "select user_no, id, upn, display_name from app_user"
        " where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    return {
        row[0]: UserLabel(user_no=row[0], id=row[1], upn=row[2], display_name=row[3])
        for row in await cursor.fetchall()
    }


async def group_labels(tx: Transaction, groups: Sequence[GroupNo]) -> dict[GroupNo, GroupLabel]:
    """What these groups are called, deleted ones included."""
    if not groups:
        return {}
    cursor = await tx.connection.execute(
        "select group_no, id, display_name from app_group"
        " where tenant_id = %s and group_no = any(%s)",
        (tx.tenant_id, list(groups)),
    )
    return {
        row[0]: GroupLabel(group_no=row[0], id=row[1], display_name=row[2])
        for row in await cursor.fetchall()
    }


async def find_group_label(tx: Transaction, id_: UUID) -> GroupLabel | None:
    """The living group with this id."""
    cursor = await tx.connection.execute(
        "select group_no, id, display_name from app_group"
        " where tenant_id = %s and id = %s and deleted_at is null",
        (tx.tenant_id, id_),
    )
    row = await cursor.fetchone()
    return GroupLabel(group_no=row[0], id=row[1], display_name=row[2]) if row else None
