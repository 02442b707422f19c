"""Reports that run by themselves: when, for whom, and which are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import PrincipalNo
from seatwright.domain.reports.parameters import Given
from seatwright.domain.reports.schedules import Cadence, Timing
from seatwright.postgres.transaction import Transaction

_SELECT = """
select s.schedule_no, s.id, s.report, s.parameters, s.with_workbook, s.cadence, s.minute_of_day,
       s.weekday, s.month_day, s.principal_no, p.id, p.name, p.revoked_at is not null,
       s.created_at, s.next_at, s.paused_at, s.pause_reason, s.recipients
  from report_schedule s
  join principal p on p.tenant_id = s.tenant_id and p.principal_no = s.principal_no
"""
_INSERT = """
insert into report_schedule (tenant_id, schedule_no, id, report, parameters, with_workbook, cadence,
    minute_of_day, weekday, month_day, principal_no, created_at, next_at, recipients)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPDATE = """
update report_schedule set parameters = %s, with_workbook = %s, cadence = %s, minute_of_day = %s,
       weekday = %s, month_day = %s, principal_no = %s, next_at = %s, paused_at = %s,
       pause_reason = %s, recipients = %s
 where tenant_id = %s and schedule_no = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A report that runs by itself with the roles of a principal, unless it is paused."""

    schedule_no: int
    id: UUID
    report: str
    parameters: Mapping[str, Given]
    with_workbook: bool
    timing: Timing
    principal_no: PrincipalNo
    created_at: datetime
    next_at: datetime
    paused_at: datetime | None = None
    pause_reason: str | None = None
    principal_id: UUID | None = None
    principal_name: str = ""
    is_principal_revoked: bool = False
    recipients: tuple[str, ...] = ()


def _schedule(row: TupleRow) -> Schedule:
    return Schedule(
        schedule_no=row[0],
        id=row[1],
        report=row[2],
        parameters=row[3],
        with_workbook=row[4],
        timing=Timing(
            cadence=Cadence(row[5]), minute_of_day=row[6], weekday=row[7], month_day=row[8]
        ),
        principal_no=PrincipalNo(row[9]),
        principal_id=row[10],
        principal_name=row[11],
        is_principal_revoked=row[12],
        created_at=row[13],
        next_at=row[14],
        paused_at=row[15],
        pause_reason=row[16],
        recipients=tuple(row[17]),
    )


async def insert_schedule(tx: Transaction, new: Schedule) -> None:
    """Store a schedule."""
    timing = new.timing
    await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            new.schedule_no,
            new.id,
            new.report,
            Jsonb(dict(new.parameters)),
            new.with_workbook,
            timing.cadence.value,
            timing.minute_of_day,
            timing.weekday,
            timing.month_day,
            new.principal_no,
            new.created_at,
            new.next_at,
            list(new.recipients),
        ),
    )


async def update_schedule(tx: Transaction, new: Schedule) -> None:
    """Store a schedule as it now is."""
    timing = new.timing
    await tx.connection.execute(
        _UPDATE,
        (
            Jsonb(dict(new.parameters)),
            new.with_workbook,
            timing.cadence.value,
            timing.minute_of_day,
            timing.weekday,
            timing.month_day,
            new.principal_no,
            new.next_at,
            new.paused_at,
            new.pause_reason,
            list(new.recipients),
            tx.tenant_id,
            new.schedule_no,
        ),
    )


async def delete_schedule(tx: Transaction, schedule_no: int) -> None:
    """Forget a schedule; what it ran stays for as long as any run does."""
    await tx.connection.execute(
        "delete from report_schedule where tenant_id = %s and schedule_no = %s",
        (tx.tenant_id, schedule_no),
    )


async def find_schedule(tx: Transaction, id_: UUID, *, holds: bool = False) -> Schedule | None:
    """A schedule by its id; `holds`: nobody else changes or runs it until the transaction ends."""
    lock = " for no key update of s" if holds else ""
    cursor = await tx.connection.execute(
        f"{_SELECT} where s.tenant_id = %s and s.id = %s{lock}", (tx.tenant_id, id_)
    )
    row = await cursor.fetchone()
    return _schedule(row) if row else None


async def list_schedules(
    tx: Transaction, report: str | None, *, after: int, limit: int
) -> list[Schedule]:
    """Schedules of a report, or of all, in the order in which they were made."""
    cursor = await tx.connection.execute(
        f"{_SELECT} where s.tenant_id = %s and s.schedule_no > %s"
        " and (%s::text is null or s.report = %s) order by s.schedule_no limit %s",
        (tx.tenant_id, after, report, report, limit),
    )
    return [_schedule(row) for row in await cursor.fetchall()]


async def count_schedules(tx: Transaction) -> int:
    """How many schedules the tenant has."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from report_schedule where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def hold_due_schedule(tx: Transaction, *, now: datetime) -> Schedule | None:
    """A schedule whose time has come, held until the transaction ends; None when none is free.

    Whoever holds one moves it on in the same transaction, so two workers never run it twice.
    """
    cursor = await tx.connection.execute(
        f"{_SELECT} where s.tenant_id = %s and s.paused_at is null and s.next_at <= %s"
        " order by s.next_at, s.schedule_no limit 1 for no key update of s skip locked",
        (tx.tenant_id, now),
    )
    row = await cursor.fetchone()
    return _schedule(row) if row else None


async def is_revoked(tx: Transaction, principal: PrincipalNo) -> bool:
    """Whether a principal was revoked."""
    cursor = await tx.connection.execute(
        "select from principal where tenant_id = %s and principal_no = %s and revoked_at is null",
        (tx.tenant_id, principal),
    )
    return await cursor.fetchone() is None
