"""What the members of each group are wished, through groups inside groups where those count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.ids import GroupNo
from seatwright.domain.nesting import Nesting, groups_above
from seatwright.domain.reconcile.columns import GroupWish
from seatwright.domain.reconcile.world import Wish
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.transaction import Transaction

GroupWishes = Mapping[GroupNo, tuple[GroupWish, ...]]
"""By the group that people are members of; groups that give nothing are left out."""


# Reading some thousands of wishes takes a tenth of a second, and each slice of a plan wants to know
# only whether they are still the same.
_MARK: Final = """
select (select sum(hash_record_extended(row(group_no, sku_no, disabled_set, strategy, priority,
                   created_at, starts_at, expires_at), 0))
          from assignment where tenant_id = %(tenant)s and group_no is not null),
       (select sum(hash_record_extended(row(child_no, parent_no, since), 0))
          from group_nesting where tenant_id = %(tenant)s)
"""


async def mark_of_group_wishes(tx: Transaction) -> tuple[object, ...]:
    """A mark of all that groups give and of their nesting: another one when any of it changes."""
    cursor = await tx.connection.execute(_MARK, {"tenant": tx.tenant_id})
    row = await cursor.fetchone()
    assert row is not None, "two sums are one row"
    return row


async def read_group_wishes(tx: Transaction, *, nested: bool) -> GroupWishes:
    """Read what every group gives its members: a tenant's licensed groups are some thousands."""
    own = await _own_wishes(tx)
    wishes: dict[GroupNo, list[GroupWish]] = defaultdict(list)
    for group, given in own.items():
        wishes[group] += [GroupWish(wish=wish) for wish in given]
    above = groups_above(await _nestings(tx)) if nested else {}
    for group, parents in above.items():
        for parent, since in sorted(parents.items()):
            wishes[group] += [GroupWish(wish=wish, since=since) for wish in own.get(parent, ())]
    return {group: tuple(given) for group, given in wishes.items() if given}


async def _own_wishes(tx: Transaction) -> Mapping[GroupNo, list[Wish]]:
    cursor = await tx.connection.execute(
        "select group_no, sku_no, disabled_set, strategy, priority, created_at, starts_at,"
        " expires_at from assignment where tenant_id = %s and group_no is not null"
        " order by group_no, sku_no",
        (tx.tenant_id,),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({row[2] for row in rows})
    wishes: dict[GroupNo, list[Wish]] = defaultdict(list)
    for group, sku, disabled, strategy, priority, at, starts, expires in rows:
        wishes[group].append(
            Wish(
                sku=sku,
                source=Source(kind=SourceKind.GROUP, no=group),
                strategy=STRATEGY_OF_CODE[strategy],
                disabled=bits[disabled],
                priority=priority,
                assigned_at=at,
                starts_at=starts,
                expires_at=expires,
            )
        )
    return wishes


async def _nestings(tx: Transaction) -> tuple[Nesting, ...]:
    cursor = await tx.connection.execute(
        "select child_no, parent_no, since from group_nesting where tenant_id = %s",
        (tx.tenant_id,),
    )
    return tuple(
        Nesting(child=child, parent=parent, since=since)
        for child, parent, since in await cursor.fetchall()
    )
