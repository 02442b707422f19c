"""What Graph writes and no other surface does: owners of groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.transaction import Transaction


async def add_owners(
    tx: Transaction, group: GroupNo, users: Sequence[UserNo], *, since: datetime
) -> frozenset[UserNo]:
    """Make people owners of a group; answers those who were none before."""
    cursor = await tx.connection.execute(
        "insert into group_owner (tenant_id, group_no, user_no, since)"
        " select %s, %s, line.user_no, %s from unnest(%s::int4[]) as line (user_no) order by 3"
        " on conflict do nothing returning user_no",
        (tx.tenant_id, group, since, sorted(set(users))),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def remove_owner(tx: Transaction, group: GroupNo, user: UserNo) -> bool:
    """Make somebody an owner no more; False for who was none."""
    cursor = await tx.connection.execute(
        "delete from group_owner where tenant_id = %s and group_no = %s and user_no = %s",
        (tx.tenant_id, group, user),
    )
    return cursor.rowcount > 0
