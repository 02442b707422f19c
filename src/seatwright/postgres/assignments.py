"""Wishes: the direct assignments of people and the licenses of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from seatwright.domain.assignments import PRIORITY_DEFAULT, Source, SourceKind, Strategy
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanBits, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE, STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAssignment:
    """A wish for one person, to be stored under its source."""

    user: UserNo
    sku: SkuNo
    source: Source
    strategy: Strategy
    disabled: ServicePlanBits
    priority: int = PRIORITY_DEFAULT
    starts_at: datetime | None = None
    expires_at: datetime | None = None


_UPSERT = """
insert into assignment (tenant_id, created_at, created_by, user_no, sku_no, source_kind,
    source_no, strategy, disabled_set, priority, starts_at, expires_at)
select %s, %s, %s, line.* from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::int2[],
    %s::int4[], %s::int2[], %s::timestamptz[], %s::timestamptz[]) line
on conflict (tenant_id, user_no, sku_no, source_kind, source_no) where user_no is not null
do update set strategy = excluded.strategy, disabled_set = excluded.disabled_set,
    priority = excluded.priority, starts_at = excluded.starts_at, expires_at = excluded.expires_at
"""


async def store_user_assignments(
    tx: Transaction, rows: Sequence[UserAssignment], *, at: datetime, by: PrincipalNo
) -> None:
    """Store wishes of people; one that is there keeps its time and takes the new choices."""
    if not rows:
        return
    sets = await tx.plan_set_ids(row.disabled for row in rows)
    await tx.connection.execute(
        _UPSERT,
        (
            tx.tenant_id,
            at,
            by,
            [row.user for row in rows],
            [row.sku for row in rows],
            [int(row.source.kind) for row in rows],
            [row.source.no for row in rows],
            [STRATEGY_TO_CODE[row.strategy] for row in rows],
            [sets[row.disabled] for row in rows],
            [row.priority for row in rows],
            [row.starts_at for row in rows],
            [row.expires_at for row in rows],
        ),
    )


async def remove_user_assignments(tx: Transaction, pairs: Sequence[tuple[UserNo, SkuNo]]) -> None:
    """Remove every wish that stands on these people themselves for these SKUs, but no hold."""
    if not pairs:
        return
    await tx.connection.execute(
        "delete from assignment a using unnest(%s::int4[], %s::int2[]) as gone (user_no, sku_no)"
        " where a.tenant_id = %s and a.user_no = gone.user_no and a.sku_no = gone.sku_no"
        " and a.source_kind <> 4",
        ([user for user, _ in pairs], [sku for _, sku in pairs], tx.tenant_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAssignment:
    """The license of a group."""

    group: GroupNo
    sku: SkuNo
    disabled: ServicePlanBits
    strategy: Strategy = Strategy.GROUP
    priority: int = PRIORITY_DEFAULT
    created_at: datetime | None = None


async def store_group_assignment(
    tx: Transaction, row: GroupAssignment, *, at: datetime, by: PrincipalNo
) -> None:
    """Store the license of a group; one that is there takes the new choices."""
    await tx.connection.execute(
        "insert into assignment (tenant_id, group_no, sku_no, disabled_set, strategy, priority,"
        " created_at, created_by) values (%s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (tenant_id, group_no, sku_no) where group_no is not null"
        " do update set disabled_set = excluded.disabled_set, priority = excluded.priority",
        (
            tx.tenant_id,
            row.group,
            row.sku,
            await tx.plan_set_id(row.disabled),
            STRATEGY_TO_CODE[row.strategy],
            row.priority,
            at,
            by,
        ),
    )


async def remove_group_assignment(tx: Transaction, group: GroupNo, sku: SkuNo) -> bool:
    """Remove the license of a group; False when it had none."""
    cursor = await tx.connection.execute(
        "delete from assignment where tenant_id = %s and group_no = %s and sku_no = %s",
        (tx.tenant_id, group, sku),
    )
    return cursor.rowcount > 0


async def group_assignments(
    tx: Transaction, groups: Sequence[GroupNo]
) -> dict[GroupNo, list[GroupAssignment]]:
    """The licenses of these groups, in SKU order."""
    cursor = await tx.connection.execute(
        "select group_no, sku_no, disabled_set, strategy, priority, created_at from assignment"
        " where tenant_id = %s and group_no = any(%s) order by group_no, sku_no",
        (tx.tenant_id, list(groups)),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits(row[2] for row in rows)
    found: dict[GroupNo, list[GroupAssignment]] = {group: [] for group in groups}
    for group, sku, disabled, strategy, priority, created_at in rows:
        found[group].append(
            GroupAssignment(
                group=group,
                sku=sku,
                disabled=bits[disabled],
                strategy=STRATEGY_OF_CODE[strategy],
                priority=priority,
                created_at=created_at,
            )
        )
    return found


class DatePassed(StrEnum):
    """Which date of an assignment is over."""

    STARTED = "starts_at"
    EXPIRED = "expires_at"


async def users_with_dates_passed(
    tx: Transaction, passed: DatePassed, *, now: datetime, limit: int
) -> tuple[UserNo, ...]:
    """People with an assignment whose date is over and was not yet seen to."""
    cursor = await tx.connection.execute(
        f"select distinct user_no from assignment where tenant_id = %s and {passed} <= %s"
        " and user_no is not null order by user_no limit %s",
        (tx.tenant_id, now, limit),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAssignment:
    """An assignment that expired, or whose start date is over."""

    user: UserNo
    sku: SkuNo
    source: Source
    strategy: Strategy
    assignment_no: int
    expires_at: datetime | None


async def see_to_passed_dates(
    tx: Transaction, passed: DatePassed, users: Sequence[UserNo], *, now: datetime
) -> tuple[EndedAssignment, ...]:
    """Remove what expired, or forget a start date that is over: the state then says it all."""
    if passed is DatePassed.EXPIRED:
        statement = "delete from assignment where"
    else:
        statement = "update assignment set starts_at = null where"
    cursor = await tx.connection.execute(
        f"{statement} tenant_id = %s and user_no = any(%s) and {passed} <= %s"
        " returning user_no, sku_no, source_kind, source_no, strategy, assignment_no, expires_at",
        (tx.tenant_id, list(users), now),
    )
    return tuple(
        EndedAssignment(
            user=UserNo(user),
            sku=SkuNo(sku),
            source=Source(kind=SourceKind(kind), no=no),
            strategy=STRATEGY_OF_CODE[strategy],
            assignment_no=assignment_no,
            expires_at=expires_at,
        )
        for user, sku, kind, no, strategy, assignment_no, expires_at in sorted(
            await cursor.fetchall()
        )
    )
