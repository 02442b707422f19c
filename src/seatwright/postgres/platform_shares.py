"""Whom apps are shared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_things import ShareKind, ShareRow, Shares
from seatwright.postgres.transaction import Transaction

_KINDS: Final = (ShareKind.EVERYONE, ShareKind.GROUP, ShareKind.USER)


async def add_shares(tx: Transaction, wanted: Mapping[AppNo, Shares]) -> int:
    """Share apps with more people and groups; how many shares are new."""
    everyone = [app for app, shares in wanted.items() if shares.everyone]
    groups = [(app, group) for app, shares in wanted.items() for group in sorted(shares.groups)]
    users = [(app, user) for app, shares in wanted.items() for user in sorted(shares.users)]
    opened = await tx.connection.execute(
        "update app set is_shared_with_everyone = true where tenant_id = %s and app_no = any(%s)"
        " and not is_shared_with_everyone",
        (tx.tenant_id, everyone),
    )
    new_groups = await tx.connection.execute(
        "insert into app_shared_group (tenant_id, app_no, group_no)"
        " select %s, app, who from unnest(%s::int4[], %s::int4[]) as new (app, who)"
        " on conflict do nothing",
        (tx.tenant_id, *_split(groups)),
    )
    new_users = await tx.connection.execute(
        "insert into app_shared_user (tenant_id, app_no, user_no)"
        " select %s, app, who from unnest(%s::int4[], %s::int4[]) as new (app, who)"
        " on conflict do nothing",
        (tx.tenant_id, *_split(users)),
    )
    return opened.rowcount + new_groups.rowcount + new_users.rowcount


def _split(pairs: Sequence[tuple[AppNo, int]]) -> tuple[list[int], list[int]]:
    return [app for app, _ in pairs], [who for _, who in pairs]


async def remove_share(
    tx: Transaction, app: AppNo, *, group: GroupNo | None = None, user: UserNo | None = None
) -> bool:
    """Stop sharing an app with a group, a person, or, with neither, everyone; whether it was."""
    if group is not None:
        cursor = await tx.connection.execute(
            "delete from app_shared_group where tenant_id = %s and app_no = %s and group_no = %s",
            (tx.tenant_id, app, group),
        )
    elif user is not None:
        cursor = await tx.connection.execute(
            "delete from app_shared_user where tenant_id = %s and app_no = %s and user_no = %s",
            (tx.tenant_id, app, user),
        )
    else:
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


async def list_shares(
    tx: Transaction, app: AppNo, *, after: tuple[int, int], limit: int
) -> list[ShareRow]:
    """Whom an app is shared with: everyone, then groups, then people, each by number.

    `after` is the place of the last row in that order of kinds, and its number.
    """
    cursor = await tx.connection.execute(
        "select * from ("
        " select 0 as kind, 0 as number, null::uuid, null, null from app"
        "  where tenant_id = %s and app_no = %s and is_shared_with_everyone and %s < 0"
        " union all (select 1, s.group_no, g.id, g.display_name, null"
        "  from app_shared_group s"
        "  join app_group g on g.tenant_id = s.tenant_id and g.group_no = s.group_no"
        "  where s.tenant_id = %s and s.app_no = %s and g.deleted_at is null"
        "  and s.group_no > %s order by s.group_no limit %s)"
        " union all (select 2, s.user_no, u.id, u.display_name, u.upn"
        "  from app_shared_user s"
        "  join app_user u on u.tenant_id = s.tenant_id and u.user_no = s.user_no"
        "  where s.tenant_id = %s and s.app_no = %s and u.deleted_at is null"
        "  and s.user_no > %s order by s.user_no limit %s)"
        ") as shares order by kind, number limit %s",
        (
            *(tx.tenant_id, app, after[0]),
            *(tx.tenant_id, app, _from(after, 1), limit),
            *(tx.tenant_id, app, _from(after, 2), limit),
            limit,
        ),
    )
    return [
        ShareRow(
            kind=_KINDS[row[0]], number=row[1], id=row[2], name=row[3], user_principal_name=row[4]
        )
        for row in await cursor.fetchall()
    ]


def _from(after: tuple[int, int], kind: int) -> int:
    """The number after which rows of a kind are wanted; none are once the page is past them."""
    if after[0] == kind:
        return after[1]
    return 2**31 - 1 if after[0] > kind else -1


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
