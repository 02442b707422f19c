"""What previews said, kept for a day so that an apply can be told what has moved since."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.types.json import Jsonb

from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.postgres.transaction import Transaction

KEPT_HOURS: Final = 24
KEPT_MAX: Final = 20
"""Previews of one principal; the oldest goes first."""

BYTES_MAX: Final = 2 * 1024 * 1024
"""Of one preview, compressed: some 200,000 lines. Of a larger one only the digest is kept."""

_FORGET_SURPLUS: Final = """
delete from preview where tenant_id = %s and principal_no = %s and digest in (
    select digest from preview where tenant_id = %s and principal_no = %s
     order by created_at desc, digest offset %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPreview:
    """What a preview said: the lines of its change set, None where they were too many to keep.

    `new_people` are the user principal names of those whom the call would make, by the number
    that stands for them in the lines.
    """

    digest: str
    lines: Sequence[str] | None
    new_people: Mapping[UserNo, str]
    at: datetime


async def keep_preview(tx: Transaction, kept: KeptPreview, *, principal: PrincipalNo) -> None:
    """Keep a preview, and forget the oldest of a principal who has too many."""
    packed = None
    if kept.lines is not None:
        packed = zlib.compress("\n".join(kept.lines).encode(), level=6)
    if packed is not None and len(packed) > BYTES_MAX:
        packed = None
    await tx.connection.execute(
        "insert into preview (tenant_id, principal_no, digest, lines, new_people, created_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (tenant_id, principal_no, digest) do update"
        " set created_at = excluded.created_at",
        (
            tx.tenant_id,
            principal,
            kept.digest,
            packed,
            Jsonb({str(number): upn for number, upn in kept.new_people.items()}),
            kept.at,
        ),
    )
    whose = (tx.tenant_id, principal)
    await tx.connection.execute(_FORGET_SURPLUS, (*whose, *whose, KEPT_MAX))


async def find_preview(
    tx: Transaction, digest: str, *, principal: PrincipalNo, now: datetime
) -> KeptPreview | None:
    """A principal's own preview of this digest, unless it is older than a preview is kept."""
    cursor = await tx.connection.execute(
        "select lines, new_people, created_at from preview where tenant_id = %s"
        " and principal_no = %s and digest = %s and created_at > %s",
        (tx.tenant_id, principal, digest, now - timedelta(hours=KEPT_HOURS)),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    packed, new_people, at = row
    return KeptPreview(
        digest=digest,
        lines=None if packed is None else zlib.decompress(packed).decode().splitlines(),
        new_people={UserNo(int(number)): upn for number, upn in new_people.items()},
        at=at,
    )


async def forget_old_previews(tx: Transaction, *, now: datetime) -> int:
    """Remove previews older than one is kept; returns how many."""
    cursor = await tx.connection.execute(
        "delete from preview where tenant_id = %s and created_at <= %s",
        (tx.tenant_id, now - timedelta(hours=KEPT_HOURS)),
    )
    return cursor.rowcount
