"""Starting a bulk job, and saying beforehand what it would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.app.bulk.foresight import Foresight, foresee_rows
from seatwright.app.bulk.orders import Resolved
from seatwright.app.bulk.reservation import refused_whole
from seatwright.app.call import Call
from seatwright.app.jobs import start_job
from seatwright.app.record import record
from seatwright.domain.bulk import BulkRow, FillPolicy, RowResult
from seatwright.domain.errors import Reason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo
from seatwright.domain.jobs import Job, JobKind, Outcome
from seatwright.domain.reconcile import Pool
from seatwright.postgres.job_rows import insert_rows

PREVIEW_ROWS_MAX = 1_000


async def start_bulk(call: Call, resolved: Resolved) -> Job:
    """Store a bulk job and its rows; a worker takes it up when the call commits."""
    order = resolved.order
    job = await start_job(call, JobKind.BULK, params=order.params(), total=len(resolved.rows))
    await insert_rows(call.tx, job.job_no, resolved.rows)
    detail: dict[str, object] = {"job": str(job.id), "rows": job.total}
    if order.adopts:
        line = HistoryLine(action=HistoryAction.IMPORTED, detail={**detail, "kind": "holdings"})
    else:
        line = HistoryLine(
            action=HistoryAction.JOB_STARTED, detail={**detail, "fillPolicy": order.fill.value}
        )
    await record(call, line)
    return job


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolForecast:
    """The seats of one product before and after."""

    sku: SkuNo
    before: Pool
    after: Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a bulk job would do now; nothing was written.

    `is_refused` is for all or nothing where it would be nothing.
    """

    counts: Mapping[tuple[Outcome, Reason | None], int]
    pools: Sequence[PoolForecast]
    rows: Sequence[tuple[BulkRow, RowResult]]
    total: int
    is_refused: bool


async def preview_bulk(call: Call, resolved: Resolved) -> Preview:
    """Decide about every row as a job would, without a lock and without writing anything."""
    rows, order = resolved.rows, resolved.order
    foresight = await foresee_rows(call, rows, order)
    results: Sequence[RowResult] = foresight.results
    is_whole = order.fill is FillPolicy.ALL_OR_NOTHING
    is_refused = is_whole and any(one.outcome is not Outcome.SUCCEEDED for one in results)
    if is_refused:
        results = refused_whole(results)
        foresight = replace(foresight, pools=dict(foresight.before))
    shown = slice(0, PREVIEW_ROWS_MAX)
    return Preview(
        counts=Counter((one.outcome, one.reason) for one in results),
        pools=_forecasts(resolved, foresight),
        rows=list(zip(rows[shown], results[shown], strict=True)),
        total=len(rows),
        is_refused=is_refused,
    )


def _forecasts(resolved: Resolved, foresight: Foresight) -> list[PoolForecast]:
    """Every product that the rows name, and every other whose seats would move."""
    named = {row.sku for row in resolved.rows if row.sku is not None}
    named |= {product.sku for product in resolved.order.products}
    moved = {sku for sku, pool in foresight.pools.items() if pool != foresight.before[sku]}
    return [
        PoolForecast(sku=sku, before=foresight.before[sku], after=foresight.pools[sku])
        for sku in sorted(named | moved)
        if sku in foresight.before
    ]
