"""The keys that sign a tenant's access tokens, and the digests of what they signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import PrincipalNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key pair of a tenant; `signs_from` may be still to come."""

    key_no: int
    kid: str
    private_key: str = field(repr=False)
    public_key: Mapping[str, Any] = field(repr=False)
    created_at: datetime
    signs_from: datetime


async def read_signing_keys(tx: Transaction) -> tuple[SigningKey, ...]:
    """Keys that were not withdrawn, oldest first."""
    cursor = await tx.connection.execute(
        "select key_no, kid, private_key, public_key, created_at, signs_from from signing_key"
        " where tenant_id = %s and withdrawn_at is null order by key_no",
        (tx.tenant_id,),
    )
    return tuple(
        SigningKey(
            key_no=row[0],
            kid=row[1],
            private_key=row[2],
            public_key=row[3],
            created_at=row[4],
            signs_from=row[5],
        )
        for row in await cursor.fetchall()
    )


async def insert_signing_key(tx: Transaction, key: SigningKey) -> None:
    """Store a new pair."""
    await tx.connection.execute(
        "insert into signing_key"
        " (tenant_id, key_no, kid, private_key, public_key, created_at, signs_from)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (
            tx.tenant_id,
            key.key_no,
            key.kid,
            key.private_key,
            Jsonb(dict(key.public_key)),
            key.created_at,
            key.signs_from,
        ),
    )


async def forget_old_keys(tx: Transaction, *, before: datetime) -> None:
    """Drop keys whose follower signed already before this time: nothing they signed lives."""
    await tx.connection.execute(
        "delete from signing_key k where k.tenant_id = %s and exists ("
        " select from signing_key n where n.tenant_id = k.tenant_id and n.withdrawn_at is null"
        " and n.key_no > k.key_no and n.signs_from <= %s)",
        (tx.tenant_id, before),
    )


async def withdraw_keys(tx: Transaction, *, before: int, at: datetime) -> int:
    """End the keys below a number and every token they signed; how many tokens that were."""
    await tx.connection.execute(
        "update signing_key set withdrawn_at = %s"
        " where tenant_id = %s and key_no < %s and withdrawn_at is null",
        (at, tx.tenant_id, before),
    )
    cursor = await tx.connection.execute(
        "update credential set revoked_at = %s"
        " where tenant_id = %s and key_no < %s and revoked_at is null and expires_at > %s",
        (at, tx.tenant_id, before, at),
    )
    return cursor.rowcount


async def insert_access_token(
    tx: Transaction,
    principal: PrincipalNo,
    *,
    digest: bytes,
    key_no: int,
    created_at: datetime,
    expires_at: datetime,
) -> bool:
    """Store the digest of a token that was just signed, and drop the principal's old ones.

    False where the key was withdrawn since it was read. The key is held until the token is
    committed: a withdrawal waits for it, and then finds it.
    """
    await tx.connection.execute(
        "delete from credential where tenant_id = %s and principal_no = %s and expires_at <= %s",
        (tx.tenant_id, principal, created_at),
    )
    cursor = await tx.connection.execute(
        "insert into credential"
        " (tenant_id, digest, principal_no, created_at, expires_at, key_no)"
        " select k.tenant_id, %s, %s, %s, %s, k.key_no from signing_key k"
        " where k.tenant_id = %s and k.key_no = %s and k.withdrawn_at is null for share",
        (digest, principal, created_at, expires_at, tx.tenant_id, key_no),
    )
    return cursor.rowcount == 1


async def published_keys(
    connection: AsyncConnection[TupleRow], tenant: UUID | None, *, at: datetime
) -> list[Mapping[str, Any]]:
    """The public keys of one tenant, or of all of them."""
    cursor = await connection.execute(
        "select public_key from published_signing_keys(%s, %s)", (tenant, at)
    )
    return [row[0] for row in await cursor.fetchall()]
