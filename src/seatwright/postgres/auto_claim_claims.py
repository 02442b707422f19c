"""What policies gave: claims as launches wrote them, and whether they are still held.

A claim is a row for good. It is held while the assignment stands on the person under the policy,
or, where it was delivered through a group, while the membership stands that the claim made: both
are of one moment. Whoever was put into the group by hand holds no claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPlace:
    """Where a page of claims ended: newest first, by time and then by number."""

    at: datetime
    claim_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who got what when through which event; the names are None once they were erased.

    `backup` 0 is the primary product. `group` is where it was delivered, None: to the person.
    """

    place: ClaimPlace
    user_no: UserNo
    user_id: UUID | None
    upn: str | None
    display_name: str | None
    sku: SkuNo
    backup: int
    event: str
    group: GroupNo | None
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` on up to and with `until`."""

    since: datetime
    until: datetime


_IS_HELD = """
case when c.delivered = 'group' then exists (select from membership m
            where m.tenant_id = c.tenant_id and m.user_no = c.user_no and m.group_no = c.group_no
              and m.since = c.at)
     else exists (select from assignment a
            where a.tenant_id = c.tenant_id and a.user_no = c.user_no and a.sku_no = c.sku_no
              and a.source_kind = 2 and a.source_no = c.policy_no) end
"""
_CLAIMS = f"""
select c.claim_no, c.at, c.user_no, u.id, u.upn, u.display_name, c.sku_no, c.backup, c.event,
       c.group_no, {_IS_HELD}
  from claim c
  left join app_user u on u.tenant_id = c.tenant_id and u.user_no = c.user_no
 where c.tenant_id = %s and c.policy_no = %s and c.at >= %s and c.at <= %s
   and (c.at, c.claim_no) < (%s, %s)
 order by c.at desc, c.claim_no desc limit %s
"""
_LAST = 2**63 - 1


async def read_claims(
    tx: Transaction,
    policy: PolicyNo,
    period: Period,
    *,
    before: ClaimPlace | None,
    limit: int,
) -> tuple[Claim, ...]:
    """A page of the claims of a policy, newest first."""
    first = before or ClaimPlace(at=period.until, claim_no=_LAST)
    cursor = await tx.connection.execute(
        _CLAIMS,
        (tx.tenant_id, policy, period.since, period.until, first.at, first.claim_no, limit),
    )
    return tuple(
        Claim(
            place=ClaimPlace(at=row[1], claim_no=row[0]),
            user_no=UserNo(row[2]),
            user_id=row[3],
            upn=row[4],
            display_name=row[5],
            sku=SkuNo(row[6]),
            backup=row[7],
            event=row[8],
            group=None if row[9] is None else GroupNo(row[9]),
            is_held=row[10],
        )
        for row in await cursor.fetchall()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsOfDay:
    """How many claims a policy gave on one day, in UTC."""

    day: date
    claims: int
    people: int


async def claims_by_day(
    tx: Transaction, policy: PolicyNo, period: Period
) -> tuple[ClaimsOfDay, ...]:
    """The days of a period on which anything was claimed, oldest first."""
    cursor = await tx.connection.execute(
        "select (at at time zone 'UTC')::date, count(*)::int4, count(distinct user_no)::int4"
        " from claim where tenant_id = %s and policy_no = %s and at >= %s and at <= %s"
        " group by 1 order by 1",
        (tx.tenant_id, policy, period.since, period.until),
    )
    return tuple(
        ClaimsOfDay(day=row[0], claims=row[1], people=row[2]) for row in await cursor.fetchall()
    )


async def count_holders(tx: Transaction, policies: Sequence[PolicyNo]) -> dict[PolicyNo, int]:
    """How many people hold what each policy gave; policies without any are left out."""
    cursor = await tx.connection.execute(
        "select held.policy_no, count(distinct held.user_no)::int4 from ("
        " select a.source_no as policy_no, a.user_no from assignment a"
        "  where a.tenant_id = %s and a.source_kind = 2 and a.source_no = any(%s)"
        " union all"
        " select c.policy_no, c.user_no from claim c join membership m"
        "   on m.tenant_id = c.tenant_id and m.user_no = c.user_no and m.group_no = c.group_no"
        "   and m.since = c.at"
        "  where c.tenant_id = %s and c.policy_no = any(%s) and c.delivered = 'group') held"
        " group by held.policy_no",
        (tx.tenant_id, list(policies), tx.tenant_id, list(policies)),
    )
    return {PolicyNo(row[0]): row[1] for row in await cursor.fetchall()}


async def count_claimers(tx: Transaction, policies: Sequence[PolicyNo], *, since: datetime) -> int:
    """How many people these policies gave something since then."""
    cursor = await tx.connection.execute(
        "select count(distinct user_no)::int4 from claim"
        " where tenant_id = %s and policy_no = any(%s) and at >= %s",
        (tx.tenant_id, list(policies), since),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldClaim:
    """A claim that is still held; `group` is where it was delivered, None: to the person."""

    policy: PolicyNo
    user: UserNo
    sku: SkuNo
    group: GroupNo | None


async def held_claims(
    tx: Transaction, policy: PolicyNo, users: Sequence[UserNo]
) -> tuple[HeldClaim, ...]:
    """What these people still hold of what a policy gave, each (person, product, way) once."""
    cursor = await tx.connection.execute(
        "select distinct c.user_no, c.sku_no, c.group_no from claim c"
        " where c.tenant_id = %s and c.policy_no = %s and c.user_no = any(%s)"
        f" and {_IS_HELD} order by 1, 2",
        (tx.tenant_id, policy, list(users)),
    )
    return tuple(
        HeldClaim(
            policy=policy,
            user=UserNo(row[0]),
            sku=SkuNo(row[1]),
            group=None if row[2] is None else GroupNo(row[2]),
        )
        for row in await cursor.fetchall()
    )


async def remove_claimed(
    tx: Transaction, claims: Sequence[HeldClaim]
) -> frozenset[tuple[UserNo, SkuNo, PolicyNo]]:
    """Remove the assignments of claims that were delivered to people directly, and no other.

    Answers whose it removed: what somebody else took back meanwhile is not among them.
    """
    if not claims:
        return frozenset()
    cursor = await tx.connection.execute(
        "delete from assignment a"
        " using unnest(%s::int4[], %s::int2[], %s::int4[]) as gone (user_no, sku_no, policy_no)"
        " where a.tenant_id = %s and a.user_no = gone.user_no and a.sku_no = gone.sku_no"
        " and a.source_kind = 2 and a.source_no = gone.policy_no"
        " returning a.user_no, a.sku_no, a.source_no",
        (
            [one.user for one in claims],
            [one.sku for one in claims],
            [one.policy for one in claims],
            tx.tenant_id,
        ),
    )
    return frozenset(
        (UserNo(row[0]), SkuNo(row[1]), PolicyNo(row[2])) for row in await cursor.fetchall()
    )
