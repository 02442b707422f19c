"""What asking and deciding want to know of people: managers, what they hold, who is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

CHAIN_MAX = 12
"""Managers looked at above a person: companies are flatter, and circles end."""


async def managers_above(
    tx: Transaction, users: Sequence[UserNo], *, levels: int = CHAIN_MAX
) -> dict[UserNo, list[UserNo | None]]:
    """The managers of each person, the next one first; None for one whose account is blocked."""
    cursor = await tx.connection.execute(
        # One person at a time: PostgreSQL would read all people of the tenant for some thousands.
        "with recursive up as ("
        " select u.user_no, u.manager_no, 1 as level from unnest(%(users)s::int4[]) one (user_no)"
        "  cross join lateral (select x.user_no, x.manager_no from app_user x"
        "   where x.tenant_id = %(tenant)s and x.user_no = one.user_no offset 0) u"
        " union all"
        " select up.user_no, m.manager_no, up.level + 1 from up cross join lateral ("
        "   select x.manager_no from app_user x"
        "   where x.tenant_id = %(tenant)s and x.user_no = up.manager_no offset 0) m"
        "  where up.level < %(most)s)"
        " select up.user_no, m.user_no, m.is_there from up cross join lateral ("
        "   select x.user_no, x.is_enabled and x.deleted_at is null as is_there from app_user x"
        "   where x.tenant_id = %(tenant)s and x.user_no = up.manager_no offset 0) m"
        " order by up.user_no, up.level",
        {"tenant": tx.tenant_id, "users": list(users), "most": levels},
    )
    found: dict[UserNo, list[UserNo | None]] = {}
    for user, manager, is_there in await cursor.fetchall():
        found.setdefault(UserNo(user), []).append(UserNo(manager) if is_there else None)
    return found


async def people_there(tx: Transaction, users: Iterable[UserNo]) -> frozenset[UserNo]:
    """Who of these is in the directory and may sign in."""
    cursor = await tx.connection.execute(
        "select user_no from app_user where tenant_id = %s and user_no = any(%s)"
        " and deleted_at is null and is_enabled",
        (tx.tenant_id, sorted(set(users))),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def some_members(tx: Transaction, group: GroupNo, *, limit: int) -> tuple[UserNo, ...]:
    """The first people of a group who may sign in, through nested groups too."""
    cursor = await tx.connection.execute(
        "with recursive below as (select %s::int4 as group_no union"
        " select n.child_no from below join group_nesting n"
        "  on n.tenant_id = %s and n.parent_no = below.group_no)"
        " select distinct m.user_no from below join membership m"
        "  on m.tenant_id = %s and m.group_no = below.group_no"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        "  and u.deleted_at is null and u.is_enabled order by m.user_no limit %s",
        (group, tx.tenant_id, tx.tenant_id, limit),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


async def holders_among(tx: Transaction, sku: SkuNo, users: Sequence[UserNo]) -> frozenset[UserNo]:
    """Who of these holds a product now."""
    return frozenset(user for user, one in await held_pairs(tx, users, [sku]) if one == sku)


async def held_pairs(
    tx: Transaction, users: Iterable[UserNo], skus: Iterable[SkuNo] | None = None
) -> frozenset[tuple[UserNo, SkuNo]]:
    """What these people hold, of these products or of all."""
    narrowed = "" if skus is None else " and sku_no = any(%s)"
    values: list[object] = [tx.tenant_id, sorted(set(users))]
    if skus is not None:
        values.append(sorted(set(skus)))
    cursor = await tx.connection.execute(
        "select user_no, sku_no from effective_license"
        f" where tenant_id = %s and user_no = any(%s){narrowed}",
        values,
    )
    return frozenset((UserNo(user), SkuNo(sku)) for user, sku in await cursor.fetchall())


async def ending_assignments(
    tx: Transaction, sku: SkuNo, users: Sequence[UserNo]
) -> dict[UserNo, datetime]:
    """When what these people have of a product, of their own, ends; who has no end is left out."""
    cursor = await tx.connection.execute(
        "select user_no, max(expires_at) from assignment where tenant_id = %s"
        " and user_no = any(%s) and sku_no = %s and source_kind in (0, 2, 3)"
        " group by user_no having bool_and(expires_at is not null)",
        (tx.tenant_id, list(users), sku),
    )
    return {UserNo(user): at for user, at in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Takes away what one request gave."""

    user: UserNo
    sku: SkuNo
    request_no: int


async def remove_requested(
    tx: Transaction, rows: Sequence[Remover]
) -> frozenset[tuple[UserNo, SkuNo]]:
    """Remove the assignments that requests made; answers whose were still there."""
    cursor = await tx.connection.execute(
        "delete from assignment a using unnest(%s::int4[], %s::int2[], %s::int4[])"
        "  as gone (user_no, sku_no, request_no)"
        " where a.tenant_id = %s and a.user_no = gone.user_no and a.sku_no = gone.sku_no"
        " and a.source_kind = 3 and a.source_no = gone.request_no returning a.user_no, a.sku_no",
        (
            [one.user for one in rows],
            [one.sku for one in rows],
            [one.request_no for one in rows],
            tx.tenant_id,
        ),
    )
    return frozenset((UserNo(user), SkuNo(sku)) for user, sku in await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """People to whom requests gave a product: all of them, and those for whom it begins later."""

    all: int = 0
    later: int = 0


async def requested_seats(tx: Transaction, sku: SkuNo, *, now: datetime) -> Requested:
    """How many people have a product by a request, or will have."""
    cursor = await tx.connection.execute(
        "select count(distinct user_no)::int4,"
        " (count(distinct user_no) filter (where starts_at > %(now)s))::int4 from assignment"
        " where tenant_id = %(tenant)s and source_kind = 3 and sku_no = %(sku)s"
        " and (expires_at is null or expires_at > %(now)s)",
        {"tenant": tx.tenant_id, "sku": sku, "now": now},
    )
    row = await cursor.fetchone()
    assert row is not None, "a count always has a row"
    return Requested(all=row[0], later=row[1])


async def judge_names(tx: Transaction, numbers: Iterable[PrincipalNo]) -> dict[PrincipalNo, str]:
    """What people call who decided: the person, where a token is somebody's, else the token."""
    cursor = await tx.connection.execute(
        "select p.principal_no, coalesce(u.display_name, p.name) from principal p"
        " left join app_user u on u.tenant_id = p.tenant_id and u.user_no = p.user_no"
        " where p.tenant_id = %s and p.principal_no = any(%s)",
        (tx.tenant_id, sorted(set(numbers))),
    )
    return {PrincipalNo(number): name for number, name in await cursor.fetchall()}


async def count_open_requests(
    tx: Transaction, *, requestor: UserNo | None, principal: PrincipalNo, most: int
) -> int:
    """How many requests of somebody are pending, counted as far as `most`."""
    column, asker = (
        ("principal_no", principal) if requestor is None else ("requestor_no", requestor)
    )
    mine = f"l.tenant_id = %(tenant)s and l.{column} = %(asker)s and l.state = 'pending'"
    cursor = await tx.connection.execute(
        # One look at the index for each request, however many people it is for.
        "with recursive each as ("
        f" (select l.request_no from license_request_line l where {mine}"
        "   order by l.request_no limit 1)"
        " union all select (select l.request_no from license_request_line l"
        f"   where {mine} and l.request_no > each.request_no"
        "   order by l.request_no limit 1) from each where each.request_no is not null)"
        " select count(*)::int4 from"
        " (select from each where request_no is not null limit %(most)s) open",
        {"tenant": tx.tenant_id, "asker": asker, "most": most},
    )
    row = await cursor.fetchone()
    assert row is not None, "a count always has a row"
    return int(row[0])
