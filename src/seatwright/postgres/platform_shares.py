"""Whom apps are shared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_things import Shares
from seatwright.postgres.platform_holders import SHARES, add_holders
from seatwright.postgres.transaction import Transaction


async def add_shares(tx: Transaction, wanted: Mapping[AppNo, Shares]) -> int:
    """Share apps with more people and groups; how many shares are new."""
    opened = await tx.connection.execute(
        "update app set is_shared_with_everyone = true where tenant_id = %s and app_no = any(%s)"
        " and not is_shared_with_everyone",
        (tx.tenant_id, [app for app, shares in wanted.items() if shares.everyone]),
    )
    users, groups = await add_holders(
        tx,
        SHARES,
        users=[(app, user) for app, shares in wanted.items() for user in shares.users],
        groups=[(app, group) for app, shares in wanted.items() for group in shares.groups],
    )
    return opened.rowcount + len(users) + len(groups)


async def close_to_everyone(tx: Transaction, app: AppNo) -> bool:
    """Stop sharing an app with everyone; whether it was."""
    cursor = await tx.connection.execute(
        "update app set is_shared_with_everyone = false"
        " where tenant_id = %s and app_no = %s and is_shared_with_everyone",
        (tx.tenant_id, app),
    )
    return cursor.rowcount > 0


async def clear_shares(tx: Transaction, apps: Sequence[AppNo]) -> None:
    """Share these apps with nobody."""
    key = (tx.tenant_id, list(apps))
    for statement in (
        "update app set is_shared_with_everyone = false where tenant_id = %s and app_no = any(%s)",
        "delete from app_shared_group where tenant_id = %s and app_no = any(%s)",
        "delete from app_shared_user where tenant_id = %s and app_no = any(%s)",
    ):
        await tx.connection.execute(statement, key)


async def shares_of_apps(tx: Transaction, apps: Sequence[AppNo]) -> dict[AppNo, Shares]:
    """With whom each of these apps is shared, leaving out whom nobody can see any more."""
    cursor = await tx.connection.execute(
        "select a.app_no, a.is_shared_with_everyone,"
        " array(select s.group_no from app_shared_group s"
        "  join app_group g on g.tenant_id = s.tenant_id and g.group_no = s.group_no"
        "  where s.tenant_id = a.tenant_id and s.app_no = a.app_no and g.deleted_at is null),"
        " array(select s.user_no from app_shared_user s"
        "  join app_user u on u.tenant_id = s.tenant_id and u.user_no = s.user_no"
        "  where s.tenant_id = a.tenant_id and s.app_no = a.app_no and u.deleted_at is null)"
        " from app a where a.tenant_id = %s and a.app_no = any(%s)",
        (tx.tenant_id, list(apps)),
    )
    return {
        AppNo(row[0]): Shares(
            everyone=row[1],
            groups=frozenset(map(GroupNo, row[2])),
            users=frozenset(map(UserNo, row[3])),
        )
        for row in await cursor.fetchall()
    }


async def share_texts_of_apps(tx: Transaction, apps: Sequence[AppNo]) -> dict[AppNo, list[str]]:
    """With whom each of these apps is shared, one by one: `group:ID`, then people by name."""
    cursor = await tx.connection.execute(
        "select app_no, text from ("
        " select s.app_no, 0 as kind, 'group:' || g.id as text from app_shared_group s"
        "  join app_group g on g.tenant_id = s.tenant_id and g.group_no = s.group_no"
        "  where s.tenant_id = %s and s.app_no = any(%s) and g.deleted_at is null"
        " union all select s.app_no, 1, u.upn from app_shared_user s"
        "  join app_user u on u.tenant_id = s.tenant_id and u.user_no = s.user_no"
        "  where s.tenant_id = %s and s.app_no = any(%s) and u.deleted_at is null"
        ") as shared order by app_no, kind, text",
        (tx.tenant_id, list(apps), tx.tenant_id, list(apps)),
    )
    found: dict[AppNo, list[str]] = {}
    for app, text in await cursor.fetchall():
        found.setdefault(AppNo(app), []).append(text)
    return found
