"""Runs of reports: what was asked, how far it is, its rows and its workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import JobNo, PrincipalNo
from seatwright.domain.jobs import JobState
from seatwright.domain.reports.columns import Cells, ReportColumn
from seatwright.domain.reports.parameters import Given
from seatwright.domain.reports.places import Place
from seatwright.postgres.reports.chunks import pack, unpack
from seatwright.postgres.transaction import Transaction

PIECE_BYTES = 512 * 1024
"""A workbook is stored and sent in pieces of this size."""

SELECT_RUN = """
select r.run_no, r.id, r.report, r.parameters, r.columns, r.with_workbook, r.job_no, j.id,
       j.state, j.error, r.principal_no, p.id, p.name, r.created_at, j.finished_at, r.place,
       r.is_gathered, r.rows, r.chunks, r.due_at, s.id,
       exists (select from report_workbook w
                where w.tenant_id = r.tenant_id and w.run_no = r.run_no)
  from report_run r
  join job j on j.tenant_id = r.tenant_id and j.job_no = r.job_no
  join principal p on p.tenant_id = r.tenant_id and p.principal_no = r.principal_no
  left join report_schedule s on s.tenant_id = r.tenant_id and s.schedule_no = r.schedule_no
"""
_INSERT = """
insert into report_run (tenant_id, id, report, parameters, with_workbook, schedule_no, due_at,
    job_no, principal_no, created_at, is_export)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ADVANCE = """
update report_run set place = %s, is_gathered = %s, rows = rows + %s, chunks = chunks + %s
 where tenant_id = %s and run_no = %s
"""
# The total of a report is known once its last row is.
_TOTAL = "update job set total = done where tenant_id = %s and job_no = %s"
_FORGET = """
delete from report_run r using (
    select o.run_no from report_run o
      join job j on j.tenant_id = o.tenant_id and j.job_no = o.job_no
     where o.tenant_id = %s and o.created_at < %s
       and j.state in ('completed', 'failed', 'cancelled')
     order by o.created_at limit %s) old
 where r.tenant_id = %s and r.run_no = old.run_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to store; `schedule_no` and `due_at` where a schedule started it.

    `is_export`: it is a list that one person wants as a file, and `report` names the list.
    """

    id: UUID
    report: str
    parameters: Mapping[str, Given]
    with_workbook: bool
    job_no: JobNo
    principal_no: PrincipalNo
    created_at: datetime
    schedule_no: int | None = None
    due_at: datetime | None = None
    is_export: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run as it is stored; `columns` are those that its rows have, None before the first."""

    run_no: int
    id: UUID
    report: str
    parameters: Mapping[str, Given]
    columns: tuple[str, ...] | None
    with_workbook: bool
    job_no: JobNo
    job_id: UUID
    state: JobState
    error: str | None
    principal_no: PrincipalNo
    principal_id: UUID
    principal_name: str
    created_at: datetime
    finished_at: datetime | None
    place: Place | None
    is_gathered: bool
    rows: int
    chunks: int
    due_at: datetime | None
    schedule_id: UUID | None
    has_workbook: bool


def run_of_row(row: TupleRow) -> StoredRun:
    """A run from the columns of `SELECT_RUN`."""
    return StoredRun(
        run_no=row[0],
        id=row[1],
        report=row[2],
        parameters=row[3],
        columns=None if row[4] is None else tuple(row[4]),
        with_workbook=row[5],
        job_no=JobNo(row[6]),
        job_id=row[7],
        state=JobState(row[8]),
        error=row[9],
        principal_no=PrincipalNo(row[10]),
        principal_id=row[11],
        principal_name=row[12],
        created_at=row[13],
        finished_at=row[14],
        place=None if row[15] is None else tuple(row[15]),
        is_gathered=row[16],
        rows=row[17],
        chunks=row[18],
        due_at=row[19],
        schedule_id=row[20],
        has_workbook=row[21],
    )


async def insert_run(tx: Transaction, new: NewRun) -> None:
    """Store a run whose job waits to be worked on."""
    await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            new.id,
            new.report,
            Jsonb(dict(new.parameters)),
            new.with_workbook,
            new.schedule_no,
            new.due_at,
            new.job_no,
            new.principal_no,
            new.created_at,
            new.is_export,
        ),
    )


async def find_run(tx: Transaction, id_: UUID, *, since: datetime) -> StoredRun | None:
    """A run by its id, unless it is older than a moment."""
    cursor = await tx.connection.execute(
        f"{SELECT_RUN} where r.tenant_id = %s and r.id = %s and r.created_at >= %s",
        (tx.tenant_id, id_, since),
    )
    row = await cursor.fetchone()
    return run_of_row(row) if row else None


async def run_of_job(tx: Transaction, job: JobNo) -> StoredRun | None:
    """The run that a job works on."""
    cursor = await tx.connection.execute(
        f"{SELECT_RUN} where r.tenant_id = %s and r.job_no = %s", (tx.tenant_id, job)
    )
    row = await cursor.fetchone()
    return run_of_row(row) if row else None


async def list_runs(
    tx: Transaction, report: str, *, before: int | None, since: datetime, limit: int
) -> list[StoredRun]:
    """Runs of a report, newest first, unless they are older than a moment."""
    cursor = await tx.connection.execute(
        f"{SELECT_RUN} where r.tenant_id = %s and r.report = %s and r.run_no < %s"
        " and r.created_at >= %s order by r.run_no desc limit %s",
        (tx.tenant_id, report, 2**62 if before is None else before, since, limit),
    )
    return [run_of_row(row) for row in await cursor.fetchall()]


async def delete_run(tx: Transaction, run_no: int) -> None:
    """Forget a run with its rows and its workbook."""
    await tx.connection.execute(
        "delete from report_run where tenant_id = %s and run_no = %s", (tx.tenant_id, run_no)
    )


async def forget_runs(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget ended runs that are older than a moment; gives how many there were."""
    cursor = await tx.connection.execute(_FORGET, (tx.tenant_id, before, limit, tx.tenant_id))
    return cursor.rowcount


async def set_columns(tx: Transaction, run_no: int, columns: Sequence[str]) -> None:
    """Say which columns the rows of a run have; before its first row."""
    await tx.connection.execute(
        "update report_run set columns = %s where tenant_id = %s and run_no = %s",
        (list(columns), tx.tenant_id, run_no),
    )


async def add_chunk(
    tx: Transaction, run: StoredRun, rows: Sequence[Cells], *, place: Place | None
) -> None:
    """Add rows to a run and say where it goes on; `place` None: these were the last."""
    if rows:
        await tx.connection.execute(
            "insert into report_chunk (tenant_id, run_no, chunk_no, rows, content)"
            " values (%s, %s, %s, %s, %s)",
            (tx.tenant_id, run.run_no, run.chunks, len(rows), pack(rows)),
        )
    is_last = place is None
    await tx.connection.execute(
        _ADVANCE,
        (
            None if place is None else Jsonb(list(place)),
            is_last,
            len(rows),
            1 if rows else 0,
            tx.tenant_id,
            run.run_no,
        ),
    )


async def settle_total(tx: Transaction, job: JobNo) -> None:
    """Say that a job has as many rows as it has done."""
    await tx.connection.execute(_TOTAL, (tx.tenant_id, job))


async def read_chunk(
    tx: Transaction, run: StoredRun, number: int, columns: Sequence[ReportColumn]
) -> list[Cells]:
    """The rows of one chunk of a run; `columns` are all that the run has."""
    cursor = await tx.connection.execute(
        "select content from report_chunk where tenant_id = %s and run_no = %s and chunk_no = %s",
        (tx.tenant_id, run.run_no, number),
    )
    row = await cursor.fetchone()
    return unpack(row[0], columns) if row else []


async def store_workbook_piece(tx: Transaction, run_no: int, number: int, content: bytes) -> None:
    """Store one piece of a run's workbook."""
    await tx.connection.execute(
        "insert into report_workbook (tenant_id, run_no, piece_no, content)"
        " values (%s, %s, %s, %s)",
        (tx.tenant_id, run_no, number, content),
    )


async def workbook_size(tx: Transaction, run_no: int) -> tuple[int, int]:
    """How many pieces and bytes the workbook of a run has; 0 and 0: it has none."""
    cursor = await tx.connection.execute(
        "select count(*), coalesce(sum(octet_length(content)), 0)::int8 from report_workbook"
        " where tenant_id = %s and run_no = %s",
        (tx.tenant_id, run_no),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count has a row"
    return row[0], row[1]


async def workbook_piece(tx: Transaction, run_no: int, number: int) -> bytes | None:
    """One piece of a run's workbook; None after the last."""
    cursor = await tx.connection.execute(
        "select content from report_workbook"
        " where tenant_id = %s and run_no = %s and piece_no = %s",
        (tx.tenant_id, run_no, number),
    )
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])


async def workbook_pieces(tx: Transaction, run_no: int) -> AsyncIterator[bytes]:
    """The pieces of a run's workbook, in order; ends with the last one that is stored."""
    number = 0
    while (piece := await workbook_piece(tx, run_no, number)) is not None:
        yield piece
        number += 1
