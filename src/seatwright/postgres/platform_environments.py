"""Environments as rows, with the solutions that are installed in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.directory import text_key
from seatwright.domain.platform import EnvironmentNo
from seatwright.domain.platform_things import (
    EnvironmentFacts,
    EnvironmentFields,
    EnvironmentRef,
    environment_ref,
)
from seatwright.postgres.platform_things import (
    ThingColumn,
    ThingRecord,
    ThingTable,
    find_things,
    things_by_number,
)
from seatwright.postgres.transaction import Transaction


async def _things(
    _tx: Transaction, rows: Sequence[TupleRow]
) -> list[tuple[EnvironmentFields, EnvironmentFacts]]:
    return [
        (
            EnvironmentFields(
                name=name, external_id=external_id, is_managed=managed, solutions=tuple(solutions)
            ),
            EnvironmentFacts(app_count=apps, flow_count=flows),
        )
        for external_id, name, managed, solutions, apps, flows in rows
    ]


async def _write_solutions(
    tx: Transaction, records: Sequence[ThingRecord[EnvironmentFields]]
) -> None:
    pairs = [(record.number, name) for record in records for name in record.fields.solutions]
    await tx.connection.execute(
        "delete from environment_solution where tenant_id = %s and environment_no = any(%s)",
        (tx.tenant_id, [record.number for record in records]),
    )
    await tx.connection.execute(
        "insert into environment_solution (tenant_id, environment_no, solution_key, name)"
        " select %s, no, key, name from unnest(%s::int4[], %s::text[], %s::text[])"
        " as new (no, key, name) on conflict do nothing",
        (
            tx.tenant_id,
            [number for number, _ in pairs],
            [text_key(name) for _, name in pairs],
            [name for _, name in pairs],
        ),
    )


ENVIRONMENT_TABLE: Final[ThingTable[EnvironmentFields, EnvironmentFacts]] = ThingTable(
    name="environment",
    columns=(ThingColumn(name="is_managed", kind="boolean", value=lambda one: one.is_managed),),
    reads="""t.external_id, t.name, t.is_managed,
       array(select s.name from environment_solution s
              where s.tenant_id = t.tenant_id and s.environment_no = t.environment_no
              order by s.solution_key),
       (select count(*) from app a
         where a.tenant_id = t.tenant_id and a.environment_no = t.environment_no),
       (select count(*) from flow f
         where f.tenant_id = t.tenant_id and f.environment_no = t.environment_no)""",
    things=_things,
    write_parts=_write_solutions,
    environment=None,
)


async def read_environment(tx: Transaction, text: str) -> EnvironmentRef | None:
    """The environment that a text names: by its id, the id it came with, or its name."""
    number = (await find_things(tx, ENVIRONMENT_TABLE, (text,))).named(text)
    if number is None:
        return None
    return environment_ref((await things_by_number(tx, ENVIRONMENT_TABLE, (number,)))[number])


async def find_environments(tx: Transaction, texts: Sequence[str]) -> dict[str, EnvironmentNo]:
    """The environments that these texts name, by the text as it was given."""
    if not texts:
        return {}
    candidates = await find_things(tx, ENVIRONMENT_TABLE, texts)
    found = {text: candidates.named(text) for text in texts}
    return {text: EnvironmentNo(no) for text, no in found.items() if no is not None}
