"""Notices about claims, and the claims that are due for one.

Use is the latest of the claim itself, what a launch noted since, and a notice that was answered, or
whose release was held for approval: whoever keeps a license has the whole time again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.auto_claim_notices import Notice, NoticeKind, NoticeOutcome
from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.postgres.auto_claim_claims import HeldClaim
from seatwright.postgres.transaction import Transaction

SEARCHED_EVERY: Final = timedelta(hours=1)
"""A search looks at all claims of a policy, page by page; days are what matters."""

_COLUMNS = "notice_no, id, policy_no, kind, user_no, sku_no, at, due_at, seats, ended_at, outcome"
_LAST_USE = """
greatest(c.at,
    (select u.last_at from auto_claim_use u
      where u.tenant_id = c.tenant_id and u.user_no = c.user_no and u.sku_no = c.sku_no),
    (select max(k.ended_at) from auto_claim_notice k
      where k.tenant_id = c.tenant_id and k.user_no = c.user_no and k.sku_no = c.sku_no
        and k.outcome in ('kept', 'used', 'heldForApproval')))
"""
_IS_HELD = """
(exists (select from assignment a where a.tenant_id = c.tenant_id and a.user_no = c.user_no
    and a.sku_no = c.sku_no and a.source_kind = 2 and a.source_no = c.policy_no)
 or exists (select from membership m where m.tenant_id = c.tenant_id and m.user_no = c.user_no
    and m.group_no = c.group_no and m.since = c.at))
"""
# The newest claim of a person and product is the one that counts: `claim` is append-only. In the
# order of people, by the index of their claims, so that a page reads what it answers and no more.
_UNUSED = f"""
select c.user_no, c.sku_no, c.group_no, used.last_use from (
    select distinct on (user_no, sku_no) tenant_id, policy_no, user_no, sku_no, group_no, at
      from claim where tenant_id = %s and policy_no = %s and user_no >= %s
     order by user_no, sku_no, claim_no desc) c
 cross join lateral (select {_LAST_USE} as last_use offset 0) used
 where used.last_use <= %s and {_IS_HELD}
   and not exists (select from auto_claim_notice n where n.tenant_id = c.tenant_id
        and n.policy_no = c.policy_no and n.user_no = c.user_no and n.sku_no = c.sku_no
        and n.kind = 'release' and n.ended_at is null)
 order by c.user_no, c.sku_no limit %s
"""
_ABOUT = f"""
select n.notice_no, c.user_no, c.sku_no, c.group_no, {_LAST_USE} >= n.at, {_IS_HELD}
  from auto_claim_notice n
  join lateral (
    select tenant_id, policy_no, user_no, sku_no, group_no, at from claim l
     where l.tenant_id = n.tenant_id and l.user_no = n.user_no and l.policy_no = n.policy_no
       and l.sku_no = n.sku_no order by l.claim_no desc limit 1) c on true
 where n.tenant_id = %s and n.policy_no = %s and n.kind = 'release' and n.ended_at is null
"""
# Notices come before pools and people, and among one another in the order of their numbers.
_DUE = f"{_ABOUT} and n.due_at <= %s order by n.notice_no limit %s for update of n"
_THESE = f"{_ABOUT} and n.notice_no = any(%s) order by n.notice_no"
# What was announced under a policy that says something else by now, or nothing any more.
_END_STALE = """
with stale as materialized (
    select n.notice_no
      from auto_claim_policy p
      join auto_claim_notice n on n.tenant_id = p.tenant_id and n.policy_no = p.policy_no
      left join auto_claim f on f.tenant_id = p.tenant_id
     where p.tenant_id = %(tenant)s and n.ended_at is null
       and (%(policy)s::int4 is null or p.policy_no = %(policy)s)
       and (not coalesce(f.is_on, false) or not p.is_on
            or case n.kind when 'seats' then p.alert_below is null
                    else p.release_after_days is null or %(changed)s end)
     order by n.notice_no for update of n)
update auto_claim_notice n
   set ended_at = %(at)s, outcome = 'gone', ended_by = %(by)s
  from stale where n.tenant_id = %(tenant)s and n.notice_no = stale.notice_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedClaim:
    """A claim that is held and has not been used since `last_use`."""

    claim: HeldClaim
    last_use: datetime


async def unused_claims(
    tx: Transaction, policy: PolicyNo, *, since: UserNo, before: datetime, limit: int
) -> tuple[UnusedClaim, ...]:
    """Claims that nobody used after a moment and no open notice is about, from a person on."""
    cursor = await tx.connection.execute(_UNUSED, (tx.tenant_id, policy, since, before, limit))
    return tuple(
        UnusedClaim(claim=_claim(policy, row), last_use=row[3]) for row in await cursor.fetchall()
    )


async def search_place(tx: Transaction, policy: PolicyNo, *, now: datetime) -> UserNo | None:
    """From whom on unused claims are to be looked for; None within an hour of the last search."""
    cursor = await tx.connection.execute(
        "select searched_to from auto_claim_policy where tenant_id = %s and policy_no = %s"
        " and (searched_at is null or searched_at <= %s)",
        (tx.tenant_id, policy, now - SEARCHED_EVERY),
    )
    row = await cursor.fetchone()
    return None if row is None else UserNo(row[0])


async def note_search(tx: Transaction, policy: PolicyNo, *, upto: UserNo) -> None:
    """Keep how far a search has come."""
    await tx.connection.execute(
        "update auto_claim_policy set searched_to = %s where tenant_id = %s and policy_no = %s",
        (upto, tx.tenant_id, policy),
    )


async def end_search(tx: Transaction, policy: PolicyNo, *, at: datetime) -> None:
    """Keep that a search found nothing more: the next one begins anew."""
    await tx.connection.execute(
        "update auto_claim_policy set searched_at = %s, searched_to = 0"
        " where tenant_id = %s and policy_no = %s",
        (at, tx.tenant_id, policy),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """A notice whose time has come, with the claim that it is about."""

    notice_no: int
    claim: HeldClaim
    was_used: bool
    is_held: bool


async def due_notices(
    tx: Transaction, policy: PolicyNo, *, now: datetime, limit: int
) -> tuple[DueNotice, ...]:
    """Open notices of a policy whose time has come, oldest first.

    They are held until the transaction ends: whoever answers one meanwhile waits, and is told.
    """
    cursor = await tx.connection.execute(_DUE, (tx.tenant_id, policy, now, limit))
    return tuple(_due(policy, row) for row in await cursor.fetchall())


async def due_notices_again(
    tx: Transaction, policy: PolicyNo, notices: Sequence[int]
) -> tuple[DueNotice, ...]:
    """Notices that are held, with what has become of their claims by now."""
    cursor = await tx.connection.execute(_THESE, (tx.tenant_id, policy, list(notices)))
    return tuple(_due(policy, row) for row in await cursor.fetchall())


def _due(policy: PolicyNo, row: TupleRow) -> DueNotice:
    claim = _claim(policy, row[1:])
    return DueNotice(notice_no=row[0], claim=claim, was_used=row[4], is_held=row[5])


def _claim(policy: PolicyNo, row: Sequence[int | None]) -> HeldClaim:
    user, sku, group = row[0], row[1], row[2]
    assert user is not None, "a claim has a person"
    assert sku is not None, "a claim has a product"
    return HeldClaim(
        policy=policy,
        user=UserNo(user),
        sku=SkuNo(sku),
        group=None if group is None else GroupNo(group),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """A release to announce."""

    id: UUID
    policy: PolicyNo
    user: UserNo
    sku: SkuNo
    due_at: datetime


async def announce_releases(tx: Transaction, new: Sequence[NewNotice], *, at: datetime) -> None:
    """Store notices to people; one that is open for the same claim stays the only one."""
    await tx.connection.execute(
        "insert into auto_claim_notice (tenant_id, kind, at, id, policy_no, user_no, sku_no,"
        " due_at) select %s, 'release', %s, line.* from unnest(%s::uuid[], %s::int4[],"
        " %s::int4[], %s::int2[], %s::timestamptz[]) line on conflict do nothing",
        (
            tx.tenant_id,
            at,
            [one.id for one in new],
            [one.policy for one in new],
            [one.user for one in new],
            [one.sku for one in new],
            [one.due_at for one in new],
        ),
    )


async def announce_seats(
    tx: Transaction, policy: PolicyNo, *, notice_id: UUID, seats: int, at: datetime
) -> bool:
    """Store that a policy's seats run out; False while that was said already."""
    cursor = await tx.connection.execute(
        "insert into auto_claim_notice (tenant_id, kind, at, id, policy_no, seats)"
        " values (%s, 'seats', %s, %s, %s, %s) on conflict do nothing",
        (tx.tenant_id, at, notice_id, policy, seats),
    )
    return cursor.rowcount == 1


async def end_notices(
    tx: Transaction,
    notices: Sequence[int],
    outcome: NoticeOutcome,
    *,
    at: datetime,
    by: PrincipalNo,
) -> None:
    """End open notices so."""
    if not notices:
        return
    await tx.connection.execute(
        "with held as materialized (select notice_no from auto_claim_notice"
        "  where tenant_id = %s and notice_no = any(%s) and ended_at is null"
        "  order by notice_no for update)"
        " update auto_claim_notice n set ended_at = %s, outcome = %s, ended_by = %s"
        " from held where n.tenant_id = %s and n.notice_no = held.notice_no",
        (tx.tenant_id, list(notices), at, outcome.value, by, tx.tenant_id),
    )


async def hold_open_notices(tx: Transaction, policy: PolicyNo | None) -> None:
    """Hold the open notices of a policy, or of all, until the transaction ends.

    Before the switch is held, so that a release that has begun ends first.
    """
    await tx.connection.execute(
        "select from auto_claim_notice where tenant_id = %s and ended_at is null"
        " and (%s::int4 is null or policy_no = %s) order by notice_no for update",
        (tx.tenant_id, policy, policy),
    )


async def end_stale_notices(
    tx: Transaction,
    policy: PolicyNo | None,
    *,
    at: datetime,
    by: PrincipalNo,
    has_other_days: bool = False,
) -> int:
    """End open notices of a policy, or of all, that it no longer stands by; how many they were.

    `has_other_days`: a release was announced for another day than it would be by now.
    """
    cursor = await tx.connection.execute(
        _END_STALE,
        {
            "tenant": tx.tenant_id,
            "policy": policy,
            "changed": has_other_days,
            "at": at,
            "by": by,
        },
    )
    return cursor.rowcount


async def hold_gone_notices(
    tx: Transaction, *, ended_at: datetime | None, now: datetime
) -> tuple[int, ...]:
    """Hold the notices that ended as gone at one moment and whose day has not passed.

    It looks at all notices: nobody asks but for an undo.
    """
    cursor = await tx.connection.execute(
        "select notice_no from auto_claim_notice where tenant_id = %s and ended_at = %s"
        " and outcome = 'gone' and (due_at is null or due_at > %s) order by notice_no for update",
        (tx.tenant_id, ended_at, now),
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def reopen_notices(tx: Transaction, notices: Sequence[int]) -> None:
    """Let notices that are held stand again as if they had not ended."""
    await tx.connection.execute(
        "update auto_claim_notice set ended_at = null, outcome = null, ended_by = null"
        " where tenant_id = %s and notice_no = any(%s)",
        (tx.tenant_id, list(notices)),
    )


async def open_seat_notice(tx: Transaction, policy: PolicyNo) -> int | None:
    """The open notice that a policy's seats run out."""
    cursor = await tx.connection.execute(
        "select notice_no from auto_claim_notice where tenant_id = %s and policy_no = %s"
        " and kind = 'seats' and ended_at is null",
        (tx.tenant_id, policy),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def find_notice(tx: Transaction, notice_id: UUID) -> Notice | None:
    """One notice, held until the transaction ends, so that it is answered once."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from auto_claim_notice where tenant_id = %s and id = %s for update",
        (tx.tenant_id, notice_id),
    )
    row = await cursor.fetchone()
    return None if row is None else _notice(row)


async def list_notices(
    tx: Transaction, *, user: UserNo | None, before: int | None, limit: int
) -> tuple[Notice, ...]:
    """Notices newest first: everybody's, or those to one person."""
    own = " and user_no = %s" if user is not None else ""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from auto_claim_notice where tenant_id = %s and notice_no < %s{own}"
        " order by notice_no desc limit %s",
        (
            tx.tenant_id,
            2**63 - 1 if before is None else before,
            *(() if user is None else (user,)),
            limit,
        ),
    )
    return tuple(map(_notice, await cursor.fetchall()))


def _notice(row: TupleRow) -> Notice:
    return Notice(
        notice_no=row[0],
        id=row[1],
        policy=PolicyNo(row[2]),
        kind=NoticeKind(row[3]),
        user=None if row[4] is None else UserNo(row[4]),
        sku=None if row[5] is None else SkuNo(row[5]),
        at=row[6],
        due_at=row[7],
        seats=row[8],
        ended_at=row[9],
        outcome=None if row[10] is None else NoticeOutcome(row[10]),
    )
