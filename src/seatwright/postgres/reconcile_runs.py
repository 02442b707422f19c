"""Looks at everybody, as rows: when they were, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import JobNo
from seatwright.domain.jobs import JobState
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """What a run found: see the columns of `reconcile_run`."""

    people: int = 0
    licenses: int = 0
    errors: int = 0
    left_out: int = 0
    miscounted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRun:
    """One look at everybody, with the job that does it."""

    run_no: int
    job_id: UUID
    job_state: JobState
    is_periodic: bool
    started_at: datetime
    finished_at: datetime | None
    found: RunCounts


async def insert_run(tx: Transaction, job: JobNo, *, is_periodic: bool, at: datetime) -> None:
    """Store that a job looks at everybody."""
    await tx.connection.execute(
        "insert into reconcile_run (tenant_id, job_no, is_periodic, started_at)"
        " values (%s, %s, %s, %s)",
        (tx.tenant_id, job, is_periodic, at),
    )


async def add_counts(tx: Transaction, job: JobNo, found: RunCounts) -> None:
    """Add what a slice found to the run of its job, if it has one."""
    await tx.connection.execute(
        "update reconcile_run set people = people + %s, licenses = licenses + %s,"
        " errors = errors + %s, left_out = left_out + %s, miscounted = miscounted + %s"
        " where tenant_id = %s and job_no = %s",
        (
            found.people,
            found.licenses,
            found.errors,
            found.left_out,
            found.miscounted,
            tx.tenant_id,
            job,
        ),
    )


async def finish_run(tx: Transaction, job: JobNo, *, at: datetime) -> RunCounts | None:
    """End the run of a job; what it found. None: the job is none that looks at everybody."""
    cursor = await tx.connection.execute(
        "update reconcile_run set finished_at = %s where tenant_id = %s and job_no = %s"
        " returning people, licenses, errors, left_out, miscounted",
        (at, tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    return None if row is None else _counts(row)


async def has_run(tx: Transaction, job: JobNo) -> bool:
    """Whether a job looks at everybody."""
    cursor = await tx.connection.execute(
        "select exists (select from reconcile_run where tenant_id = %s and job_no = %s)",
        (tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def open_run(tx: Transaction) -> UUID | None:
    """The job that looks at everybody just now, if there is one."""
    cursor = await tx.connection.execute(
        "select j.id from job j join reconcile_run r on r.tenant_id = j.tenant_id"
        " and r.job_no = j.job_no where j.tenant_id = %s and j.state in ('queued', 'running')"
        " order by j.job_no limit 1",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def last_periodic(tx: Transaction) -> datetime:
    """When everybody was last looked at as a safety net; before the first time, since when the
    tenant is.
    """
    cursor = await tx.connection.execute(
        "select coalesce((select r.started_at from reconcile_run r where r.tenant_id = %s"
        "  and r.is_periodic order by r.run_no desc limit 1), t.created_at)"
        " from tenant t where t.tenant_id = %s",
        (tx.tenant_id, tx.tenant_id),
    )
    row = await cursor.fetchone()
    assert row is not None, "the transaction's tenant exists"
    at: datetime = row[0]
    return at


async def list_runs(tx: Transaction, *, before: int | None, limit: int) -> list[ReconcileRun]:
    """Runs, newest first."""
    cursor = await tx.connection.execute(
        "select r.people, r.licenses, r.errors, r.left_out, r.miscounted, r.run_no, j.id, j.state,"
        " r.is_periodic, r.started_at, r.finished_at from reconcile_run r"
        " join job j on j.tenant_id = r.tenant_id and j.job_no = r.job_no"
        " where r.tenant_id = %s and (%s::int8 is null or r.run_no < %s)"
        " order by r.run_no desc limit %s",
        (tx.tenant_id, before, before, limit),
    )
    return [
        ReconcileRun(
            run_no=row[5],
            job_id=row[6],
            job_state=JobState(row[7]),
            is_periodic=row[8],
            started_at=row[9],
            finished_at=row[10],
            found=_counts(row),
        )
        for row in await cursor.fetchall()
    ]


def _counts(row: TupleRow) -> RunCounts:
    return RunCounts(
        people=row[0], licenses=row[1], errors=row[2], left_out=row[3], miscounted=row[4]
    )


Findings = dict[bool, tuple[int, RunCounts]]
"""Of periodic runs and of others: how many there were, and what they found."""


async def read_findings(connection: AsyncConnection[TupleRow]) -> Findings:
    """Add up the runs of all tenants."""
    cursor = await connection.execute(
        "select is_periodic, runs, people, licenses, errors, miscounted from reconcile_findings()"
    )
    return {
        row[0]: (
            row[1],
            RunCounts(people=row[2], licenses=row[3], errors=row[4], miscounted=row[5]),
        )
        for row in await cursor.fetchall()
    }
