"""What organizations chose about kinds of mail, and people about what they are mailed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import UserNo
from seatwright.domain.mail_preferences import MailPreference
from seatwright.domain.telling import EventKind
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenWords:
    """What an organization changed about a kind of mail; None: as it came."""

    is_on: bool
    subject: str | None
    body: str | None


async def read_words(tx: Transaction) -> Mapping[EventKind, ChosenWords]:
    """What was changed, by kind."""
    cursor = await tx.connection.execute(
        "select kind, is_on, subject, body from mail_template where tenant_id = %s",
        (tx.tenant_id,),
    )
    return {
        EventKind(row[0]): ChosenWords(is_on=row[1], subject=row[2], body=row[3])
        for row in await cursor.fetchall()
    }


async def write_words(
    tx: Transaction, kind: EventKind, words: ChosenWords, *, at: datetime
) -> None:
    """Store what an organization changed about a kind."""
    await tx.connection.execute(
        "insert into mail_template (tenant_id, kind, is_on, subject, body, changed_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (tenant_id, kind) do update"
        " set is_on = excluded.is_on, subject = excluded.subject, body = excluded.body,"
        " changed_at = excluded.changed_at",
        (tx.tenant_id, kind.value, words.is_on, words.subject, words.body, at),
    )


async def delete_words(tx: Transaction, kind: EventKind) -> bool:
    """Have a kind be as it came; False when it is."""
    cursor = await tx.connection.execute(
        "delete from mail_template where tenant_id = %s and kind = %s", (tx.tenant_id, kind.value)
    )
    return cursor.rowcount > 0


async def read_preference(tx: Transaction, user: UserNo) -> MailPreference:
    """What a person chose, or what holds until they do."""
    cursor = await tx.connection.execute(
        "select is_on, is_daily, muted from mail_preference where tenant_id = %s and user_no = %s",
        (tx.tenant_id, user),
    )
    row = await cursor.fetchone()
    if row is None:
        return MailPreference()
    return MailPreference(is_on=row[0], is_daily=row[1], muted=frozenset(row[2]))


async def write_preference(tx: Transaction, user: UserNo, preference: MailPreference) -> None:
    """Store what a person chose."""
    await tx.connection.execute(
        "insert into mail_preference (tenant_id, user_no, is_on, is_daily, muted)"
        " values (%s, %s, %s, %s, %s) on conflict (tenant_id, user_no) do update"
        " set is_on = excluded.is_on, is_daily = excluded.is_daily, muted = excluded.muted",
        (tx.tenant_id, user, preference.is_on, preference.is_daily, sorted(preference.muted)),
    )
