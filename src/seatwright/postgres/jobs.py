"""Jobs as rows: their state, their progress, and the outcome of each of their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import JobNo, PrincipalNo, UserNo
from seatwright.domain.jobs import Job, JobKind, JobState
from seatwright.domain.reconcile.columns import Int32s
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "job_no, id, kind, state, params, total, done, succeeded, unchanged, failed, waiting,"
    " position, is_cancel_asked, error, principal_no, correlation, created_at, started_at,"
    " finished_at"
)


def _job(row: TupleRow) -> Job:
    return Job(
        job_no=JobNo(row[0]),
        id=row[1],
        kind=JobKind(row[2]),
        state=JobState(row[3]),
        params=row[4],
        total=row[5],
        done=row[6],
        succeeded=row[7],
        unchanged=row[8],
        failed=row[9],
        waiting=row[10],
        position=row[11],
        is_cancel_asked=row[12],
        error=row[13],
        principal_no=PrincipalNo(row[14]),
        correlation=row[15],
        created_at=row[16],
        started_at=row[17],
        finished_at=row[18],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to store, queued."""

    id: UUID
    kind: JobKind
    params: Mapping[str, object]
    total: int
    principal_no: PrincipalNo
    correlation: UUID
    created_at: datetime


async def insert_job(tx: Transaction, new: NewJob) -> Job:
    """Store a queued job; the queue is told in the same transaction by the caller."""
    cursor = await tx.connection.execute(
        "insert into job (tenant_id, id, kind, params, total, principal_no, correlation,"
        f" created_at) values (%s, %s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}",
        (
            tx.tenant_id,
            new.id,
            new.kind.value,
            Jsonb(dict(new.params)),
            new.total,
            new.principal_no,
            new.correlation,
            new.created_at,
        ),
    )
    row = await cursor.fetchone()
    assert row is not None, "an insert that returns has a row"
    return _job(row)


async def find_job(tx: Transaction, id_: UUID) -> Job | None:
    """A job by its id."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from job where tenant_id = %s and id = %s", (tx.tenant_id, id_)
    )
    row = await cursor.fetchone()
    return _job(row) if row else None


async def job_by_number(tx: Transaction, number: JobNo) -> Job | None:
    """A job by its number."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from job where tenant_id = %s and job_no = %s", (tx.tenant_id, number)
    )
    row = await cursor.fetchone()
    return _job(row) if row else None


async def list_jobs(
    tx: Transaction, *, before: int | None, limit: int, state: JobState | None = None
) -> tuple[Job, ...]:
    """Jobs, newest first."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from job where tenant_id = %s"
        " and (%s::int8 is null or job_no < %s) and (%s::text is null or state = %s)"
        " order by job_no desc limit %s",
        (tx.tenant_id, before, before, state, state, limit),
    )
    return tuple(_job(row) for row in await cursor.fetchall())


async def open_jobs(tx: Transaction) -> tuple[Job, ...]:
    """Jobs that are queued or running, oldest first: what a sweep looks after."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from job where tenant_id = %s and state in ('queued', 'running')"
        " order by job_no",
        (tx.tenant_id,),
    )
    return tuple(_job(row) for row in await cursor.fetchall())


async def hold_job(tx: Transaction, job: JobNo) -> Job | None:
    """A job, held until the transaction ends; None while another worker has a slice of it.

    The row lock is what makes a slice happen once: position and counts are read under it and
    written before it goes. A killed worker's lock goes with its session.
    """
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from job where tenant_id = %s and job_no = %s"
        " for no key update skip locked",
        (tx.tenant_id, job),
    )
    row = await cursor.fetchone()
    return _job(row) if row else None


async def start_job(tx: Transaction, job: JobNo, *, at: datetime) -> None:
    """Mark a job as running; a job that goes on after a crash keeps its first start."""
    await tx.connection.execute(
        "update job set state = 'running', started_at = coalesce(started_at, %s)"
        " where tenant_id = %s and job_no = %s and state in ('queued', 'running')",
        (at, tx.tenant_id, job),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one slice of a job added; `position` is where the next one begins.

    `unchanged` are of `succeeded`.
    """

    succeeded: int = 0
    unchanged: int = 0
    failed: int = 0
    waiting: int = 0
    position: int | None = None
    params: Mapping[str, object] | None = None


async def advance_job(tx: Transaction, job: JobNo, progress: Progress) -> None:
    """Add a slice's counts, in the transaction of the slice's own changes: exactly once."""
    await tx.connection.execute(
        "update job set succeeded = succeeded + %s, unchanged = unchanged + %s,"
        " failed = failed + %s, waiting = waiting + %s, done = done + %s,"
        " position = coalesce(%s, position), params = coalesce(%s, params)"
        " where tenant_id = %s and job_no = %s",
        (
            progress.succeeded,
            progress.unchanged,
            progress.failed,
            progress.waiting,
            progress.succeeded + progress.failed + progress.waiting,
            progress.position,
            None if progress.params is None else Jsonb(dict(progress.params)),
            tx.tenant_id,
            job,
        ),
    )


async def finish_job(
    tx: Transaction, job: JobNo, state: JobState, *, at: datetime, error: str | None = None
) -> None:
    """End a job; its input file is not needed any more."""
    await tx.connection.execute(
        "update job set state = %s, finished_at = %s, error = %s"
        " where tenant_id = %s and job_no = %s and state in ('queued', 'running')",
        (state.value, at, error, tx.tenant_id, job),
    )
    await tx.connection.execute(
        "delete from job_input where tenant_id = %s and job_no = %s", (tx.tenant_id, job)
    )


async def ask_to_cancel(tx: Transaction, job: JobNo) -> None:
    """Ask the worker to stop after its slice."""
    await tx.connection.execute(
        "update job set is_cancel_asked = true where tenant_id = %s and job_no = %s",
        (tx.tenant_id, job),
    )


async def users_in_scope(
    tx: Transaction, scope: Mapping[str, Sequence[int]], *, after: int, limit: int
) -> tuple[UserNo, ...]:
    """The people a reconcile job is about, in the order of their numbers, after one of them.

    `scope` names people (groups beside them are only shown as being processed), groups (their
    members, through nested groups too), SKUs (who holds one, is wished
    one, or waits for one) or, being empty, everyone.
    """
    statement, params = _scope_query(tx, scope)
    cursor = await tx.connection.execute(
        f"select distinct user_no from ({statement}) found where user_no > %s"
        " order by user_no limit %s",
        (*params, after, limit),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


async def numbers_in_scope(tx: Transaction, scope: Mapping[str, Sequence[int]]) -> Int32s:
    """All people that a reconcile is about as a column, sorted."""
    statement, params = _scope_query(tx, scope)
    cursor = await tx.connection.cursor(binary=True).execute(
        f"select string_agg(int4send(user_no), ''::bytea) from ({statement}) found", params
    )
    row = await cursor.fetchone()
    sent = b"" if row is None or row[0] is None else row[0]
    return np.unique(np.frombuffer(sent, dtype=">i4").astype(np.int32))


async def count_in_scope(tx: Transaction, scope: Mapping[str, Sequence[int]]) -> int:
    """How many people a reconcile job is about."""
    statement, params = _scope_query(tx, scope)
    cursor = await tx.connection.execute(
        f"select count(distinct user_no)::int4 from ({statement}) found", params
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


_BELOW = """
select m.user_no from membership m where m.tenant_id = %s and m.group_no in (
    with recursive below as (
        select unnest(%s::int4[]) as group_no
        union
        select n.child_no from below join group_nesting n
            on n.tenant_id = %s and n.parent_no = below.group_no)
    select group_no from below)
"""
_HOLDERS = """
select user_no from effective_license where tenant_id = %s and sku_no = any(%s)
union all
select user_no from assignment where tenant_id = %s and sku_no = any(%s) and user_no is not null
union all
select user_no from license_error where tenant_id = %s and sku_no = any(%s)
"""


def _scope_query(
    tx: Transaction, scope: Mapping[str, Sequence[int]]
) -> tuple[str, tuple[object, ...]]:
    if "users" in scope:
        return "select unnest(%s::int4[]) as user_no", (list(scope["users"]),)
    if "groups" in scope:
        return _BELOW, (tx.tenant_id, list(scope["groups"]), tx.tenant_id)
    if "skus" in scope:
        return _HOLDERS, (tx.tenant_id, list(scope["skus"])) * 3
    return "select user_no from app_user where tenant_id = %s", (tx.tenant_id,)
