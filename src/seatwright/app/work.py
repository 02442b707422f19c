"""Working a job: slice after slice, each its own transaction, each exactly once.

A slice holds the job's row, reads where the job is, does its part and writes where it is now, all
in one transaction. Whoever is killed in the middle leaves the job where the last slice ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import psycopg
import structlog

from seatwright.app.bulk.slices import cancel_rest, work_bulk_slice
from seatwright.app.call import Call
from seatwright.app.jobs import get_job
from seatwright.app.reconcile_job import work_reconcile_slice
from seatwright.domain.clock import Clock
from seatwright.domain.ids import JobNo, TenantId
from seatwright.domain.jobs import Job, JobKind, JobState
from seatwright.domain.tenants import TenantState
from seatwright.postgres import jobs as rows
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

log = structlog.get_logger(__name__)

SliceWorker = Callable[[Call, Job], Awaitable[bool]]
"""Does one slice; True when the job has nothing more to do."""

SLICES: Final[Mapping[JobKind, SliceWorker]] = {
    JobKind.BULK: work_bulk_slice,
    JobKind.RECONCILE: work_reconcile_slice,
}

CONFLICT_TRIES_MAX = 5
"""A slice that lost against another session is tried again this often before the job fails."""


class Workbench(Protocol):
    """What working on jobs needs: transactions, and what time it is."""

    def now(self) -> datetime:
        """The business time of this moment."""
        ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of one tenant, committed on the way out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The bench of a worker: every slice has a connection from the pool."""

    database: Database
    clock: Clock

    def now(self) -> datetime:
        """The business time of this moment."""
        return self.clock.now()

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of one tenant, committed on the way out."""
        return self.database.transaction(tenant_id)


@dataclass(frozen=True, slots=True)
class CallersBench:
    """The bench of a call that has committed and waits for its job: its own connection, its time.

    A second connection could make callers who wait starve each other of the pool.
    """

    call: Call

    def now(self) -> datetime:
        """The business time of the call."""
        return self.call.now

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[Transaction]:
        """A transaction of one tenant, committed on the way out."""
        held = self.call.tx
        async with held.connection.transaction():
            await see_tenant(held.connection, tenant_id)
            transaction = Transaction(held.connection, tenant_id, held.dictionary)
            yield transaction
        transaction.remember()


def _always() -> bool:
    return True


async def work_job(
    workshop: Workbench,
    tenant_id: TenantId,
    job_no: JobNo,
    *,
    goes_on: Callable[[], bool] = _always,
) -> None:
    """Work a job until it is done, another worker has it, or `goes_on` says no before a slice.

    Raises whatever a bug raises, after the job was marked as failed.
    """
    conflicts = 0
    while goes_on():
        try:
            if not await _work_slice(workshop, tenant_id, job_no):
                return
            conflicts = 0
        except psycopg.errors.TransactionRollback:
            conflicts += 1
            if conflicts >= CONFLICT_TRIES_MAX:
                raise


async def _work_slice(workshop: Workbench, tenant_id: TenantId, job_no: JobNo) -> bool:
    """One slice; False when there is nothing more to do here."""
    async with workshop.transaction(tenant_id) as tx:
        job = await rows.hold_job(tx, job_no)
        if job is None or job.state.is_final:
            return False
        call = await _call_of(tx, job, workshop)
        if call is None:
            return False
        if job.state is JobState.QUEUED:
            await rows.start_job(tx, job.job_no, at=call.now)
        if job.is_cancel_asked:
            await cancel_rest(call, job)
            await rows.finish_job(tx, job.job_no, JobState.CANCELLED, at=call.now)
            return False
        is_done = await SLICES[job.kind](call, job)
        if is_done:
            await rows.finish_job(tx, job.job_no, JobState.COMPLETED, at=call.now)
        return not is_done


async def work_at_once(call: Call, job: Job) -> Job:
    """Work a job to its end in the call that started it.

    For a tenant in the making, which nobody else can see or wait for yet.
    """
    await rows.start_job(call.tx, job.job_no, at=call.now)
    while not await SLICES[job.kind](call, job):
        job = await get_job(call, job.id)
    await rows.finish_job(call.tx, job.job_no, JobState.COMPLETED, at=call.now)
    return await get_job(call, job.id)


async def _call_of(tx: Transaction, job: Job, workshop: Workbench) -> Call | None:
    """The call a job acts in: on behalf of whoever started it. None: the tenant is suspended."""
    tenant = await read_tenant(tx.connection, tx.tenant_id)
    principal = await principal_by_number(tx, job.principal_no)
    if tenant is None or principal is None or tenant.state is TenantState.SUSPENDED:
        return None
    return Call(
        tx=tx,
        tenant=tenant,
        principal=principal,
        now=workshop.now(),
        correlation=job.correlation,
    )


async def fail_job(workshop: Workbench, tenant_id: TenantId, job_no: JobNo, error: str) -> None:
    """Mark a job as failed: what its slices did stays done, and the job says why it stopped.

    Seats that it had reserved go back.
    """
    async with workshop.transaction(tenant_id) as tx:
        job = await rows.hold_job(tx, job_no)
        call = None if job is None else await _call_of(tx, job, workshop)
        if job is not None and call is not None and not job.state.is_final:
            await cancel_rest(call, job)
        await rows.finish_job(tx, job_no, JobState.FAILED, at=workshop.now(), error=error[:2000])
