"""Held changes and the people in them, as lists and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.brake import HeldChange, HeldOutcome, HeldState
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

COLUMNS = (
    "held_no, id, correlation, sku_no, principal_no, made_at, reason, sentence, people, state,"
    " decided_at, decided_by"
)


def held_of_row(row: TupleRow) -> HeldChange:
    """A held change from the columns in the order of `COLUMNS`."""
    return HeldChange(
        held_no=row[0],
        id=row[1],
        correlation=row[2],
        sku=SkuNo(row[3]),
        principal_no=row[4],
        made_at=row[5],
        reason=row[6],
        sentence=row[7],
        people=row[8],
        state=HeldState(row[9]),
        decided_at=row[10],
        decided_by=row[11],
    )


async def find_held(tx: Transaction, id_: UUID, *, is_locked: bool = False) -> HeldChange | None:
    """A held change by its id; locked until the transaction ends where it is to be decided."""
    lock = " for no key update" if is_locked else ""
    cursor = await tx.connection.execute(
        f"select {COLUMNS} from held_change where tenant_id = %s and id = %s{lock}",
        (tx.tenant_id, id_),
    )
    row = await cursor.fetchone()
    return held_of_row(row) if row else None


async def list_held(
    tx: Transaction, *, state: HeldState | None, before: int | None, limit: int
) -> list[HeldChange]:
    """Held changes, newest first."""
    wanted = [one.value for one in HeldState] if state is None else [state.value]
    cursor = await tx.connection.execute(
        f"select {COLUMNS} from held_change where tenant_id = %s and state = any(%s)"
        " and (%s::int4 is null or held_no < %s) order by held_no desc limit %s",
        (tx.tenant_id, wanted, before, before, limit),
    )
    return [held_of_row(row) for row in await cursor.fetchall()]


async def helds_by_number(tx: Transaction, numbers: Sequence[int]) -> dict[int, HeldChange]:
    """Held changes by their numbers."""
    if not numbers:
        return {}
    cursor = await tx.connection.execute(
        f"select {COLUMNS} from held_change where tenant_id = %s and held_no = any(%s)",
        (tx.tenant_id, list(numbers)),
    )
    return {row[0]: held_of_row(row) for row in await cursor.fetchall()}


async def helds_of_batch(tx: Transaction, correlation: UUID) -> list[HeldChange]:
    """What one call or job has waiting."""
    cursor = await tx.connection.execute(
        f"select {COLUMNS} from held_change"
        " where tenant_id = %s and correlation = %s and state = 'pending' order by sku_no",
        (tx.tenant_id, correlation),
    )
    return [held_of_row(row) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPerson:
    """One person of a held change, with names while they are in the directory."""

    user_no: UserNo
    id: UUID | None
    upn: str | None
    display_name: str | None
    outcome: HeldOutcome | None
    message: str | None


async def held_people(tx: Transaction, held_no: int, *, after: int, limit: int) -> list[HeldPerson]:
    """The people of a held change, in the order of their numbers."""
    cursor = await tx.connection.execute(
        "select p.user_no, u.id, u.upn, u.display_name, p.outcome, p.message from held_person p"
        " left join app_user u on u.tenant_id = p.tenant_id and u.user_no = p.user_no"
        " where p.tenant_id = %s and p.held_no = %s and p.user_no > %s"
        " order by p.user_no limit %s",
        (tx.tenant_id, held_no, after, limit),
    )
    return [
        HeldPerson(
            user_no=UserNo(row[0]),
            id=row[1],
            upn=row[2],
            display_name=row[3],
            outcome=None if row[4] is None else HeldOutcome(row[4]),
            message=row[5],
        )
        for row in await cursor.fetchall()
    ]


async def open_people(tx: Transaction, held_no: int, *, limit: int) -> list[UserNo]:
    """The next people of a held change who have no outcome yet."""
    cursor = await tx.connection.execute(
        "select user_no from held_person where tenant_id = %s and held_no = %s"
        " and outcome is null order by user_no limit %s",
        (tx.tenant_id, held_no, limit),
    )
    return [UserNo(row[0]) for row in await cursor.fetchall()]


async def count_outcomes(tx: Transaction, held_no: int) -> dict[HeldOutcome | None, int]:
    """How many people of a held change came to which end; None: none yet."""
    cursor = await tx.connection.execute(
        "select outcome, count(*)::int4 from held_person where tenant_id = %s and held_no = %s"
        " group by outcome",
        (tx.tenant_id, held_no),
    )
    return {
        None if row[0] is None else HeldOutcome(row[0]): row[1] for row in await cursor.fetchall()
    }


async def is_worked_on(tx: Transaction, correlation: UUID) -> bool:
    """Whether a job with this correlation id has not ended: it may hold more."""
    cursor = await tx.connection.execute(
        "select exists (select from job where tenant_id = %s"
        " and state in ('queued', 'running') and correlation = %s)",
        (tx.tenant_id, correlation),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def count_pending(tx: Transaction) -> int:
    """How many held changes wait for a decision."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from held_change where tenant_id = %s and state = 'pending'",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
