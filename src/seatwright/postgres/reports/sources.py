"""Where people's products come from: themselves, and groups, by the path that leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import TupleRow

from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

NESTING_DEPTH_MAX = 100
"""Groups inside groups beyond any organisation's; circles are refused when they are made."""

_COLUMNS = (
    "a.sku_no, a.strategy, a.source_kind, a.source_no, a.created_at, a.created_by, a.starts_at,"
    " a.expires_at"
)
_DIRECT = f"""
select a.user_no, {_COLUMNS} from assignment a
 where a.tenant_id = %s and a.user_no = any(%s)
"""
_OF_GROUPS = f"""
select a.group_no, {_COLUMNS} from assignment a
 where a.tenant_id = %s and a.group_no is not null
"""
# Down from the groups that give something: they are few, and the paths are the same for everybody.
_PATHS = f"""
with recursive below as (
    select distinct a.group_no as giver, a.group_no as inside, array[a.group_no] as path
      from assignment a where a.tenant_id = %s and a.group_no is not null
    union all
    select b.giver, n.child_no, n.child_no || b.path
      from below b join group_nesting n on n.tenant_id = %s and n.parent_no = b.inside
     where cardinality(b.path) < {NESTING_DEPTH_MAX}
)
select distinct on (inside, giver) inside, path from below
 order by inside, giver, cardinality(path), path
"""
_MEMBERSHIPS = """
select m.user_no, m.group_no, m.since from membership m
 where m.tenant_id = %s and m.user_no = any(%s)
"""
_FAILING = """
select e.user_no, e.sku_no, e.source_kind, e.source_no, e.reason from license_error e
 where e.tenant_id = %s and e.user_no = any(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An assignment of a person or group (`subject_no`)."""

    subject_no: int
    sku: SkuNo
    strategy: int
    source_kind: int
    source_no: int
    created_at: datetime
    created_by: PrincipalNo
    starts_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPath:
    """The shortest way from a group that people are in (the first) to one that gives (the last)."""

    groups: tuple[GroupNo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a group."""

    user_no: UserNo
    group_no: GroupNo
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingSource:
    """A source that does not give what it says."""

    user_no: UserNo
    sku: SkuNo
    source_kind: int
    source_no: int
    reason: str


def _given(row: TupleRow) -> Given:
    return Given(
        subject_no=row[0],
        sku=row[1],
        strategy=row[2],
        source_kind=row[3],
        source_no=row[4],
        created_at=row[5],
        created_by=row[6],
        starts_at=row[7],
        expires_at=row[8],
    )


async def given_directly(tx: Transaction, users: Sequence[UserNo]) -> list[Given]:
    """What stands on these people themselves."""
    cursor = await tx.connection.execute(_DIRECT, (tx.tenant_id, list(users)))
    return [_given(row) for row in await cursor.fetchall()]


async def given_by_groups(tx: Transaction) -> list[Given]:
    """What every group gives."""
    cursor = await tx.connection.execute(_OF_GROUPS, (tx.tenant_id,))
    return [_given(row) for row in await cursor.fetchall()]


async def paths_to_givers(tx: Transaction) -> list[GroupPath]:
    """The shortest path from every group to every group above it, or itself, that gives."""
    cursor = await tx.connection.execute(_PATHS, (tx.tenant_id, tx.tenant_id))
    return [GroupPath(groups=tuple(row[1])) for row in await cursor.fetchall()]


async def memberships_of(tx: Transaction, users: Sequence[UserNo]) -> list[Member]:
    """Which groups these people are in themselves."""
    cursor = await tx.connection.execute(_MEMBERSHIPS, (tx.tenant_id, list(users)))
    return [
        Member(user_no=row[0], group_no=row[1], since=row[2]) for row in await cursor.fetchall()
    ]


async def failing_sources(tx: Transaction, users: Sequence[UserNo]) -> list[FailingSource]:
    """Which sources of these people do not give what they say."""
    cursor = await tx.connection.execute(_FAILING, (tx.tenant_id, list(users)))
    return [
        FailingSource(
            user_no=row[0], sku=row[1], source_kind=row[2], source_no=row[3], reason=row[4]
        )
        for row in await cursor.fetchall()
    ]
