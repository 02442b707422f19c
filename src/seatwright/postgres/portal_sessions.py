"""Sessions of the portal and the links that begin one, each known by the digest of its secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, TenantId
from seatwright.domain.roles import Role
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


class CameBy(StrEnum):
    """How somebody came in."""

    LINK = "link"
    PROVIDER = "provider"
    PASSWORD = "password"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to begin; `roles` are what the identity provider said, beside the principal's."""

    digest: bytes
    at: datetime
    expires_at: datetime
    came_by: CameBy = CameBy.LINK
    roles: tuple[Role, ...] = ()


async def insert_session(tx: Transaction, principal: PrincipalNo, new: NewSession) -> None:
    """Begin a session; those of the principal that are over go."""
    await tx.connection.execute(
        "delete from portal_session where tenant_id = %s and principal_no = %s"
        " and (expires_at <= %s or ended_at is not null)",
        (tx.tenant_id, principal, new.at),
    )
    await tx.connection.execute(
        "insert into portal_session"
        " (tenant_id, digest, principal_no, roles, began_at, seen_at, expires_at, via)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tx.tenant_id,
            new.digest,
            principal,
            [role.value for role in new.roles],
            new.at,
            new.at,
            new.expires_at,
            new.came_by.value,
        ),
    )


async def note_seen(tx: Transaction, digest: bytes, *, at: datetime) -> None:
    """Keep that somebody is still there."""
    await tx.connection.execute(
        "update portal_session set seen_at = %s where tenant_id = %s and digest = %s",
        (at, tx.tenant_id, digest),
    )


async def end_session(tx: Transaction, digest: bytes, *, at: datetime) -> CameBy | None:
    """Make a session worthless at once; how it began, or None when it was over already."""
    cursor = await tx.connection.execute(
        "update portal_session set ended_at = %s"
        " where tenant_id = %s and digest = %s and ended_at is null returning via",
        (at, tx.tenant_id, digest),
    )
    row = await cursor.fetchone()
    return None if row is None else CameBy(row[0])


async def end_sessions_of(
    tx: Transaction, principal: PrincipalNo, *, at: datetime, but: bytes = b""
) -> int:
    """End every session of a principal, but one; how many there were."""
    cursor = await tx.connection.execute(
        "update portal_session set ended_at = %s"
        " where tenant_id = %s and principal_no = %s and ended_at is null and digest <> %s",
        (at, tx.tenant_id, principal, but),
    )
    return cursor.rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that is not over: `digest` names it and opens nothing."""

    digest: bytes
    principal_no: PrincipalNo
    name: str
    came_by: CameBy
    began_at: datetime
    seen_at: datetime


async def list_sessions(
    tx: Transaction, *, at: datetime, idle: timedelta, limit: int
) -> tuple[OpenSession, ...]:
    """Sessions that are open, the last one begun first."""
    cursor = await tx.connection.execute(
        "select s.digest, s.principal_no, p.name, s.via, s.began_at, s.seen_at"
        " from portal_session s join principal p"
        " on p.tenant_id = s.tenant_id and p.principal_no = s.principal_no"
        " where s.tenant_id = %s and s.ended_at is null and s.expires_at > %s and s.seen_at > %s"
        " and p.revoked_at is null order by s.began_at desc, s.digest limit %s",
        (tx.tenant_id, at, at - idle, limit),
    )
    return tuple(
        OpenSession(
            digest=row[0],
            principal_no=PrincipalNo(row[1]),
            name=row[2],
            came_by=CameBy(row[3]),
            began_at=row[4],
            seen_at=row[5],
        )
        for row in await cursor.fetchall()
    )
