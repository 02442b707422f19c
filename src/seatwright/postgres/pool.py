"""The pool of app-role connections, and opening a transaction onto one tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Literal
from psycopg_pool import AsyncConnectionPool

from seatwright.domain.ids import TenantId
from seatwright.postgres.arrays import use_quick_lists
from seatwright.postgres.transaction import PlanSetDictionary, Transaction

CONNECTIONS_MAX = 16
"""Per process; 2 web workers and a job worker stay far below the embedded server's 200."""

WAIT_SECONDS_MAX = 30.0
"""How long a call may wait for a connection before it is answered 503."""


_SNAPSHOT = "set transaction isolation level repeatable read, read only"


class Database:
    """The app role's way into PostgreSQL for one process."""

    __slots__ = ("dictionary", "pool")

    def __init__(self, app_url: str, *, connections_max: int = CONNECTIONS_MAX) -> None:
        self.dictionary = PlanSetDictionary()
        self.pool: AsyncConnectionPool[AsyncConnection[TupleRow]] = AsyncConnectionPool(
            app_url,
            min_size=1,
            max_size=connections_max,
            timeout=WAIT_SECONDS_MAX,
            open=False,
            configure=use_quick_lists,
            name="seatwright",
        )

    async def open(self) -> None:
        """Open the pool and wait for the first connection."""
        await self.pool.open(wait=True, timeout=WAIT_SECONDS_MAX)

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[TupleRow]]:
        """A connection outside any tenant; committed on the way out, rolled back on an error."""
        async with self.pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[Transaction]:
        """A transaction that sees one tenant; committed on the way out, rolled back on an error."""
        async with self.pool.connection() as connection:
            transaction = Transaction(connection, tenant_id, self.dictionary)
            await see_tenant(connection, tenant_id)
            yield transaction
            await connection.commit()
            transaction.remember()

    @asynccontextmanager
    async def snapshot(self, tenant_id: TenantId) -> AsyncIterator[Transaction]:
        """A transaction that only reads, and sees one tenant as it was at one moment.

        Another connection is beside it, so that two of the server's processes can read at once.
        """
        async with self.pool.connection() as connection, self.pool.connection() as other:
            await connection.execute(_SNAPSHOT)
            cursor = await connection.execute("select pg_export_snapshot()")
            row = await cursor.fetchone()
            assert row is not None, "a function call has a row"
            await other.execute(_SNAPSHOT)
            await other.execute(SQL("set transaction snapshot {}").format(Literal(row[0])))
            for one in (connection, other):
                await see_tenant(one, tenant_id)
            beside = Transaction(other, tenant_id, self.dictionary)
            yield Transaction(connection, tenant_id, self.dictionary, beside=(beside,))

    @asynccontextmanager
    async def alone(self, name: int) -> AsyncIterator[bool]:
        """Hold a number that no other session holds until the block ends; False if one does.

        An idle transaction, without a snapshot, so that it keeps nothing from being cleaned up.
        """
        async with self.pool.connection() as connection:
            cursor = await connection.execute("select pg_try_advisory_xact_lock(%s)", (name,))
            row = await cursor.fetchone()
            yield bool(row and row[0])


async def see_tenant(connection: AsyncConnection[TupleRow], tenant_id: TenantId) -> None:
    """Open the connection's transaction onto one tenant, until it ends."""
    await connection.execute("select set_config('seatwright.tenant', %s, true)", (str(tenant_id),))


async def could_bypass_the_wall(connection: AsyncConnection[TupleRow]) -> str | None:
    """Why this session's role could see other tenants' rows; None when it could not.

    Superusers, BYPASSRLS roles and owners of tables are not bound by the policies
    (`architecture.md` §5), so seatwright refuses to serve as one of them.
    """
    cursor = await connection.execute(
        "select r.rolsuper, r.rolbypassrls,"
        " exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        "  where n.nspname = 'public' and c.relkind in ('r', 'p')"
        "  and pg_has_role(current_user, c.relowner, 'usage')),"
        " current_user from pg_roles r where r.rolname = current_user"
    )
    row = await cursor.fetchone()
    if row is None:
        return "the role is unknown to the server"
    is_super, bypasses, owns, name = row
    if is_super:
        return f"role {name} is a superuser"
    if bypasses:
        return f"role {name} has BYPASSRLS"
    return f"role {name} owns tables" if owns else None


def is_standoff(error: psycopg.Error) -> bool:
    """Whether the server rolled back because of another transaction (class 40 of SQLSTATE)."""
    return (error.sqlstate or "").startswith("40")


TransientErrors = (psycopg.OperationalError, psycopg.errors.SerializationFailure)
"""What a retry may cure: the server went away, or two sessions stood in each other's way."""
