"""Telling that a scheduled report is there; its recipients get it by mail."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.telling.tell import tell
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.report_mail import ATTACHED_ROWS_MAX
from seatwright.postgres.reports.runs import StoredRun


async def tell_ready(call: Call, run: StoredRun, *, rows: int) -> None:
    """Tell once that a run of a schedule has all its rows; one by hand is looked at by hand."""
    if run.schedule_id is None or run.due_at is None:
        return
    where = f"/api/reports/{run.report}/runs/{run.id}/file"
    file = f"It is attached, and at {where} for 90 days."
    if rows > ATTACHED_ROWS_MAX:
        file = f"It is too long for a mail: {where} has it for 90 days."
    telling = Telling(
        kind=EventKind.REPORT_READY,
        key=str(run.id),
        user=None,
        data={
            "report": run.report,
            "runId": str(run.id),
            "rows": rows,
            "dueAt": run.due_at.isoformat(),
            "file": file,
        },
    )
    await tell(call, [telling])
