"""Questions that administrators ask of many people at once; every page is keyed by the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A person, and the product the report is about where it is about one."""

    user_no: UserNo
    user_id: UUID
    upn: str
    display_name: str
    department: str | None
    last_sign_in_at: datetime | None
    sku: SkuNo | None = None
    since: datetime | None = None
    strategy: int | None = None
    is_also_inherited: bool = False


_PERSON = "u.user_no, u.id, u.upn, u.display_name, u.department, u.last_sign_in_at"


def _row(row: TupleRow) -> ReportRow:
    return ReportRow(
        user_no=row[0],
        user_id=row[1],
        upn=row[2],
        display_name=row[3],
        department=row[4],
        last_sign_in_at=row[5],
        sku=row[6] if len(row) > 6 else None,
        since=row[7] if len(row) > 7 else None,
        strategy=row[8] if len(row) > 8 else None,
        is_also_inherited=row[9] if len(row) > 9 else False,
    )


async def users_without_license(
    tx: Transaction, *, after: int, limit: int
) -> tuple[ReportRow, ...]:
    """Enabled people who hold nothing (T-129, T-143)."""
    cursor = await tx.connection.execute(
        f"select {_PERSON} from app_user u where u.tenant_id = %s and u.user_no > %s"
        " and u.deleted_at is null and u.is_enabled and not exists (select 1"
        " from effective_license l where l.tenant_id = u.tenant_id and l.user_no = u.user_no)"
        " order by u.user_no limit %s",
        (tx.tenant_id, after, limit),
    )
    return tuple(_row(row) for row in await cursor.fetchall())


async def direct_assignments(
    tx: Transaction, *, sku: SkuNo | None, after: tuple[int, int], limit: int
) -> tuple[ReportRow, ...]:
    """Products that stand on people themselves: the exceptions beside the groups (T-156)."""
    cursor = await tx.connection.execute(
        f"select {_PERSON}, a.sku_no, a.created_at, a.strategy, exists (select 1"
        "  from membership m join assignment g on g.tenant_id = m.tenant_id"
        "   and g.group_no = m.group_no and g.sku_no = a.sku_no"
        "  where m.tenant_id = a.tenant_id and m.user_no = a.user_no)"
        " from assignment a"
        " join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no"
        " where a.tenant_id = %s and a.user_no is not null and u.deleted_at is null"
        " and (%s::int2 is null or a.sku_no = %s) and (a.user_no, a.sku_no) > (%s, %s)"
        " order by a.user_no, a.sku_no limit %s",
        (tx.tenant_id, sku, sku, *after, limit),
    )
    return tuple(_row(row) for row in await cursor.fetchall())


async def inactive_holders(
    tx: Transaction, *, since: datetime, after: tuple[int, int], limit: int
) -> tuple[ReportRow, ...]:
    """Holders who did not sign in since a time: candidates to reclaim from, never freed (T-207)."""
    cursor = await tx.connection.execute(
        f"select {_PERSON}, l.sku_no, l.since, l.strategy from effective_license l"
        " join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no"
        " where l.tenant_id = %s and (u.last_sign_in_at is null or u.last_sign_in_at < %s)"
        " and l.since < %s and (l.user_no, l.sku_no) > (%s, %s)"
        " order by l.user_no, l.sku_no limit %s",
        (tx.tenant_id, since, since, *after, limit),
    )
    return tuple(_row(row) for row in await cursor.fetchall())


async def manual_counts(tx: Transaction) -> list[tuple[SkuNo, int]]:
    """How many people have each product by hand, most first (T-014)."""
    cursor = await tx.connection.execute(
        "select sku_no, count(*)::int4 from assignment"
        " where tenant_id = %s and user_no is not null and strategy = 1"
        " group by sku_no order by 2 desc, 1",
        (tx.tenant_id,),
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]
