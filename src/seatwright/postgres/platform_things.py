"""Environments, apps and flows as rows: found, listed and written in one way.

Each of the three has a number, an id, an id of the system that it comes from, a name, and columns
of its own. A `ThingTable` describes those; every statement about the three is here, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto, unique
from typing import Final, Generic
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.platform import EnvironmentNo
from seatwright.domain.platform_names import Candidate, Candidates
from seatwright.domain.platform_things import EnvironmentRef, Facts, Fields, Thing
from seatwright.postgres.transaction import Transaction

OWN_COLUMNS_FROM: Final = 3
"""The place in a row from which on it holds what its table's `reads` selects."""


@unique
class Written(Enum):
    """What became of a statement that writes things."""

    DONE = auto()
    TAKEN = auto()
    """Nothing was written: another has the outer id, or the name where names are unique."""

    OVERTAKEN = auto()
    """Nothing was written: somebody deleted what they name, or needs them to be as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingColumn(Generic[Fields]):
    """A column that only one of the three tables has, and what goes into it.

    `kind` is the type in which it is sent, `stored` the expression that is stored; as it was sent
    where there is none.
    """

    name: str
    kind: str
    value: Callable[[Fields], object]
    stored: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingRecord(Generic[Fields]):
    """A thing to write, under its number."""

    number: int
    id: UUID
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingPlace:
    """Where a page ended: things are listed by name, then by number."""

    name_key: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingTable(Generic[Fields, Facts]):
    """One of the three tables.

    `reads` are the expressions of a row `t` and of what `joins` brings, which `things` makes into
    fields and facts; `write_parts` writes anew what a thing has in other tables. `environment` is
    the column by which a name is told from the same name elsewhere; without one names are unique.
    """

    name: str
    columns: tuple[ThingColumn[Fields], ...]
    reads: str
    things: Callable[[Transaction, Sequence[TupleRow]], Awaitable[Sequence[tuple[Fields, Facts]]]]
    write_parts: Callable[[Transaction, Sequence[ThingRecord[Fields]]], Awaitable[None]] | None = (
        None
    )
    joins: str = ""
    environment: str | None = "environment_no"

    @property
    def number(self) -> str:
        """The column of its numbers."""
        return f"{self.name}_no"

    @property
    def select(self) -> str:
        """The beginning of every query that reads things whole."""
        return (
            f"select t.{self.number}, t.id, t.created_at, {self.reads}"
            f" from {self.name} t {self.joins} where t.tenant_id = %s"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are written, apart from the tenant, the number and the time."""
        own = tuple(column.name for column in self.columns)
        return ("id", "external_id", "external_key", "name", "name_key", *own)

    @property
    def new(self) -> str:
        """Records as rows of arrays, for `values_of` of them."""
        kinds = ["int4", "uuid", "text", "text", "text", "text"]
        kinds += [column.kind for column in self.columns]
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        return f"unnest({arrays}) as new (no, {', '.join(self.names)})"

    @property
    def stored(self) -> tuple[str, ...]:
        """What is stored in each of `names`."""
        own = {column.name: column.stored for column in self.columns}
        return tuple(own.get(name) or f"new.{name}" for name in self.names)

    def values_of(self, records: Sequence[ThingRecord[Fields]]) -> tuple[list[object], ...]:
        """The arrays of `new`."""
        fields = [record.fields for record in records]
        return (
            [record.number for record in records],
            [record.id for record in records],
            [one.external_id for one in fields],
            [one.external_id and text_key(one.external_id) for one in fields],
            [one.name for one in fields],
            [text_key(one.name) for one in fields],
            *([column.value(one) for one in fields] for column in self.columns),
        )


def environment_of(row: Sequence[object]) -> EnvironmentRef:
    """An environment from its number, id, name and whether it is managed."""
    number, id_, name, is_managed = row
    assert isinstance(number, int)
    assert isinstance(id_, UUID)
    return EnvironmentRef(
        environment_no=EnvironmentNo(number), id=id_, name=str(name), is_managed=bool(is_managed)
    )


async def _read(
    tx: Transaction, table: ThingTable[Fields, Facts], rest: str, values: Sequence[object]
) -> list[Thing[Fields, Facts]]:
    cursor = await tx.connection.execute(table.select + rest, (tx.tenant_id, *values))
    rows = await cursor.fetchall()
    parts = await table.things(tx, [row[OWN_COLUMNS_FROM:] for row in rows])
    return [
        Thing(number=row[0], id=row[1], created_at=row[2], fields=fields, facts=facts)
        for row, (fields, facts) in zip(rows, parts, strict=True)
    ]


async def list_things(
    tx: Transaction,
    table: ThingTable[Fields, Facts],
    *,
    after: ThingPlace,
    limit: int,
    only: tuple[str, object] | None = None,
) -> list[Thing[Fields, Facts]]:
    """Things by name; with `only`, those that have a value in a column."""
    where, values = "", list[object]()
    if only is not None:
        where, values = f" and t.{only[0]} = %s", [only[1]]
    rest = (
        f"{where} and (t.name_key, t.{table.number}) > (%s, %s)"
        f" order by t.name_key, t.{table.number} limit %s"
    )
    return await _read(tx, table, rest, (*values, after.name_key, after.number, limit))


async def things_by_number(
    tx: Transaction, table: ThingTable[Fields, Facts], numbers: Sequence[int]
) -> dict[int, Thing[Fields, Facts]]:
    """Things by their numbers."""
    if not numbers:
        return {}
    found = await _read(tx, table, f" and t.{table.number} = any(%s)", (list(numbers),))
    return {one.number: one for one in found}


async def find_things(
    tx: Transaction, table: ThingTable[Fields, Facts], texts: Sequence[str]
) -> Candidates:
    """The things that these texts may name: by an id, an outer id, or a name."""
    ids = [id_ for text in texts if (id_ := parse_id(text)) is not None]
    keys = sorted({text_key(text) for text in texts})
    place = table.environment or "null"
    cursor = await tx.connection.execute(
        f"select {table.number}, id, external_key, name_key, {place} from {table.name}"
        " where tenant_id = %s"
        " and (id = any(%s) or external_key = any(%s) or name_key = any(%s))"
        f" order by {table.number}",
        (tx.tenant_id, ids, keys, keys),
    )
    candidates = (
        Candidate(
            number=row[0], id=row[1], external_key=row[2], name_key=row[3], environment=row[4]
        )
        for row in await cursor.fetchall()
    )
    return Candidates(candidates, are_names_unique=table.environment is None)


async def insert_things(
    tx: Transaction,
    table: ThingTable[Fields, Facts],
    records: Sequence[ThingRecord[Fields]],
    *,
    at: datetime,
) -> Written:
    """Store things, all of them or none."""
    return await _written(
        tx,
        table,
        records,
        statement=f"insert into {table.name} (tenant_id, {table.number}, {', '.join(table.names)},"
        f" created_at) select %s, new.no, {', '.join(table.stored)}, %s from {table.new}",
        values=(tx.tenant_id, at, *table.values_of(records)),
    )


async def update_things(
    tx: Transaction, table: ThingTable[Fields, Facts], records: Sequence[ThingRecord[Fields]]
) -> Written:
    """Change things, all of them or none."""
    pairs = zip(table.names, table.stored, strict=True)
    changes = ", ".join(f"{name} = {value}" for name, value in pairs)
    return await _written(
        tx,
        table,
        records,
        statement=f"update {table.name} t set {changes}"
        f" from {table.new} where t.tenant_id = %s and t.{table.number} = new.no",
        values=(*table.values_of(records), tx.tenant_id),
    )


async def _written(
    tx: Transaction,
    table: ThingTable[Fields, Facts],
    records: Sequence[ThingRecord[Fields]],
    *,
    statement: str,
    values: Sequence[object],
) -> Written:
    if not records:
        return Written.DONE
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(statement, values)
            if table.write_parts is not None:
                await table.write_parts(tx, records)
    except UniqueViolation:
        return Written.TAKEN
    except ForeignKeyViolation:
        return Written.OVERTAKEN
    return Written.DONE


async def lock_things(
    tx: Transaction, table: ThingTable[Fields, Facts], numbers: Sequence[int]
) -> None:
    """Keep these things as they are read until the transaction ends, in their order."""
    await tx.connection.execute(
        f"select from {table.name} where tenant_id = %s and {table.number} = any(%s)"
        f" order by {table.number} for no key update",
        (tx.tenant_id, sorted(numbers)),
    )


async def lock_import(tx: Transaction, table: ThingTable[Fields, Facts]) -> None:
    """Let the files of a table be taken one after the other.

    Without this, two files with the same new app, whose name need not be unique, would both make
    it. Calls about one thing do not wait here.
    """
    await tx.connection.execute(
        "select pg_advisory_xact_lock(hashtext(%s), %s)", (f"import of {table.name}", tx.tenant_id)
    )


async def delete_thing(tx: Transaction, table: ThingTable[Fields, Facts], number: int) -> bool:
    """Forget a thing; False while something else is in it or about it."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                f"delete from {table.name} where tenant_id = %s and {table.number} = %s",
                (tx.tenant_id, number),
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
