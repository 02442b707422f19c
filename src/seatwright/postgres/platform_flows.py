"""Flows: finding, listing and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.directory import PersonRef, text_key
from seatwright.domain.ids import UserNo
from seatwright.domain.platform import EnvironmentNo, FlowNo, FlowTrigger
from seatwright.domain.platform_things import EnvironmentRef, Flow, FlowFields
from seatwright.postgres.transaction import Transaction

_FLOW: Final = """
select f.flow_no, f.id, f.external_id, f.name, e.environment_no, e.id, e.name, e.is_managed,
       f.is_premium, f.uses_attended_rpa, f.trigger_kind, f.created_at,
       u.user_no, u.id, u.upn, u.display_name, u.deleted_at is not null
  from flow f
  join environment e on e.tenant_id = f.tenant_id and e.environment_no = f.environment_no
  left join app_user u on u.tenant_id = f.tenant_id and u.user_no = f.owner_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRecord:
    """A flow to write, under its number."""

    flow_no: FlowNo
    id: UUID
    fields: FlowFields


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPlace:
    """Where a page of flows ended: they are listed by name, then by number."""

    name_key: str = ""
    flow_no: int = 0


def _of(row: TupleRow) -> Flow:
    owner = None
    if row[12] is not None:
        owner = PersonRef(
            user_no=UserNo(row[12]),
            id=row[13],
            user_principal_name=row[14],
            display_name=row[15],
            is_deleted=row[16],
        )
    return Flow(
        flow_no=FlowNo(row[0]),
        id=row[1],
        external_id=row[2],
        name=row[3],
        environment=EnvironmentRef(
            environment_no=EnvironmentNo(row[4]), id=row[5], name=row[6], is_managed=row[7]
        ),
        is_premium=row[8],
        uses_attended_rpa=row[9],
        trigger=FlowTrigger(row[10]),
        created_at=row[11],
        owner=owner,
    )


async def list_flows(
    tx: Transaction, *, after: FlowPlace, limit: int, environment: EnvironmentNo | None = None
) -> list[Flow]:
    """Flows by name, of one environment or of all."""
    where = ""
    values: tuple[int, ...] = ()
    if environment is not None:
        where, values = " and f.environment_no = %s", (environment,)
    cursor = await tx.connection.execute(
        f"{_FLOW} where f.tenant_id = %s{where} and (f.name_key, f.flow_no) > (%s, %s)"
        " order by f.name_key, f.flow_no limit %s",
        (tx.tenant_id, *values, after.name_key, after.flow_no, limit),
    )
    return [_of(row) for row in await cursor.fetchall()]


async def flows_by_number(tx: Transaction, numbers: Sequence[FlowNo]) -> dict[FlowNo, Flow]:
    """Flows by their numbers."""
    cursor = await tx.connection.execute(
        f"{_FLOW} where f.tenant_id = %s and f.flow_no = any(%s)", (tx.tenant_id, list(numbers))
    )
    return {one.flow_no: one for one in map(_of, await cursor.fetchall())}


async def find_flows(
    tx: Transaction, *, ids: Sequence[UUID], keys: Sequence[str]
) -> list[tuple[FlowNo, UUID, str | None, str, EnvironmentNo | None]]:
    """Number, id, key of the outer id, key of the name, and environment of flows that any text
    here may name."""
    cursor = await tx.connection.execute(
        "select flow_no, id, external_key, name_key, environment_no from flow"
        " where tenant_id = %s"
        " and (id = any(%s) or external_key = any(%s) or name_key = any(%s)) order by flow_no",
        (tx.tenant_id, list(ids), list(keys), list(keys)),
    )
    return await cursor.fetchall()


_NEW: Final = (
    "unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int4[],"
    " %s::boolean[], %s::boolean[], %s::text[], %s::int4[])"
    " as new (no, id, external, external_key, name, name_key, environment, premium, rpa, trigger,"
    " owner)"
)


def _columns(records: Sequence[FlowRecord]) -> tuple[list[object], ...]:
    fields = [record.fields for record in records]
    return (
        [record.flow_no for record in records],
        [record.id for record in records],
        [one.external_id for one in fields],
        [one.external_id and text_key(one.external_id) for one in fields],
        [one.name for one in fields],
        [text_key(one.name) for one in fields],
        [one.environment for one in fields],
        [one.is_premium for one in fields],
        [one.uses_attended_rpa for one in fields],
        [one.trigger.value for one in fields],
        [one.owner for one in fields],
    )


async def insert_flows(tx: Transaction, records: Sequence[FlowRecord], *, at: datetime) -> bool:
    """Store flows; False, and none of them stored, when the id one came with is taken."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "insert into flow (tenant_id, flow_no, id, external_id, external_key, name,"
                " name_key, environment_no, is_premium, uses_attended_rpa, trigger_kind, owner_no,"
                " created_at)"
                " select %s, no, id, external, external_key, name, name_key, environment, premium,"
                f" rpa, trigger, owner, %s from {_NEW}",
                (tx.tenant_id, at, *_columns(records)),
            )
    except UniqueViolation:
        return False
    return True


async def update_flows(tx: Transaction, records: Sequence[FlowRecord]) -> bool:
    """Change flows; False, and none of them changed, when the id one came with is taken."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "update flow f set external_id = new.external, external_key = new.external_key,"
                " name = new.name, name_key = new.name_key, environment_no = new.environment,"
                " is_premium = new.premium, uses_attended_rpa = new.rpa,"
                f" trigger_kind = new.trigger, owner_no = new.owner from {_NEW}"
                " where f.tenant_id = %s and f.flow_no = new.no",
                (*_columns(records), tx.tenant_id),
            )
    except UniqueViolation:
        return False
    return True


async def lock_flows(tx: Transaction, numbers: Sequence[FlowNo]) -> None:
    """Keep these flows as they are read until the transaction ends, in their order."""
    await tx.connection.execute(
        "select from flow where tenant_id = %s and flow_no = any(%s) order by flow_no"
        " for no key update",
        (tx.tenant_id, sorted(numbers)),
    )


async def delete_flow(tx: Transaction, flow: FlowNo) -> bool:
    """Forget a flow; False while something else is about it."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "delete from flow where tenant_id = %s and flow_no = %s", (tx.tenant_id, flow)
            )
    except ForeignKeyViolation:
        return False
    return True
