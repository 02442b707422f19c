"""The first answers to calls that carried an Idempotency-Key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from seatwright.domain.ids import PrincipalNo
from seatwright.postgres.transaction import Transaction

IDEMPOTENCY_KEY_LENGTH_MAX = 255
KEPT_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was sent, with the SHA-256 digest of the body that asked for it."""

    body_digest: bytes
    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def try_hold_key(tx: Transaction, *, principal: PrincipalNo, route: str, key: str) -> bool:
    """Hold a key until the transaction ends; False while another call holds it.

    An advisory lock, not a row: a row of an unfinished transaction would make the second call
    wait, and it must be told at once that the first is still running.
    """
    name = f"{tx.tenant_id}\0{principal}\0{route}\0{key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    cursor = await tx.connection.execute("select pg_try_advisory_xact_lock(%s)", (number,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def find_answer(
    tx: Transaction, *, principal: PrincipalNo, route: str, key: str, now: datetime
) -> KeptAnswer | None:
    """The first answer to this key, unless it is older than a key is kept."""
    cursor = await tx.connection.execute(
        "select body_digest, status, headers, body from idempotent_answer where tenant_id = %s"
        " and principal_no = %s and route = %s and key = %s and created_at > %s",
        (tx.tenant_id, principal, route, key, now - timedelta(hours=KEPT_HOURS)),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return KeptAnswer(
        body_digest=bytes(row[0]),
        status=row[1],
        headers=[(name, value) for name, value in row[2]],
        body=bytes(row[3]),
    )


async def keep_answer(
    tx: Transaction,
    answer: KeptAnswer,
    *,
    principal: PrincipalNo,
    route: str,
    key: str,
    at: datetime,
) -> None:
    """Keep an answer in the transaction of the change that it tells of."""
    await tx.connection.execute(
        "insert into idempotent_answer (tenant_id, principal_no, route, key, body_digest, status,"
        " headers, body, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (tenant_id, principal_no, route, key) do update"
        " set body_digest = excluded.body_digest, status = excluded.status,"
        " headers = excluded.headers, body = excluded.body, created_at = excluded.created_at",
        (
            tx.tenant_id,
            principal,
            route,
            key,
            answer.body_digest,
            answer.status,
            Jsonb([list(pair) for pair in answer.headers]),
            answer.body,
            at,
        ),
    )


async def forget_old_answers(tx: Transaction, *, now: datetime) -> int:
    """Remove answers older than a key is kept; returns how many."""
    cursor = await tx.connection.execute(
        "delete from idempotent_answer where tenant_id = %s and created_at <= %s",
        (tx.tenant_id, now - timedelta(hours=KEPT_HOURS)),
    )
    return cursor.rowcount
