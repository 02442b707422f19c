"""Flows as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.directory import PersonRef
from seatwright.domain.ids import UserNo
from seatwright.domain.platform import FlowTrigger
from seatwright.domain.platform_things import FlowFacts, FlowFields
from seatwright.postgres.platform_things import ThingColumn, ThingTable, environment_of
from seatwright.postgres.transaction import Transaction


async def _things(_tx: Transaction, rows: Sequence[TupleRow]) -> list[tuple[FlowFields, FlowFacts]]:
    return [_flow(row) for row in rows]


def _flow(row: TupleRow) -> tuple[FlowFields, FlowFacts]:
    environment, owner = environment_of(row[2:6]), _person(row[9:14])
    fields = FlowFields(
        external_id=row[0],
        name=row[1],
        environment=environment.environment_no,
        is_premium=row[6],
        uses_attended_rpa=row[7],
        trigger=FlowTrigger(row[8]),
        owner=None if owner is None else owner.user_no,
    )
    return fields, FlowFacts(environment=environment, owner=owner)


def _person(row: TupleRow) -> PersonRef | None:
    if row[0] is None:
        return None
    return PersonRef(
        user_no=UserNo(row[0]),
        id=row[1],
        user_principal_name=row[2],
        display_name=row[3],
        is_deleted=row[4],
    )


FLOW_TABLE: Final[ThingTable[FlowFields, FlowFacts]] = ThingTable(
    name="flow",
    columns=(
        ThingColumn(name="environment_no", kind="int4", value=lambda one: one.environment),
        ThingColumn(name="is_premium", kind="boolean", value=lambda one: one.is_premium),
        ThingColumn(
            name="uses_attended_rpa", kind="boolean", value=lambda one: one.uses_attended_rpa
        ),
        ThingColumn(name="trigger_kind", kind="text", value=lambda one: one.trigger.value),
        ThingColumn(name="owner_no", kind="int4", value=lambda one: one.owner),
    ),
    reads="""t.external_id, t.name, e.environment_no, e.id, e.name, e.is_managed,
       t.is_premium, t.uses_attended_rpa, t.trigger_kind,
       u.user_no, u.id, u.upn, u.display_name, u.deleted_at is not null""",
    joins="""
  join environment e on e.tenant_id = t.tenant_id and e.environment_no = t.environment_no
  left join app_user u on u.tenant_id = t.tenant_id and u.user_no = t.owner_no""",
    things=_things,
)
