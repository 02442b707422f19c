"""Errors of a tenant, page by page: by person, and of one group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import TupleRow

from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "e.user_no, e.sku_no, e.source_kind, e.source_no, e.reason, e.waiting_since, u.id::text,"
    " u.display_name, u.upn"
)
_ALL = f"""
select {_COLUMNS}
  from (select * from license_error where tenant_id = %s
           and (user_no, sku_no, source_kind, source_no) > (%s, %s, %s, %s)
         order by user_no, sku_no, source_kind, source_no limit %s) e
  join app_user u on u.tenant_id = e.tenant_id and u.user_no = e.user_no
 order by e.user_no, e.sku_no, e.source_kind, e.source_no
"""
_OF_GROUP = f"""
select {_COLUMNS}
  from (select * from license_error where tenant_id = %s and source_kind = 1 and source_no = %s
           and user_no >= %s and (user_no, sku_no) > (%s, %s)
         order by user_no, sku_no limit %s) e
  join app_user u on u.tenant_id = e.tenant_id and u.user_no = e.user_no
 order by e.user_no, e.sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPlace:
    """Where a page of errors ended."""

    user_no: int = 0
    sku: int = 0
    source_kind: int = 0
    source_no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportError:
    """A source of a person's product that does not give what it says, and why."""

    user_no: UserNo
    sku: SkuNo
    source_kind: int
    source_no: int
    reason: str
    since: datetime
    user_id: str
    display_name: str
    upn: str

    @property
    def place(self) -> ErrorPlace:
        """Where it stands in the list."""
        return ErrorPlace(
            user_no=self.user_no,
            sku=self.sku,
            source_kind=self.source_kind,
            source_no=self.source_no,
        )


def _error(row: TupleRow) -> ReportError:
    return ReportError(
        user_no=row[0],
        sku=row[1],
        source_kind=row[2],
        source_no=row[3],
        reason=row[4],
        since=row[5],
        user_id=row[6],
        display_name=row[7],
        upn=row[8],
    )


async def read_errors(
    tx: Transaction, *, after: ErrorPlace, limit: int, group: GroupNo | None = None
) -> list[ReportError]:
    """Errors by person, product and source, after a place; of one group, or of all sources."""
    if group is None:
        keys = (after.user_no, after.sku, after.source_kind, after.source_no)
        cursor = await tx.connection.execute(_ALL, (tx.tenant_id, *keys, limit))
    else:
        cursor = await tx.connection.execute(
            _OF_GROUP, (tx.tenant_id, group, after.user_no, after.user_no, after.sku, limit)
        )
    return [_error(row) for row in await cursor.fetchall()]
