"""Tellings as they are stored: written once, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import UserNo
from seatwright.domain.mail_preferences import MailPreference
from seatwright.domain.requests.policy import Decider, DeciderKind
from seatwright.domain.roles import Role
from seatwright.domain.telling import EventKind, FieldValue, Telling
from seatwright.postgres.transaction import Transaction

_INSERT = """
insert into telling (tenant_id, at, kind, event_key, user_no, data, is_posted)
select %s, %s, line.*
  from unnest(%s::text[], %s::text[], %s::int4[], %s::jsonb[], %s::boolean[]) line
on conflict do nothing
"""


async def insert_tellings(tx: Transaction, tellings: Sequence[Telling], *, at: datetime) -> int:
    """Write all that were not told before, in one statement; how many those are.

    In one order, so that two transactions that tell the same do not wait for each other crosswise.
    """
    rows = sorted(tellings, key=lambda one: (one.kind, one.key, one.user or 0))
    cursor = await tx.connection.execute(
        _INSERT,
        (
            tx.tenant_id,
            at,
            [row.kind.value for row in rows],
            [row.key for row in rows],
            [row.user for row in rows],
            [Jsonb(dict(row.data)) for row in rows],
            [row.is_posted for row in rows],
        ),
    )
    return cursor.rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a telling is to, as far as mail goes; `address` None: they get none.

    Nobody writes to people who are deleted or disabled: they could not read it.
    """

    user: UserNo
    name: str
    address: str | None
    preference: MailPreference


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTelling:
    """A telling that is stored; `reader` None: it is to the administrators."""

    telling_no: int
    id: UUID
    kind: EventKind
    key: str
    reader: Reader | None
    data: Mapping[str, FieldValue]
    at: datetime
    is_posted: bool


_READER = """
t.telling_no, t.id, t.kind, t.event_key, t.data, t.at, t.user_no, u.display_name,
case when u.is_enabled and u.deleted_at is null then coalesce(u.mail, u.upn) end,
coalesce(p.is_on, true), coalesce(p.is_daily, false), coalesce(p.muted, '{}'), t.is_posted
"""
_JOINS = """
left join app_user u on u.tenant_id = t.tenant_id and u.user_no = t.user_no
left join mail_preference p on p.tenant_id = t.tenant_id and p.user_no = t.user_no
"""
# Those of the administrators first within a page: of an event that several are told, a webhook gets
# what the administrators are told. Pages that other workers hold are passed by.
_HOLD_UNROUTED = f"""
with page as materialized (
    select * from telling where tenant_id = %s and routed_at is null and kind = any(%s)
     order by telling_no limit %s for update skip locked)
select {_READER} from page t {_JOINS} order by t.user_no is not null, t.telling_no
"""
_HOLD_DIGEST = f"""
with page as materialized (
    select * from telling where tenant_id = %s and user_no = %s and digest_at <= %s
     order by telling_no limit %s for update)
select {_READER} from page t {_JOINS} order by t.telling_no
"""


def _stored(row: TupleRow) -> StoredTelling:
    user = row[6]
    reader = None
    if user is not None:
        reader = Reader(
            user=UserNo(user),
            name=row[7] or "",
            address=row[8],
            preference=MailPreference(is_on=row[9], is_daily=row[10], muted=frozenset(row[11])),
        )
    return StoredTelling(
        telling_no=row[0],
        id=row[1],
        kind=EventKind(row[2]),
        key=row[3],
        data=row[4],
        at=row[5],
        reader=reader,
        is_posted=row[12],
    )


async def hold_unrouted(tx: Transaction, *, limit: int) -> tuple[StoredTelling, ...]:
    """Tellings of which no mails and calls were written yet, oldest first, locked.

    A kind that only a newer release knows waits for that.
    """
    kinds = [kind.value for kind in EventKind]
    cursor = await tx.connection.execute(_HOLD_UNROUTED, (tx.tenant_id, kinds, limit))
    return tuple(_stored(row) for row in await cursor.fetchall())


async def mark_routed(
    tx: Transaction,
    tellings: Sequence[int],
    *,
    at: datetime,
    waiting: Sequence[int] = (),
    digest_at: datetime | None = None,
) -> None:
    """Keep that mails and calls of these were written; `waiting` go into a mail at `digest_at`."""
    await tx.connection.execute(
        "update telling set routed_at = %s,"
        " digest_at = case when telling_no = any(%s::int8[]) then %s::timestamptz end"
        " where tenant_id = %s and telling_no = any(%s::int8[])",
        (at, list(waiting), digest_at, tx.tenant_id, list(tellings)),
    )


async def mark_unworded(tx: Transaction, unworded: Mapping[int, str]) -> None:
    """Keep why no mail could be worded of these."""
    await tx.connection.execute(
        "update telling t set unworded_why = bad.why"
        " from unnest(%s::int8[], %s::text[]) bad (telling_no, why)"
        " where t.tenant_id = %s and t.telling_no = bad.telling_no",
        (list(unworded), list(unworded.values()), tx.tenant_id),
    )


async def route_unworded(tx: Transaction, kind: EventKind) -> int:
    """Have those of a kind routed again of which no mail could be worded; how many they are."""
    cursor = await tx.connection.execute(
        "update telling set routed_at = null, digest_at = null, unworded_why = null"
        " where tenant_id = %s and kind = %s and unworded_why is not null",
        (tx.tenant_id, kind.value),
    )
    return cursor.rowcount


async def next_for_digest(tx: Transaction, *, now: datetime) -> UserNo | None:
    """Somebody whose daily mail is due, held so that one worker writes it; None: nobody's is."""
    cursor = await tx.connection.execute(
        "select p.user_no from mail_preference p where p.tenant_id = %s and exists ("
        " select from telling t where t.tenant_id = p.tenant_id and t.user_no = p.user_no"
        " and t.digest_at <= %s) order by p.user_no limit 1 for update of p skip locked",
        (tx.tenant_id, now),
    )
    row = await cursor.fetchone()
    return None if row is None else UserNo(row[0])


async def hold_digest(
    tx: Transaction, user: UserNo, *, now: datetime, limit: int
) -> tuple[StoredTelling, ...]:
    """What goes into somebody's daily mail, oldest first, locked."""
    cursor = await tx.connection.execute(_HOLD_DIGEST, (tx.tenant_id, user, now, limit))
    return tuple(_stored(row) for row in await cursor.fetchall())


async def end_digest(tx: Transaction, tellings: Sequence[int]) -> None:
    """Keep that these went into a daily mail, or were decided before it."""
    await tx.connection.execute(
        "update telling set digest_at = null where tenant_id = %s and telling_no = any(%s::int8[])",
        (tx.tenant_id, list(tellings)),
    )


async def has_something_due(tx: Transaction, *, now: datetime) -> bool:
    """Whether something is to be worded, gathered into a daily mail, or sent."""
    cursor = await tx.connection.execute(
        "select exists (select from telling where tenant_id = %(tenant)s and routed_at is null)"
        " or exists (select from telling where tenant_id = %(tenant)s and digest_at <= %(now)s)"
        " or exists (select from delivery where tenant_id = %(tenant)s and state = 'queued'"
        "   and channel = any('{mail,webhook}') and next_at <= %(now)s"
        "   and (leased_until is null or leased_until <= %(now)s))",
        {"tenant": tx.tenant_id, "now": now},
    )
    row = await cursor.fetchone()
    assert row is not None, "a select without a from clause has one row"
    return bool(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Before whom the request is that a telling is about; nobody: nothing of it is pending."""

    telling_no: int
    deciders: frozenset[Decider]


async def pending_behind(tx: Transaction, tellings: Sequence[int]) -> tuple[Before, ...]:
    """What is pending of the license requests that these are about, for each kind of decider."""
    cursor = await tx.connection.execute(
        "select distinct t.telling_no, l.decider_kind, l.decider_no, l.alternate_kind,"
        " l.alternate_no from telling t join license_request r"
        "    on r.tenant_id = t.tenant_id and r.id = (t.data ->> 'requestId')::uuid"
        "  left join license_request_line l on l.tenant_id = r.tenant_id"
        "   and l.request_no = r.request_no and l.state = 'pending'"
        " where t.tenant_id = %s and t.telling_no = any(%s::int8[])",
        (tx.tenant_id, list(tellings)),
    )
    return tuple(
        Before(
            telling_no=number,
            deciders=frozenset(
                Decider(DeciderKind(kind), no)
                for kind, no in ((first, first_no), (other, other_no))
                if kind is not None
            ),
        )
        for number, first, first_no, other, other_no in await cursor.fetchall()
    )


async def roles_of_person(tx: Transaction, user: UserNo) -> frozenset[Role]:
    """The roles of whoever acts as a person: its tokens', and those it signs in with."""
    cursor = await tx.connection.execute(
        "select distinct unnest(roles) from principal"
        " where tenant_id = %s and user_no = %s and revoked_at is null",
        (tx.tenant_id, user),
    )
    return frozenset(Role(row[0]) for row in await cursor.fetchall())
