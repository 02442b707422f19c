"""The worker's tasks and its loop.

The queue holds no truth. A task names a job or a tenant and the use case looks at what is; what a
killed worker leaves behind in the queue is swept away, and its jobs are found by the sweep of
`app/upkeep.py` when a worker starts and once a minute.
"""

from __future__ import annotations

import asyncio
from typing import Final

import psycopg
import psycopg_pool
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from seatwright.app.outbox.deliver import deliver, wake_if_due
from seatwright.app.seals import make_room_ahead, seal_history
from seatwright.app.tenants import all_tenants
from seatwright.app.upkeep import tend_tenant, wake_open_jobs
from seatwright.app.work import Workshop, fail_job, work_job
from seatwright.domain.ids import JobNo, TenantId
from seatwright.domain.tenants import TenantState
from seatwright.postgres.queue import DELIVER, WORK_JOB

log = structlog.get_logger(__name__)

CONCURRENCY: Final = 4
"""Jobs worked on at once by one process: more only wait for the same pools."""

DATABASE_AWAY_SECONDS: Final = 0.5
DATABASE_AWAY_TRIES_MAX: Final = 120
AWAY_CLASSES: Final = frozenset({"08", "53", "55", "57"})
"""SQLSTATE classes that pass: connections, resources, objects in use, the operator stepping in."""

STALLED_SECONDS: Final = 30
SWEPT_AGAIN_SECONDS: Final = (2.0, 3.0, 10.0)
"""Pauses between the sweeps after a start; from then on the tick looks each minute."""


def create_queue(workshop: Workshop, *, listen_url: str) -> App:
    """The queue with every task that a worker knows."""
    queue = App(connector=PsycopgConnector(conninfo=listen_url, min_size=1, max_size=4))

    @queue.task(name=WORK_JOB)
    async def work(tenant_id: int, job_no: int) -> None:
        await work_job_safely(workshop, TenantId(tenant_id), JobNo(job_no))

    @queue.task(name="seatwright.tend_tenant")
    async def tend(tenant_id: int) -> None:
        try:
            await tend_tenant(workshop, TenantId(tenant_id))
        finally:
            # Whatever failed, what was told goes out, and the history is sealed.
            await wake_if_due(workshop, TenantId(tenant_id))
            await seal_history(workshop, TenantId(tenant_id))

    @queue.task(name=DELIVER)
    async def send(tenant_id: int) -> None:
        await deliver(workshop, TenantId(tenant_id))

    @queue.periodic(cron="* * * * *")
    @queue.task(name="seatwright.tick", queueing_lock="seatwright.tick")
    async def tick(timestamp: int) -> None:
        del timestamp  # What is due is decided by the business clock, not by the queue's.
        await _forget_stalled(queue)
        await make_room_ahead(workshop)
        for tenant in await all_tenants(workshop.database):
            if tenant.state is TenantState.ACTIVE:
                await tend.defer_async(tenant_id=tenant.tenant_id)

    return queue


async def run_worker(workshop: Workshop, *, listen_url: str) -> None:
    """Work until the process is asked to stop; a job in hand is finished up to its slice."""
    queue = create_queue(workshop, listen_url=listen_url)
    await workshop.database.open()
    try:
        async with queue.open_async():
            await _forget_stalled(queue)
            await _sweep(workshop)
            log.info("the worker is ready")
            async with asyncio.TaskGroup() as beside:
                sweeping = beside.create_task(_sweep_again(workshop))
                await queue.run_worker_async(
                    concurrency=CONCURRENCY,
                    delete_jobs="always",
                    fetch_job_polling_interval=1.0,
                    abort_job_polling_interval=5.0,
                    shutdown_graceful_timeout=10.0,
                )
                sweeping.cancel()
    finally:
        await workshop.database.close()


async def _sweep(workshop: Workshop) -> None:
    for tenant in await all_tenants(workshop.database):
        await wake_open_jobs(workshop, tenant.tenant_id)


async def _sweep_again(workshop: Workshop) -> None:
    """Look for open jobs a few times more after the start.

    The session of a killed worker can outlive it by the statement that it was in, and holds its
    job so long; whoever is woken for the job then leaves, and would be back only with the tick.
    """
    for seconds in SWEPT_AGAIN_SECONDS:
        await asyncio.sleep(seconds)
        try:
            await _sweep(workshop)
        except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
            log.warning("the database is away; the next sweep looks again", error=str(error))


async def work_job_safely(workshop: Workshop, tenant_id: TenantId, job_no: JobNo) -> None:
    """Work a job; while the database is away, wait for it to come back."""
    structlog.contextvars.bind_contextvars(tenant=tenant_id, job=job_no)
    for _ in range(DATABASE_AWAY_TRIES_MAX):
        try:
            await work_job(workshop, tenant_id, job_no)
        except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
            if not _may_pass(error):
                log.exception("a job failed")
                await fail_job(workshop, tenant_id, job_no, f"{type(error).__name__}: {error}")
                return
            log.warning("the database is away; the job goes on when it is back", error=str(error))
            await asyncio.sleep(DATABASE_AWAY_SECONDS)
        except Exception as error:
            # The outer edge of the worker: a bug ends this job, never the worker.
            log.exception("a job failed")
            await fail_job(workshop, tenant_id, job_no, f"{type(error).__name__}: {error}")
            return
        else:
            return


def _may_pass(error: psycopg.Error | psycopg_pool.PoolTimeout) -> bool:
    """Whether the database is away (no answer, or going down) and not refusing this very work."""
    state = getattr(error, "sqlstate", None)
    return state is None or state[:2] in AWAY_CLASSES


async def _forget_stalled(queue: App) -> None:
    """Remove what killed workers left in the queue; their jobs are woken by the sweep."""
    manager = queue.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await manager.finish_job(job, status=Status.FAILED, delete_job=True)
