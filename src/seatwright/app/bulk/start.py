"""Starting a bulk job, and saying beforehand what it would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.bulk.foresight import foresee_rows
from seatwright.app.bulk.orders import Resolved
from seatwright.app.bulk.reservation import refused_whole
from seatwright.app.call import Call
from seatwright.app.jobs import start_job
from seatwright.app.record import record
from seatwright.domain.bulk import BulkOrder, BulkRow, FillPolicy, RowResult
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.jobs import Job, JobKind, Outcome
from seatwright.domain.reconcile import Action, ChangeSet
from seatwright.postgres.job_rows import insert_rows

FORECAST_ROWS_MAX = 1_000


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
class Forecast:
    """What would become of the rows of a bulk job now.

    `is_refused` is for all or nothing where it would be nothing. `rows` are the first 1,000.
    """

    counts: Mapping[tuple[Outcome, Reason | None], int]
    rows: Sequence[tuple[BulkRow, RowResult]]
    total: int
    is_refused: bool


async def foresee_bulk(call: Call, resolved: Resolved) -> Forecast:
    """Decide about every row as a job would, without a lock, and put it into the call's ledger."""
    rows, order = resolved.rows, resolved.order
    foresight = await foresee_rows(call, rows, order)
    results: Sequence[RowResult] = foresight.results
    is_whole = order.fill is FillPolicy.ALL_OR_NOTHING
    is_refused = is_whole and any(one.outcome is not Outcome.SUCCEEDED for one in results)
    if is_refused:
        results = refused_whole(results)
    else:
        for changes in foresight.change_sets:
            call.ledger.add(changes, reason=ChangeReason.ASSIGNED, reasons=_reasons(order, changes))
    call.ledger.concerned.update(row.sku for row in rows if row.sku is not None)
    call.ledger.concerned.update(product.sku for product in order.products)
    shown = slice(0, FORECAST_ROWS_MAX)
    return Forecast(
        counts=Counter((one.outcome, one.reason) for one in results),
        rows=list(zip(rows[shown], results[shown], strict=True)),
        total=len(rows),
        is_refused=is_refused,
    )


def _reasons(order: BulkOrder, changes: ChangeSet) -> Mapping[tuple[UserNo, SkuNo], ChangeReason]:
    """Why each license changes: what a row adds is assigned, what it takes is unassigned."""
    if order.adopts:
        return {(one.user_no, one.sku): ChangeReason.IMPORTED for one in changes.changes}
    return {
        (one.user_no, one.sku): ChangeReason.UNASSIGNED
        for one in changes.changes
        if one.action is Action.REVOKE
    }
