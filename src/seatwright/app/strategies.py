"""The five ways of assigning: which are in use here, and which would serve better (T-012 to T-014).

Facts: source 000. The advice goes by what is in use and says why; nothing is ever changed by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.app.auto_claim.policies import list_policies
from seatwright.app.call import Call
from seatwright.app.idle_people import IDLE_AFTER
from seatwright.domain.assignments import Strategy
from seatwright.domain.settings import setting_value
from seatwright.postgres.attention import count_idle_holders
from seatwright.postgres.strategies import count_giving_groups, count_strategies

LOOKED_AT: Final = 20_000
"""Licenses that are looked at; with fewer than that the figures are exact."""

IDLE_LOOKED_AT: Final = 1_000
_IDLE_MUCH: Final = 0.1


@unique
class Advice(StrEnum):
    """What would serve better than what is done now."""

    FINE = "fine"
    """What is in use fits the size of the organization."""

    USE_GROUPS = "useGroups"
    """More is done by hand than the organization wants (its setting bulkAdviceAbove)."""

    USE_ON_DEMAND = "useOnDemand"
    """One license in ten, or more, is held by somebody who has not signed in for 90 days."""

    NOTHING_YET = "nothingYet"
    """Nobody holds anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategiesInUse:
    """How licenses came about, and what that says.

    `counts` are those of `total` licenses; `is_all` says that these are all there are.
    """

    counts: dict[Strategy, int]
    total: int
    is_all: bool
    groups: int
    policies: int
    idle: int
    by_hand_max: int
    advice: Advice


async def strategies_in_use(call: Call) -> StrategiesInUse:
    """Look at some of what is held, and at what gives it."""
    counts = await count_strategies(call.tx, looked_at=LOOKED_AT)
    total = sum(counts.values())
    by_hand_max = setting_value(call.tenant.settings, "bulkAdviceAbove")
    assert isinstance(by_hand_max, int), "the setting is a number"
    idle = await count_idle_holders(call.tx, before=call.now - IDLE_AFTER, looked_at=IDLE_LOOKED_AT)
    return StrategiesInUse(
        counts=counts,
        total=total,
        is_all=total < LOOKED_AT,
        groups=await count_giving_groups(call.tx, limit=IDLE_LOOKED_AT),
        policies=sum(one.policy.is_on for one in await list_policies(call)),
        idle=idle,
        by_hand_max=by_hand_max,
        advice=_advice(counts.get(Strategy.MANUAL, 0), total, idle=idle, by_hand_max=by_hand_max),
    )


def _advice(by_hand: int, total: int, *, idle: int, by_hand_max: int) -> Advice:
    if not total:
        return Advice.NOTHING_YET
    if by_hand > by_hand_max:
        return Advice.USE_GROUPS
    return Advice.USE_ON_DEMAND if idle >= max(1, total * _IDLE_MUCH) else Advice.FINE
