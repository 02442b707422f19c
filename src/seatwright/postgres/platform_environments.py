"""Environments: finding, listing and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.platform import EnvironmentNo
from seatwright.domain.platform_things import Environment, EnvironmentFields
from seatwright.postgres.transaction import Transaction

_ENVIRONMENT: Final = """
select e.environment_no, e.id, e.external_id, e.name, e.is_managed,
       array(select s.name from environment_solution s
              where s.tenant_id = e.tenant_id and s.environment_no = e.environment_no
              order by s.solution_key),
       (select count(*) from app a
         where a.tenant_id = e.tenant_id and a.environment_no = e.environment_no),
       (select count(*) from flow f
         where f.tenant_id = e.tenant_id and f.environment_no = e.environment_no),
       e.created_at
  from environment e
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecord:
    """An environment to write, under its number."""

    environment_no: EnvironmentNo
    id: UUID
    fields: EnvironmentFields


def _of(row: TupleRow) -> Environment:
    return Environment(
        environment_no=EnvironmentNo(row[0]),
        id=row[1],
        external_id=row[2],
        name=row[3],
        is_managed=row[4],
        solutions=tuple(row[5]),
        app_count=row[6],
        flow_count=row[7],
        created_at=row[8],
    )


async def list_environments(
    tx: Transaction, *, after: str, limit: int, managed: bool | None = None
) -> list[Environment]:
    """Environments by name, after the one with this key."""
    cursor = await tx.connection.execute(
        f"{_ENVIRONMENT} where e.tenant_id = %s and e.name_key > %s"
        " and (%s::boolean is null or e.is_managed = %s) order by e.name_key limit %s",
        (tx.tenant_id, after, managed, managed, limit),
    )
    return [_of(row) for row in await cursor.fetchall()]


async def read_environment(tx: Transaction, text: str) -> Environment | None:
    """The environment that a text names: by its id, the id it came with, or its name."""
    number = (await find_environments(tx, [text])).get(text)
    if number is None:
        return None
    cursor = await tx.connection.execute(
        f"{_ENVIRONMENT} where e.tenant_id = %s and e.environment_no = %s", (tx.tenant_id, number)
    )
    row = await cursor.fetchone()
    return None if row is None else _of(row)


async def find_environments(tx: Transaction, texts: Sequence[str]) -> dict[str, EnvironmentNo]:
    """The environments that these texts name, by the text as it was given.

    An own id wins over an id it came with, and that over a name.
    """
    if not texts:
        return {}
    keys = {text: text_key(text) for text in texts}
    ids = {text: id_ for text in texts if (id_ := parse_id(text)) is not None}
    cursor = await tx.connection.execute(
        "select environment_no, id, external_key, name_key from environment"
        " where tenant_id = %s"
        " and (id = any(%s) or external_key = any(%s) or name_key = any(%s))",
        (tx.tenant_id, list(ids.values()), list(keys.values()), list(keys.values())),
    )
    rows = await cursor.fetchall()
    by_name = {row[3]: row[0] for row in rows}
    by_external = {row[2]: row[0] for row in rows}
    by_id = {row[1]: row[0] for row in rows}
    found: dict[str, EnvironmentNo] = {}
    for text, key in keys.items():
        number = by_id.get(ids[text]) if text in ids else None
        number = number or by_external.get(key) or by_name.get(key)
        if number is not None:
            found[text] = EnvironmentNo(number)
    return found


async def environments_by_number(
    tx: Transaction, numbers: Sequence[EnvironmentNo]
) -> dict[EnvironmentNo, Environment]:
    """Environments by their numbers."""
    cursor = await tx.connection.execute(
        f"{_ENVIRONMENT} where e.tenant_id = %s and e.environment_no = any(%s)",
        (tx.tenant_id, list(numbers)),
    )
    return {one.environment_no: one for one in map(_of, await cursor.fetchall())}


async def insert_environments(
    tx: Transaction, records: Sequence[EnvironmentRecord], *, at: datetime
) -> bool:
    """Store environments; False, and none of them stored, when a name or outer id is taken."""
    fields = [record.fields for record in records]
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "insert into environment (tenant_id, environment_no, id, external_id,"
                " external_key, name, name_key, is_managed, created_at)"
                " select %s, no, id, external, external_key, name, name_key, managed, %s"
                " from unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[],"
                " %s::text[], %s::boolean[])"
                " as new (no, id, external, external_key, name, name_key, managed)",
                (tx.tenant_id, at, *_columns(records), [one.is_managed for one in fields]),
            )
    except UniqueViolation:
        return False
    await _insert_solutions(tx, records)
    return True


async def update_environments(tx: Transaction, records: Sequence[EnvironmentRecord]) -> bool:
    """Change environments; False, and none of them changed, when a name or outer id is taken."""
    fields = [record.fields for record in records]
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "update environment e set external_id = new.external,"
                " external_key = new.external_key, name = new.name, name_key = new.name_key,"
                " is_managed = new.managed"
                " from unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[],"
                " %s::text[], %s::boolean[])"
                " as new (no, id, external, external_key, name, name_key, managed)"
                " where e.tenant_id = %s and e.environment_no = new.no",
                (*_columns(records), [one.is_managed for one in fields], tx.tenant_id),
            )
    except UniqueViolation:
        return False
    await tx.connection.execute(
        "delete from environment_solution where tenant_id = %s and environment_no = any(%s)",
        (tx.tenant_id, [record.environment_no for record in records]),
    )
    await _insert_solutions(tx, records)
    return True


def _columns(records: Sequence[EnvironmentRecord]) -> tuple[list[object], ...]:
    fields = [record.fields for record in records]
    return (
        [record.environment_no for record in records],
        [record.id for record in records],
        [one.external_id for one in fields],
        [one.external_id and text_key(one.external_id) for one in fields],
        [one.name for one in fields],
        [text_key(one.name) for one in fields],
    )


async def _insert_solutions(tx: Transaction, records: Sequence[EnvironmentRecord]) -> None:
    pairs = [
        (record.environment_no, name) for record in records for name in record.fields.solutions
    ]
    if not pairs:
        return
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


async def lock_environments(tx: Transaction, numbers: Sequence[EnvironmentNo]) -> None:
    """Keep these environments as they are read until the transaction ends, in their order."""
    await tx.connection.execute(
        "select from environment where tenant_id = %s and environment_no = any(%s)"
        " order by environment_no for no key update",
        (tx.tenant_id, sorted(numbers)),
    )


async def delete_environment(tx: Transaction, environment: EnvironmentNo) -> bool:
    """Forget an environment with its security roles; False while an app or flow is in it."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "delete from environment where tenant_id = %s and environment_no = %s",
                (tx.tenant_id, environment),
            )
    except ForeignKeyViolation:
        return False
    return True


async def raise_platform_version(tx: Transaction) -> None:
    """Tell every process that its copy of what launches name is old."""
    await tx.connection.execute(
        "update tenant set platform_version = platform_version + 1 where tenant_id = %s",
        (tx.tenant_id,),
    )
