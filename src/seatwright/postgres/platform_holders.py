"""Who has something one by one: apps are shared with people and groups, roles are given to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from seatwright.domain.ids import GroupNo, PrincipalNo, UserNo
from seatwright.domain.platform_things import Holder, HolderKind
from seatwright.postgres.transaction import Transaction

Pair = tuple[int, int]
"""The number of a thing, and of who has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """When something was given, and by whom."""

    at: datetime
    by: PrincipalNo


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderTables:
    """The two tables of who has a thing, the column of its number, and the end of their rows."""

    users: str
    groups: str
    thing: str
    since: str = "null::timestamptz"


SHARES: Final = HolderTables(users="app_shared_user", groups="app_shared_group", thing="app_no")
ROLE_HOLDERS: Final = HolderTables(
    users="user_security_role", groups="group_team_role", thing="role_no", since="h.since"
)


async def add_holders(
    tx: Transaction,
    tables: HolderTables,
    *,
    users: Sequence[Pair] = (),
    groups: Sequence[Pair] = (),
    given: Given | None = None,
) -> tuple[list[Pair], list[Pair]]:
    """Give things to people and to groups; which of them did not have them before."""
    new = []
    for table, who, pairs in (
        (tables.users, "user_no", users),
        (tables.groups, "group_no", groups),
    ):
        extra, dated = ("", "") if given is None else (", since, given_by", ", %s, %s")
        cursor = await tx.connection.execute(
            f"insert into {table} (tenant_id, {tables.thing}, {who}{extra})"
            f" select %s, thing, who{dated} from unnest(%s::int4[], %s::int4[]) as new (thing, who)"
            f" order by thing, who on conflict do nothing returning {tables.thing}, {who}",
            (
                tx.tenant_id,
                *(() if given is None else (given.at, given.by)),
                [thing for thing, _ in pairs],
                [one for _, one in pairs],
            ),
        )
        new.append([(row[0], row[1]) for row in await cursor.fetchall()])
    return new[0], new[1]


async def take_from_holder(
    tx: Transaction,
    tables: HolderTables,
    thing: int,
    *,
    user: UserNo | None = None,
    group: GroupNo | None = None,
) -> bool:
    """Take a thing from a person, or from a group; whether they had it."""
    table, who = (tables.users, "user_no") if group is None else (tables.groups, "group_no")
    cursor = await tx.connection.execute(
        f"delete from {table} where tenant_id = %s and {tables.thing} = %s and {who} = %s",
        (tx.tenant_id, thing, user if group is None else group),
    )
    return cursor.rowcount > 0


async def list_holders(
    tx: Transaction, tables: HolderTables, thing: int, *, after: tuple[int, int], limit: int
) -> list[Holder]:
    """Who has a thing: groups first, then people, each by number.

    `after` is the place of the last one's kind among all kinds, and its number.
    """
    kinds = list(HolderKind)
    group, user = kinds.index(HolderKind.GROUP), kinds.index(HolderKind.USER)
    cursor = await tx.connection.execute(
        "select * from ("
        f" (select {group} as kind, h.group_no as number, g.id, g.display_name, null,"
        f"  {tables.since} from {tables.groups} h"
        "  join app_group g on g.tenant_id = h.tenant_id and g.group_no = h.group_no"
        f"  where h.tenant_id = %s and h.{tables.thing} = %s and g.deleted_at is null"
        "  and h.group_no > %s order by h.group_no limit %s)"
        f" union all (select {user}, h.user_no, u.id, u.display_name, u.upn, {tables.since}"
        f"  from {tables.users} h"
        "  join app_user u on u.tenant_id = h.tenant_id and u.user_no = h.user_no"
        f"  where h.tenant_id = %s and h.{tables.thing} = %s and u.deleted_at is null"
        "  and h.user_no > %s order by h.user_no limit %s)"
        ") as holders order by kind, number limit %s",
        (
            *(tx.tenant_id, thing, _from(after, group), limit),
            *(tx.tenant_id, thing, _from(after, user), limit),
            limit,
        ),
    )
    return [
        Holder(
            kind=kinds[row[0]],
            number=row[1],
            id=row[2],
            name=row[3],
            user_principal_name=row[4],
            since=row[5],
        )
        for row in await cursor.fetchall()
    ]


def _from(after: tuple[int, int], kind: int) -> int:
    """The number after which rows of a kind are wanted; none are once the page is past them."""
    if after[0] == kind:
        return after[1]
    return 2**31 - 1 if after[0] > kind else -1
