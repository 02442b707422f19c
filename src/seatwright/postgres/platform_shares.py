"""Whom apps are shared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_things import ShareKind, ShareRow, Shares
from seatwright.postgres.transaction import Transaction

_KINDS: Final = (ShareKind.EVERYONE, ShareKind.GROUP, ShareKind.USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppShares:
    """With whom one app is to be shared."""

    app_no: AppNo
    shares: Shares


async def add_shares(tx: Transaction, wanted: Sequence[AppShares]) -> int:
    """Share apps with more people and groups; how many shares are new."""
    everyone = [one.app_no for one in wanted if one.shares.everyone]
    groups = [(one.app_no, group) for one in wanted for group in sorted(one.shares.groups)]
    users = [(one.app_no, user) for one in wanted for user in sorted(one.shares.users)]
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


async def clear_shares(tx: Transaction, apps: Iterable[AppNo]) -> None:
    """Share these apps with nobody."""
    key = (tx.tenant_id, list(apps))
    for statement in (
        "update app set is_shared_with_everyone = false where tenant_id = %s and app_no = any(%s)",
        "delete from app_shared_group where tenant_id = %s and app_no = any(%s)",
        "delete from app_shared_user where tenant_id = %s and app_no = any(%s)",
    ):
        await tx.connection.execute(statement, key)


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
