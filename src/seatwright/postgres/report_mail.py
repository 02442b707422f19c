"""To whom the runs of scheduled reports are mailed, and with which file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from seatwright.postgres.transaction import Transaction

ATTACHED_ROWS_MAX: Final = 10_000
"""A longer report is some megabytes, which many mail servers refuse; the mail says where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The addresses of a run's schedule; `file` None: it is too long to go along."""

    run_id: UUID
    addresses: tuple[str, ...]
    file: str | None


async def recipients_of_runs(tx: Transaction, runs: Sequence[UUID]) -> Mapping[UUID, Recipients]:
    """To whom these runs go; one whose schedule was deleted meanwhile goes to nobody."""
    cursor = await tx.connection.execute(
        "select r.id, s.recipients,"
        " case when r.rows > %s then null when r.with_workbook then 'xlsx' else 'csv' end"
        "  from report_run r join report_schedule s"
        "    on s.tenant_id = r.tenant_id and s.schedule_no = r.schedule_no"
        " where r.tenant_id = %s and r.id = any(%s)",
        (ATTACHED_ROWS_MAX, tx.tenant_id, list(runs)),
    )
    return {
        row[0]: Recipients(run_id=row[0], addresses=tuple(row[1]), file=row[2])
        for row in await cursor.fetchall()
    }
