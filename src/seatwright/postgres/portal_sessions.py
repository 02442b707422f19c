"""Sessions of the portal and the links that begin one, each known by the digest of its secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, TenantId
from seatwright.postgres.principals import Authenticated, authenticated_of_row
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSession:
    """Whose session a cookie names, and when it was last noted that they were there."""

    who: Authenticated
    seen_at: datetime


async def authenticate_session(
    connection: AsyncConnection[TupleRow],
    digest: bytes,
    *,
    at: datetime,
    idle: timedelta,
    correlation: UUID | None = None,
) -> SeenSession | None:
    """Whose session this is; the transaction then sees their tenant.

    One round trip, BEGIN included, as `principals.authenticate` is for tokens.
    """
    async with connection.pipeline():
        cursor = await connection.execute(
            "select set_config('seatwright.tenant', a.tenant_id::text, true), a.*,"
            " set_config('seatwright.correlation', %s, true),"
            " set_config('seatwright.at', %s, true),"
            " set_config('seatwright.principal', a.principal_no::text, true)"
            " from authenticate_session(%s, %s, %s) a",
            (str(correlation or ""), at.isoformat(), digest, at, idle),
        )
    row = await cursor.fetchone()
    return None if row is None else SeenSession(who=authenticated_of_row(row), seen_at=row[17])


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLabel:
    """Whom a link signs in, and where."""

    tenant: str
    principal: str


async def look_at_link(
    connection: AsyncConnection[TupleRow], digest: bytes, *, at: datetime
) -> LinkLabel | None:
    """Whom a link that can still be used is for."""
    cursor = await connection.execute("select * from look_at_sign_in_link(%s, %s)", (digest, at))
    row = await cursor.fetchone()
    return None if row is None else LinkLabel(tenant=row[0], principal=row[1])


async def use_link(
    connection: AsyncConnection[TupleRow], digest: bytes, *, at: datetime
) -> tuple[TenantId, PrincipalNo] | None:
    """Use a link up; None for one that was used, is over, or never was."""
    cursor = await connection.execute("select * from use_sign_in_link(%s, %s)", (digest, at))
    row = await cursor.fetchone()
    return None if row is None else (TenantId(row[0]), PrincipalNo(row[1]))


async def insert_link(
    tx: Transaction, principal: PrincipalNo, *, digest: bytes, at: datetime, expires_at: datetime
) -> None:
    """Store a link; those of the principal that are over go."""
    await tx.connection.execute(
        "delete from sign_in_link where tenant_id = %s and principal_no = %s and expires_at <= %s",
        (tx.tenant_id, principal, at),
    )
    await tx.connection.execute(
        "insert into sign_in_link (tenant_id, digest, principal_no, made_at, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (tx.tenant_id, digest, principal, at, expires_at),
    )


async def insert_session(
    tx: Transaction, principal: PrincipalNo, *, digest: bytes, at: datetime, expires_at: datetime
) -> None:
    """Begin a session; those of the principal that are over go."""
    await tx.connection.execute(
        "delete from portal_session where tenant_id = %s and principal_no = %s"
        " and (expires_at <= %s or ended_at is not null)",
        (tx.tenant_id, principal, at),
    )
    await tx.connection.execute(
        "insert into portal_session"
        " (tenant_id, digest, principal_no, began_at, seen_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (tx.tenant_id, digest, principal, at, at, expires_at),
    )


async def note_seen(tx: Transaction, digest: bytes, *, at: datetime) -> None:
    """Keep that somebody is still there."""
    await tx.connection.execute(
        "update portal_session set seen_at = %s where tenant_id = %s and digest = %s",
        (at, tx.tenant_id, digest),
    )


async def end_session(tx: Transaction, digest: bytes, *, at: datetime) -> None:
    """Make a session worthless at once."""
    await tx.connection.execute(
        "update portal_session set ended_at = %s"
        " where tenant_id = %s and digest = %s and ended_at is null",
        (at, tx.tenant_id, digest),
    )
