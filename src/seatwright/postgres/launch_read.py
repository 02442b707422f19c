"""Reading for a batch of launches: who knocks, under the locks that keep the reading true.

The locks are those of every seat mover, in their order (`world_read.py`): pools by SKU, then
people by number. Everything about the people is one statement, because a batch is there to make
round trips and statements few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanSetId, SkuNo, TenantId, UserNo
from seatwright.domain.launch import Outcome
from seatwright.domain.reconcile.world import Held, Pool, StoredError, UserState, Wish
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind, Tenant, TenantState
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import NOTHING, Transaction

_SEE: Final = "select set_config('seatwright.tenant', %s, true)"
_KNOCKING: Final = """
select d.digest, a.*, t.platform_version, coalesce(c.version, 0)
  from unnest(%s::bytea[]) as d (digest), authenticate(d.digest, %s) a
  join tenant t on t.tenant_id = a.tenant_id
  left join auto_claim c on c.tenant_id = a.tenant_id
 where a.tenant_id = %s
"""
_LOCK_POOLS: Final = """
select sku_no, assignable, consumed, reserved from sku_pool
 where tenant_id = %s and sku_no = any(%s) order by sku_no for no key update
"""
_BY_NUMBER: Final = "user_no = any(%(users)s)"
_BY_ID: Final = "id = any(%(ids)s) and deleted_at is null"
_BY_UPN: Final = "upn_key = any(%(keys)s) and deleted_at is null"
_USERS: Final = """
select user_no, id, upn, upn_key, mail_key, usage_location, is_enabled, deleted_at is not null
  from app_user where tenant_id = %(tenant)s and ({named}) order by user_no
"""
_NUMBERS: Final = "select %(users)s::int4[]"
_NUMBERS_OF: Final = """
select array_agg(user_no) from app_user where tenant_id = %(tenant)s and ({named})
"""
# What people are wished (1), hold (2), were refused before (3), and which groups they are in (4).
_LIVES: Final = """
with recursive named (users) as materialized ({numbers}), up (user_no, group_no, since) as (
    select user_no, group_no, since from membership
     where tenant_id = %(tenant)s and user_no = any((select users from named)::int4[])
    union
    select up.user_no, nesting.parent_no, greatest(up.since, nesting.since)
      from up join group_nesting nesting
        on nesting.tenant_id = %(tenant)s and nesting.child_no = up.group_no
     where %(nested)s
), reach (user_no, group_no, since) as (
    select user_no, group_no, min(since) from up group by 1, 2
)
select 1, user_no, sku_no, disabled_set, source_kind, source_no, created_at, strategy, priority,
       starts_at, expires_at, null::text
  from assignment
 where tenant_id = %(tenant)s and user_no = any((select users from named)::int4[])
union all
select 1, r.user_no, a.sku_no, a.disabled_set, 1::int2, a.group_no,
       greatest(a.created_at, r.since), a.strategy, a.priority, a.starts_at, a.expires_at, null
  from reach r join assignment a on a.tenant_id = %(tenant)s and a.group_no = r.group_no
union all
select 2, user_no, sku_no, enabled_set, source_kind, source_no, since, null, null, null, null, null
  from effective_license
 where tenant_id = %(tenant)s and user_no = any((select users from named)::int4[])
union all
select 3, user_no, sku_no, 0, source_kind, source_no, waiting_since, null, null, null, null, reason
  from license_error
 where tenant_id = %(tenant)s and user_no = any((select users from named)::int4[])
union all
select 4, user_no, null, 0, null, group_no, null, null, null, null, null, null
  from reach where %(groups)s
"""
# Claims that stand: wishes of the policy on people themselves, and people whom it put into its
# group and who are in it still. No more than the cap is looked at.
_CLAIMED: Final = """
select cap.policy_no,
       (select count(*) from (
           select user_no from assignment
            where tenant_id = %(tenant)s and source_kind = 2 and source_no = cap.policy_no
           union
           select c.user_no from claim c
             join membership m on m.tenant_id = c.tenant_id and m.user_no = c.user_no
                              and m.group_no = c.group_no and m.since = c.at
            where c.tenant_id = %(tenant)s and c.policy_no = cap.policy_no
              and c.delivered = 'group'
           limit cap.claims_max) standing)
  from unnest(%(policies)s::int4[], %(caps)s::int4[]) as cap (policy_no, claims_max)
"""
_SEEN: Final = """
select event_id, user_no, outcome, reason, sku_no, policy_no, backup
  from launch_event where tenant_id = %s and event_id = any(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """By which a process knows that what it keeps of a tenant is as it is now."""

    catalog: int
    platform: int
    policies: int


async def read_versions(tx: Transaction) -> Versions:
    """The versions of what a process keeps, as they are now."""
    cursor = await tx.connection.execute(
        "select t.catalog_version, t.platform_version, coalesce(c.version, 0) from tenant t"
        " left join auto_claim c on c.tenant_id = t.tenant_id where t.tenant_id = %s",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "a transaction sees a tenant that is there"
    return Versions(catalog=row[0], platform=row[1], policies=row[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """One person of a batch: their names beside their state; `is_enabled` as the directory says."""

    id: UUID
    upn: str
    upn_key: str
    mail_key: str | None
    is_enabled: bool
    state: UserState
    groups: frozenset[GroupNo] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """What an event came to when it was first taken."""

    user_no: UserNo
    outcome: Outcome
    reason: Reason | None
    sku: SkuNo | None
    policy: PolicyNo | None
    backup: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What a batch wants to know. `pools`: lock these, and the people; None: lock nothing.

    People are named by number, by id, or by the comparable form of their UPN (`text_key`).
    """

    tenant: TenantId
    digests: Collection[bytes]
    pools: Iterable[SkuNo] | None
    nested: bool
    users: Collection[UserNo] = ()
    ids: Collection[UUID] = ()
    keys: Collection[str] = ()
    with_groups: bool = False
    caps: Mapping[PolicyNo, int] = field(default_factory=dict)
    events: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a batch decides from. `tenant` is None where nobody's token is good any more.

    `numbers` says who is living under an id, and under the comparable form of a UPN.
    """

    tenant: Tenant | None
    versions: Versions
    principals: Mapping[bytes, Principal]
    people: Mapping[UserNo, Someone]
    numbers: Mapping[UUID | str, UserNo]
    pools: Mapping[SkuNo, Pool]
    claimed: Mapping[PolicyNo, int]
    seen: Mapping[str, SeenEvent]


class _PeopleTexts(NamedTuple):
    users: str
    lock_users: str
    lives: str


@cache
def _people_texts(by_number: bool, by_id: bool, by_upn: bool) -> _PeopleTexts:
    """The statements about people who are named in these ways."""
    ways = ((by_number, _BY_NUMBER), (by_id, _BY_ID), (by_upn, _BY_UPN))
    named = " or ".join(text for is_used, text in ways if is_used) or "false"
    users = _USERS.format(named=named)
    is_known = by_number and not (by_id or by_upn)
    numbers = _NUMBERS if is_known else _NUMBERS_OF.format(named=named)
    return _PeopleTexts(users, f"{users} for no key update", _LIVES.format(numbers=numbers))


async def read_scene(tx: Transaction, asked: Questions, *, at: datetime) -> Scene:
    """Lock what is to be locked and read it all, in one round trip."""
    connection = tx.connection
    texts = _people_texts(bool(asked.users), bool(asked.ids), bool(asked.keys))
    named = {
        "tenant": asked.tenant,
        "users": list(asked.users),
        "ids": list(asked.ids),
        "keys": list(asked.keys),
        "nested": asked.nested,
        "groups": asked.with_groups,
    }
    pools: AsyncCursor[TupleRow] | None = None
    claimed: AsyncCursor[TupleRow] | None = None
    seen: AsyncCursor[TupleRow] | None = None
    async with tx.together():
        await connection.execute(_SEE, (str(asked.tenant),))
        if asked.pools is not None:
            pools = await connection.execute(_LOCK_POOLS, (asked.tenant, sorted(set(asked.pools))))
        people = await connection.execute(
            texts.users if asked.pools is None else texts.lock_users, named
        )
        # After the locks: what was decided while this waited for them counts.
        who = await connection.execute(_KNOCKING, (list(asked.digests), at, asked.tenant))
        lives = await connection.execute(texts.lives, named)
        if asked.caps:
            claimed = await connection.execute(
                _CLAIMED,
                {
                    "tenant": asked.tenant,
                    "policies": list(asked.caps),
                    "caps": list(asked.caps.values()),
                },
            )
        if asked.events:
            seen = await connection.execute(_SEEN, (asked.tenant, list(asked.events)))
    knocking, rows = await who.fetchall(), await people.fetchall()
    return Scene(
        tenant=_tenant(knocking[0]) if knocking else None,
        versions=_versions(knocking),
        principals={bytes(row[0]): _principal(row) for row in knocking},
        people=await _people(tx, rows, await lives.fetchall()),
        numbers={name: row[0] for row in rows if not row[7] for name in (row[1], row[3])},
        pools={} if pools is None else {p.sku: p for p in map(_pool, await pools.fetchall())},
        claimed={} if claimed is None else dict(await claimed.fetchall()),
        seen={} if seen is None else {row[0]: _event(row) for row in await seen.fetchall()},
    )


def _tenant(row: TupleRow) -> Tenant:
    return Tenant(
        tenant_id=TenantId(row[1]),
        id=row[2],
        name=row[3],
        domain=row[4],
        state=TenantState(row[5]),
        is_demo=row[6],
        settings=row[7],
        catalog_version=row[8],
    )


def _versions(rows: Sequence[TupleRow]) -> Versions:
    if not rows:
        return Versions(catalog=0, platform=0, policies=0)
    return Versions(catalog=rows[0][8], platform=rows[0][17], policies=rows[0][18])


def _principal(row: TupleRow) -> Principal:
    return Principal(
        principal_no=PrincipalNo(row[9]),
        id=row[10],
        kind=PrincipalKind(row[11]),
        name=row[12],
        roles=tuple(Role(role) for role in row[13]),
        user_no=None if row[16] is None else UserNo(row[16]),
    )


def _pool(row: TupleRow) -> Pool:
    return Pool(sku=row[0], assignable=row[1], consumed=row[2], reserved=row[3])


def _event(row: TupleRow) -> SeenEvent:
    return SeenEvent(
        user_no=row[1],
        outcome=Outcome(row[2]),
        reason=None if row[3] is None else Reason(row[3]),
        sku=row[4],
        policy=row[5],
        backup=row[6],
    )


async def _people(
    tx: Transaction, rows: Sequence[TupleRow], lives: Sequence[TupleRow]
) -> dict[UserNo, Someone]:
    bits = await tx.plan_set_bits({row[3] for row in lives} | {NOTHING})
    parts: dict[UserNo, tuple[list[Wish], list[Held], list[StoredError], list[GroupNo]]]
    parts = defaultdict(lambda: ([], [], [], []))
    sources: dict[tuple[int, int], Source] = {}
    for what, user, sku, set_id, kind, no, at, strategy, priority, starts, expires, reason in lives:
        wishes, held, errors, groups = parts[user]
        if what == 4:
            groups.append(no)
            continue
        source = sources.get((kind, no))
        if source is None:
            source = sources[kind, no] = Source(kind=SourceKind(kind), no=no)
        if what == 1:
            wishes.append(
                Wish(
                    sku=sku,
                    source=source,
                    strategy=STRATEGY_OF_CODE[strategy],
                    disabled=bits[ServicePlanSetId(set_id)],
                    priority=priority,
                    assigned_at=at,
                    starts_at=starts,
                    expires_at=expires,
                )
            )
        elif what == 2:
            held.append(Held(sku=sku, enabled=bits[ServicePlanSetId(set_id)], given_by=source))
        else:
            errors.append(
                StoredError(sku=sku, source=source, reason=Reason(reason), waiting_since=at)
            )
    return {row[0]: _someone(row, parts[row[0]]) for row in rows}


def _someone(
    row: TupleRow, parts: tuple[list[Wish], list[Held], list[StoredError], list[GroupNo]]
) -> Someone:
    wishes, held, errors, groups = parts
    return Someone(
        id=row[1],
        upn=row[2],
        upn_key=row[3],
        mail_key=row[4],
        is_enabled=row[6],
        state=UserState(
            user_no=row[0],
            usage_location=row[5],
            is_deleted=row[7],
            wishes=tuple(wishes),
            held=tuple(held),
            errors=tuple(errors),
        ),
        groups=frozenset(groups),
    )
