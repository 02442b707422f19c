"""Group licensing as rows: how far a group's processing is, and which members are in error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.postgres.transaction import Transaction

HOLD_TRIES_MAX = 20
"""Each further try holds a group that was put above meanwhile; one is the rule, two are rare."""


async def set_processing(tx: Transaction, groups: Sequence[GroupNo], state: str) -> None:
    """Say how far the processing of these groups is: queued, running or idle (GBL-044)."""
    if groups:
        await tx.connection.execute(
            "update app_group set processing = %s"
            " where tenant_id = %s and group_no = any(%s) and processing <> %s",
            (state, tx.tenant_id, list(groups), state),
        )


async def count_members(tx: Transaction, group: GroupNo) -> int:
    """How many people are directly in a group."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from membership where tenant_id = %s and group_no = %s",
        (tx.tenant_id, group),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupError:
    """A member who does not get what the group gives, and why."""

    user_no: int
    user_id: UUID
    upn: str
    display_name: str
    sku: SkuNo
    reason: str
    since: datetime


async def group_errors(
    tx: Transaction, group: GroupNo, *, after: tuple[int, int], limit: int
) -> tuple[GroupError, ...]:
    """Errors from this group's own licenses, by person and SKU (GRP-005)."""
    cursor = await tx.connection.execute(
        # The page first, then the people of it: a join of all would be planned as a merge.
        "select e.user_no, u.id, u.upn, u.display_name, e.sku_no, e.reason, e.waiting_since"
        " from (select user_no, sku_no, reason, waiting_since from license_error"
        "  where tenant_id = %s and source_kind = 1 and source_no = %s"
        "   and (user_no, sku_no) > (%s, %s) order by user_no, sku_no limit %s) e"
        " join app_user u on u.tenant_id = %s and u.user_no = e.user_no"
        " order by e.user_no, e.sku_no",
        (tx.tenant_id, group, *after, limit, tx.tenant_id),
    )
    return tuple(
        GroupError(
            user_no=row[0],
            user_id=row[1],
            upn=row[2],
            display_name=row[3],
            sku=row[4],
            reason=row[5],
            since=row[6],
        )
        for row in await cursor.fetchall()
    )


async def members_after(
    tx: Transaction, groups: Sequence[GroupNo], *, limit: int
) -> tuple[int, ...]:
    """The first members of these groups, through nested groups, in the order of their numbers."""
    cursor = await tx.connection.execute(
        "with recursive below as (select unnest(%s::int4[]) as group_no union"
        " select n.child_no from below join group_nesting n"
        " on n.tenant_id = %s and n.parent_no = below.group_no)"
        " select distinct m.user_no from membership m where m.tenant_id = %s"
        " and m.group_no in (select group_no from below) order by m.user_no limit %s",
        (list(groups), tx.tenant_id, tx.tenant_id, limit),
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def is_licensable(tx: Transaction, group: GroupNo) -> bool:
    """Whether a group may give licenses: security groups, and others when security enabled."""
    cursor = await tx.connection.execute(
        "select is_security from app_group where tenant_id = %s and group_no = %s",
        (tx.tenant_id, group),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def has_seats_with_plan(tx: Transaction, plan_names: Sequence[str]) -> bool:
    """Whether the tenant has a seat of any product with one of these service plans."""
    cursor = await tx.connection.execute(
        "select exists (select 1 from service_plan s"
        " join sku_service_plan h on h.tenant_id = s.tenant_id"
        "  and h.service_plan_no = s.service_plan_no"
        " join sku_pool p on p.tenant_id = h.tenant_id and p.sku_no = h.sku_no"
        " where s.tenant_id = %s and s.name_key = any(%s) and p.assignable > 0)",
        (tx.tenant_id, [name.casefold() for name in plan_names]),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def hold_groups(
    tx: Transaction, groups: Sequence[GroupNo], *, is_exclusive: bool = False
) -> None:
    """Keep a change of a group's licenses and changes of its members apart, until the end.

    Whoever changes members shares the group and every group above it; whoever changes what a
    group gives, or puts it into another or takes it out, has it alone. Without this, a member who
    joins in the moment in which the group is licensed could be seen by neither side. Taken before
    the pools, in the order of the numbers. Advisory, because the group's row is written after the
    pools (its processing state).
    """
    held: set[int] = set()
    for _ in range(HOLD_TRIES_MAX):
        wanted = set(groups) if is_exclusive else await _groups_up(tx, groups)
        if wanted <= held:
            return
        function = "pg_advisory_xact_lock" if is_exclusive else "pg_advisory_xact_lock_shared"
        for number in sorted(wanted - held):
            await tx.connection.execute(f"select {function}(%s, %s)", (tx.tenant_id, number))
        held |= wanted
        # While this waited, a group may have been put into another: that one is held too.
    raise AssertionError("groups were put into groups again and again")


async def _groups_up(tx: Transaction, groups: Sequence[GroupNo]) -> set[int]:
    """These groups and every group that they are inside of."""
    cursor = await tx.connection.execute(
        "with recursive up as (select unnest(%s::int4[]) as group_no union"
        " select n.parent_no from up join group_nesting n"
        " on n.tenant_id = %s and n.child_no = up.group_no)"
        " select group_no from up",
        (list(groups), tx.tenant_id),
    )
    return {row[0] for row in await cursor.fetchall()}
