"""Waking a worker up: procrastinate's queue, written to in the transaction of what it is about.

The queue holds no truth: what is to be done is in `job`, and a sweep finds what the queue lost.
"""

from __future__ import annotations

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import JobDeferrer

from seatwright.domain.ids import JobNo
from seatwright.postgres.transaction import Transaction

WORK_JOB = "seatwright.work_job"
"""The name of the task that works one job; the worker registers it (`jobs/worker.py`)."""

DELIVER = "seatwright.deliver"
"""The name of the task that sends what a tenant's outbox holds."""

_writer = App(connector=PsycopgConnector())
"""Never opened: it only writes on connections that it is handed."""


async def wake_worker(tx: Transaction, job: JobNo) -> None:
    """Tell the workers of a job, once the transaction commits.

    Raises what the driver does: a lost database is the same to callers wherever it is lost.
    """
    task = _writer.configure_task(
        WORK_JOB,
        connection=tx.connection,
        # The same job twice in the queue would only make a second worker look at it and leave.
        queueing_lock=None,
    )
    await _defer(task, tenant_id=tx.tenant_id, job_no=job)


async def wake_deliveries(tx: Transaction) -> None:
    """Have a tenant's outbox sent, once the transaction commits.

    One worker at a time looks at it, so that calls that tell much do not fill all workers.
    """
    task = _writer.configure_task(
        DELIVER, connection=tx.connection, lock=f"{DELIVER}:{tx.tenant_id}"
    )
    await _defer(task, tenant_id=tx.tenant_id)


async def _defer(task: JobDeferrer, **arguments: int) -> None:
    try:
        await task.defer_async(**arguments)
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise
