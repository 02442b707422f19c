"""Watching what the product asks PostgreSQL, and what PostgreSQL does to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from psycopg import AsyncConnection, AsyncCursor, AsyncServerCursor
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from seatwright.postgres.pool import Database

LARGE: Final = frozenset(
    {
        "app_user",
        "search_word",
        "membership",
        "assignment",
        "effective_license",
        "license_error",
        "license_interval",
        "license_request",
        "license_request_line",
        "seat_reservation",
        "history_name",
        "telling",
        "delivery",
        "job_row",
    }
)
"""Tables that grow with the people of a tenant: no call that is waited for reads them whole."""

ROWS_READ_MAX: Final = 20_000
"""What one step of a query may touch: a page of 1,000 rows with room for what it joins."""


DECLARING: Final = "declare watched no scroll cursor for"
"""How a statement begins whose rows the server keeps."""

_STATEMENT: Final = re.compile(r"\s*(select|with|insert|update|delete)", re.IGNORECASE)


@dataclass(slots=True)
class Watcher:
    """The statements of one connection's current call, with their values."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def take(self) -> list[tuple[str, Any]]:
        """Everything asked since the last time, each statement once."""
        seen: dict[str, tuple[str, Any]] = {}
        for statement, values in self.asked:
            seen.setdefault(statement, (statement, values))
        self.asked = []
        return list(seen.values())


watcher = Watcher()


class WatchedServerCursor(AsyncServerCursor[TupleRow]):
    """A cursor whose rows the server keeps, which also remembers what it was asked."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement and remember it as the server has it: a cursor is planned otherwise."""
        watcher.asked.append((f"{DECLARING} {query}", params))
        return await super().execute(query, params, **options)


class WatchedConnection(AsyncConnection[TupleRow]):
    """A connection as the product uses it, which also remembers what it was asked."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.server_cursor_factory = WatchedServerCursor

    async def execute(
        self, query: Any, params: Any = None, **options: Any
    ) -> AsyncCursor[TupleRow]:
        """Run a statement and remember it."""
        text = query.decode() if isinstance(query, bytes) else query
        if isinstance(text, str) and re.match(
            r"\s*(select|with|insert|update|delete)", text, re.IGNORECASE
        ):
            watcher.asked.append((text, params))
        return await super().execute(query, params, **options)


def watched_database(app_url: str) -> Database:
    """The app role's database, each of its connections watched."""
    database = Database(app_url)
    database.pool = AsyncConnectionPool(
        app_url, min_size=1, max_size=1, open=False, connection_class=WatchedConnection
    )
    return database


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan."""

    kind: str
    table: str
    rows_read: float
    times: int


def steps_of(plan: dict[str, Any]) -> Iterator[Step]:
    """Every step of a plan, with the rows that it touched (or is expected to, if not run)."""
    loops = plan.get("Actual Loops", 1)
    rows = plan.get("Actual Rows", plan["Plan Rows"])
    removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    yield Step(plan["Node Type"], plan.get("Relation Name", ""), (rows + removed) * loops, loops)
    for inner in plan.get("Plans", ()):
        yield from steps_of(inner)


async def faults(connection: AsyncConnection[TupleRow], statement: str, values: Any) -> list[str]:
    """What is wrong with the way PostgreSQL answers a statement, as the role that asked it."""
    # Reading is tried out, holding rows too; writing is only planned, for it would change what
    # others look at.
    unheld = re.sub(r"\bfor (no key )?update\b", "", statement, flags=re.IGNORECASE)
    is_reading = re.match(r"\s*(select|with)", statement, re.IGNORECASE) and not re.search(
        r"\b(insert|update|delete|nextval|set_config|pg_advisory)\b", unheld, re.IGNORECASE
    )
    options = "analyze, timing off, format json" if is_reading else "format json"
    cursor = await connection.execute(f"explain ({options}) {statement}".encode(), values)
    row = await cursor.fetchone()
    assert row is not None
    found = []
    for step in steps_of(row[0][0]["Plan"]):
        # The history's partitions are named after their months; one without a row is read whole.
        is_partition = step.table.startswith("history_event")
        if step.table not in LARGE and not (is_partition and step.rows_read > 0):
            continue
        if step.kind == "Seq Scan":
            found.append(f"sequential scan of {step.table}")
        elif step.rows_read > ROWS_READ_MAX:
            found.append(f"{step.kind} of {step.table} touches {step.rows_read:.0f} rows")
    return found


async def read_again(
    connection: AsyncConnection[TupleRow], statement: str, values: Any
) -> list[str]:
    """The steps of a statement for everybody that look more often than their table has rows."""
    explain = f"explain (analyze, timing off, format json) {statement}"
    [[[plan]]] = await (await connection.execute(explain.encode(), values)).fetchall()
    found = []
    for step in steps_of(plan["Plan"]):
        if step.table not in LARGE:
            continue
        counted = await connection.execute(f"select count(*) from {step.table}".encode())
        [[rows]] = await counted.fetchall()
        # What finds nothing most times is told to have touched no row at all.
        looks = max(step.rows_read, step.times)
        if looks > rows:
            found.append(f"{step.kind} of {step.table} looks {looks:.0f} times at {rows} rows")
    return found
