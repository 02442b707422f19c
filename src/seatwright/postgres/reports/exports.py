"""Lists that somebody wants as a file: runs that only whoever asked for them may see."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.domain.ids import PrincipalNo
from seatwright.domain.roles import Role
from seatwright.postgres.reports.runs import SELECT_RUN, StoredRun, run_of_row
from seatwright.postgres.transaction import Transaction

_OWN: Final = (
    " where r.tenant_id = %s and r.principal_no = %s and r.is_export and r.created_at >= %s"
)
_FORGET: Final = """
delete from report_run r using (
    select o.run_no from report_run o
      join job j on j.tenant_id = o.tenant_id and j.job_no = o.job_no
     where o.tenant_id = %s and o.created_at < %s and o.is_export
       and j.state in ('completed', 'failed', 'cancelled')
     order by o.created_at limit %s) old
 where r.tenant_id = %s and r.run_no = old.run_no
"""


async def hold_exports(tx: Transaction, principal: PrincipalNo) -> None:
    """Have whoever else starts a file for this principal wait until this transaction ends."""
    await tx.connection.execute(
        "select from principal where tenant_id = %s and principal_no = %s for no key update",
        (tx.tenant_id, principal),
    )


async def roles_of_sessions(
    tx: Transaction, principal: PrincipalNo, *, at: datetime
) -> frozenset[Role]:
    """What an identity provider gave to sessions of a principal that are not over."""
    cursor = await tx.connection.execute(
        "select distinct unnest(roles) from portal_session where tenant_id = %s"
        " and principal_no = %s and ended_at is null and expires_at > %s",
        (tx.tenant_id, principal, at),
    )
    return frozenset(Role(row[0]) for row in await cursor.fetchall())


async def own_exports(
    tx: Transaction, principal: PrincipalNo, *, since: datetime, limit: int
) -> list[StoredRun]:
    """The files of a principal, newest first, unless they are older than a moment."""
    cursor = await tx.connection.execute(
        f"{SELECT_RUN}{_OWN} order by r.run_no desc limit %s",
        (tx.tenant_id, principal, since, limit),
    )
    return [run_of_row(row) for row in await cursor.fetchall()]


async def own_export(
    tx: Transaction, principal: PrincipalNo, job_id: UUID, *, since: datetime
) -> StoredRun | None:
    """A file of a principal by the id of its job, unless it is older than a moment."""
    cursor = await tx.connection.execute(
        f"{SELECT_RUN}{_OWN} and j.id = %s", (tx.tenant_id, principal, since, job_id)
    )
    row = await cursor.fetchone()
    return run_of_row(row) if row else None


async def forget_exports(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget files that are older than a moment and not in the making; gives how many."""
    cursor = await tx.connection.execute(_FORGET, (tx.tenant_id, before, limit, tx.tenant_id))
    return cursor.rowcount
