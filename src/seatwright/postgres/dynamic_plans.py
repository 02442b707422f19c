"""The service plans of people as rules see them: which are on, of which service, in which state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from seatwright.domain.catalog import CapabilityStatus
from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo
from seatwright.domain.rules.one import AssignedPlan
from seatwright.postgres.transaction import Transaction

BEST_FIRST: Final = (
    CapabilityStatus.ENABLED,
    CapabilityStatus.WARNING,
    CapabilityStatus.SUSPENDED,
    CapabilityStatus.LOCKED_OUT,
    CapabilityStatus.DELETED,
)
"""What a service plan can do for somebody, the best first (USR-007)."""

_RANK_BITS: Final = 32
"""A kind of license is the rank of its product's state, then the number of its service-plan set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWords:
    """What service plans and states of products are called: id and service by number.

    `states` are those of products that are not Enabled.
    """

    plans: Mapping[int, tuple[UUID, str]]
    states: Mapping[SkuNo, CapabilityStatus] = field(default_factory=dict)

    def ranks(self) -> tuple[list[int], list[int]]:
        """The products that are not Enabled, and how bad the state of each is."""
        return list(self.states), [BEST_FIRST.index(state) for state in self.states.values()]

    def spell(
        self, kinds: Iterable[int], bits: Mapping[ServicePlanSetId, ServicePlanBits]
    ) -> tuple[AssignedPlan, ...]:
        """The plans of somebody who holds licenses of these kinds, each in its best state."""
        left = dict(self.plans)
        found: dict[int, AssignedPlan] = {}
        for kind in sorted(kinds):
            rank, set_id = divmod(kind, 1 << _RANK_BITS)
            held = bits[ServicePlanSetId(set_id)]
            for number in [one for one in left if held >> one & 1]:
                id_, service = left.pop(number)
                found[number] = AssignedPlan(
                    service_plan_id=str(id_),
                    service=service,
                    capability_status=BEST_FIRST[rank].value,
                )
        return tuple(found[number] for number in sorted(found))


_KINDS = f"""
select l.user_no, array_agg(distinct (coalesce(s.rank, 0)::int8 << {_RANK_BITS}) + l.enabled_set)
  from effective_license l
  left join unnest(%s::int2[], %s::int2[]) s (sku_no, rank) on s.sku_no = l.sku_no
 where l.tenant_id = %s
"""


async def plans_between(
    tx: Transaction, words: PlanWords, first: int, last: int
) -> list[tuple[tuple[AssignedPlan, ...], bytes]]:
    """The plans of people with numbers in a range, each kind of holding once, and who has it."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select held.kinds, string_agg(int4send(held.user_no), ''::bytea) from ("
        f"{_KINDS} and l.user_no between %s and %s group by l.user_no) held (user_no, kinds)"
        " group by held.kinds",
        (*words.ranks(), tx.tenant_id, first, last),
    )
    rows = await cursor.fetchall()
    bits = await _bits(tx, (row[0] for row in rows))
    return [(words.spell(kinds, bits), packed) for kinds, packed in rows]


async def plans_of_few(
    tx: Transaction, words: PlanWords, users: Sequence[int]
) -> dict[int, tuple[AssignedPlan, ...]]:
    """The plans of a few people."""
    cursor = await tx.connection.cursor(binary=True).execute(
        f"{_KINDS} and l.user_no = any(%s) group by l.user_no",
        (*words.ranks(), tx.tenant_id, list(users)),
    )
    rows = await cursor.fetchall()
    bits = await _bits(tx, (row[1] for row in rows))
    return {user: words.spell(kinds, bits) for user, kinds in rows}


async def _bits(
    tx: Transaction, kinds: Iterable[Iterable[int]]
) -> Mapping[ServicePlanSetId, ServicePlanBits]:
    sets = {kind % (1 << _RANK_BITS) for some in kinds for kind in some}
    return await tx.plan_set_bits({ServicePlanSetId(one) for one in sets})
