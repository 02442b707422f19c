"""Working a job: slice after slice, each its own transaction, each exactly once.

A slice holds the job's row, reads where the job is, does its part and writes where it is now, all
in one transaction. Whoever is killed in the middle leaves the job where the last slice ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, assert_never

import psycopg
import structlog

from seatwright.app.bulk.slices import cancel_rest, work_bulk_slice
from seatwright.app.call import Call
from seatwright.app.dynamic.work import leave_rules, work_rules_slice
from seatwright.app.exports.job import work_export_slice
from seatwright.app.held_changes import leave_decision, work_decision_slice
from seatwright.app.jobs import get_job
from seatwright.app.moves.slices import leave_move, work_move_slice
from seatwright.app.reconcile_job import (
    PlannedRun,
    is_for_many,
    leave_groups,
    work_reconcile_slice,
)
from seatwright.app.reports.job import work_report_slice
from seatwright.app.telling.channels import Mailer, WebhookCaller
from seatwright.app.undo import cancel_undo, work_undo_slice
from seatwright.domain.clock import Clock
from seatwright.domain.ids import JobNo, TenantId
from seatwright.domain.jobs import Job, JobKind, JobState
from seatwright.domain.tenants import TenantState
from seatwright.postgres import jobs as rows
from seatwright.postgres.journal import sign
from seatwright.postgres.pool import Database, is_standoff
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.statistics import refresh_statistics
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

log = structlog.get_logger(__name__)

SliceWorker = Callable[[Call, Job], Awaitable[bool | None]]
"""Does one slice; True when the job has nothing more to do, None when it has nothing to do now.

A job that pauses stays open: the sweep of each minute wakes it again.
"""

SLICES: Final[Mapping[JobKind, SliceWorker]] = {
    JobKind.BULK: work_bulk_slice,
    JobKind.DECISION: work_decision_slice,
    JobKind.EXPORT: work_export_slice,
    JobKind.MOVE: work_move_slice,
    JobKind.RECONCILE: work_reconcile_slice,
    JobKind.REPORT: work_report_slice,
    JobKind.RULES: work_rules_slice,
    JobKind.UNDO: work_undo_slice,
}

ALONE: Final = 0x5EA7 << 48
"""Beside the number of a job: the advisory lock of whoever works on one that plans."""

CONFLICT_TRIES_MAX = 5
"""A slice that lost against other sessions is tried this often before the worker pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What working needs: the database, what time it is, and ways to the world outside.

    Without a `mailer` mails are only shown; without a `caller` calls of webhooks wait.
    """

    database: Database
    clock: Clock
    mailer: Mailer | None = None
    caller: WebhookCaller | None = None


def _always() -> bool:
    return True


async def work_job(
    workshop: Workshop,
    tenant_id: TenantId,
    job_no: JobNo,
    *,
    goes_on: Callable[[], bool] = _always,
) -> None:
    """Work a job until it is done, another worker has it, or `goes_on` says no before a slice.

    Raises whatever a bug raises, and OperationalError while the database is away: the worker
    decides whether the job has failed.
    """
    async with _run_of(workshop, tenant_id, job_no) as run:
        conflicts = 0
        while goes_on():
            try:
                if run.planned is not None and run.planned.needs_plan:
                    await _plan(workshop, tenant_id, job_no, run.planned)
                if not await _work_slice(workshop, tenant_id, job_no, slices=run.slices):
                    return
                conflicts = 0
            except psycopg.OperationalError as error:
                conflicts += 1
                if conflicts >= CONFLICT_TRIES_MAX or not is_standoff(error):
                    raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Who does a job's slices: for a reconcile of many people a run of its own, with its plan."""

    slices: Mapping[JobKind, SliceWorker]
    planned: PlannedRun | None = None


@asynccontextmanager
async def _run_of(workshop: Workshop, tenant_id: TenantId, job_no: JobNo) -> AsyncIterator[_Run]:
    """What works a job. A job that plans is worked by one process at a time.

    Its slices are short, and a second worker that came in between would plan it all again.
    """
    async with workshop.database.transaction(tenant_id) as tx:
        job = await rows.job_by_number(tx, job_no)
    if job is None or job.kind is not JobKind.RECONCILE or not is_for_many(job):
        yield _Run(slices=SLICES)
        return
    async with workshop.database.alone(ALONE | job_no) as is_alone:
        planned = PlannedRun()
        slices = {**SLICES, JobKind.RECONCILE: planned.slice if is_alone else _leave_it}
        yield _Run(slices=slices, planned=planned if is_alone else None)


async def _leave_it(call: Call, job: Job) -> None:
    """Another process works on the job."""
    del call, job


async def _plan(
    workshop: Workshop, tenant_id: TenantId, job_no: JobNo, planned: PlannedRun
) -> None:
    """Have a run decide about its people; a job that has ended or may not run needs no plan."""
    async with workshop.database.snapshot(tenant_id) as tx:
        job = await rows.job_by_number(tx, job_no)
        call = None if job is None or job.state.is_final else await _call_of(tx, job, workshop)
        if job is not None and call is not None and not job.is_cancel_asked:
            await planned.make_plan(call, job)


async def _work_slice(
    workshop: Workshop,
    tenant_id: TenantId,
    job_no: JobNo,
    *,
    slices: Mapping[JobKind, SliceWorker],
) -> bool:
    """One slice; False when there is nothing more to do here."""
    async with workshop.database.transaction(tenant_id) as tx:
        job = await rows.hold_job(tx, job_no)
        if job is None or job.state.is_final:
            return False
        call = await _call_of(tx, job, workshop)
        if call is None:
            return False
        if job.state is JobState.QUEUED:
            await rows.start_job(tx, job.job_no, at=call.now)
        if job.is_cancel_asked:
            await _leave(call, job)
            await rows.finish_job(tx, job.job_no, JobState.CANCELLED, at=call.now)
            return False
        is_done = await slices[job.kind](call, job)
        if is_done:
            await rows.finish_job(tx, job.job_no, JobState.COMPLETED, at=call.now)
            await refresh_statistics(tx, rows=job.total)
        return is_done is False


async def _leave(call: Call, job: Job) -> None:
    """Tidy up after a job that ends before its end: what it held for later is given back."""
    match job.kind:
        case JobKind.BULK:
            await cancel_rest(call, job)
        case JobKind.RECONCILE:
            await leave_groups(call, job)
        case JobKind.DECISION:
            await leave_decision(call, job)
        case JobKind.UNDO:
            await cancel_undo(call, job)
        case JobKind.REPORT | JobKind.EXPORT:
            pass  # What it has gathered is never shown, and is forgotten like any run.
        case JobKind.MOVE:
            await leave_move(call, job)
        case JobKind.RULES:
            await leave_rules(call, job)
        case _:
            assert_never(job.kind)


async def work_at_once(call: Call, job: Job) -> Job:
    """Work a job to its end in the call that started it.

    For a tenant in the making, which nobody else can see or wait for yet.
    """
    await rows.start_job(call.tx, job.job_no, at=call.now)
    planned = PlannedRun()
    is_planned = job.kind is JobKind.RECONCILE and is_for_many(job)
    work_slice = planned.slice if is_planned else SLICES[job.kind]
    while True:
        if is_planned and planned.needs_plan:
            await planned.make_plan(call, job)
        if await work_slice(call, job):
            break
        job = await get_job(call, job.id)
    await rows.finish_job(call.tx, job.job_no, JobState.COMPLETED, at=call.now)
    return await get_job(call, job.id)


async def _call_of(tx: Transaction, job: Job, workshop: Workshop) -> Call | None:
    """The call a job acts in: on behalf of whoever started it. None: the tenant is suspended."""
    tenant = await read_tenant(tx.connection, tx.tenant_id)
    principal = await principal_by_number(tx, job.principal_no)
    if tenant is None or principal is None or tenant.state is TenantState.SUSPENDED:
        return None
    now = workshop.clock.now()
    await sign(tx, job.correlation, principal=job.principal_no, at=now)
    return Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=job.correlation)


async def fail_job(workshop: Workshop, tenant_id: TenantId, job_no: JobNo, error: str) -> None:
    """Mark a job as failed: what its slices did stays done, and the job says why it stopped.

    Seats that it had reserved go back. A job that another worker has goes on, and one of a
    suspended tenant waits: they fail again if they must.
    """
    async with workshop.database.transaction(tenant_id) as tx:
        job = await rows.hold_job(tx, job_no)
        call = None if job is None else await _call_of(tx, job, workshop)
        if job is None or call is None or job.state.is_final:
            return
        await _leave(call, job)
        await rows.finish_job(tx, job_no, JobState.FAILED, at=call.now, error=error[:2000])
