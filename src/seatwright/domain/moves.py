"""Moves: people change the way they come by a license, or the product, and never lack both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any, cast

from seatwright.domain.assignments import Strategy
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo


@unique
class MoveKind(StrEnum):
    """From what to what people move."""

    DIRECT_TO_GROUP = "directToGroup"
    """They join a group that gives the product, and their own assignment goes (T-080)."""

    GROUP_TO_GROUP = "groupToGroup"
    """They leave one group for another (GBL-070)."""

    PRODUCT_TO_PRODUCT = "productToProduct"
    """They get another product in place of the one they have (GBL-047)."""


@unique
class Surplus(StrEnum):
    """What becomes of people for whom service plans would go off that are on now (GBL-076)."""

    SKIP = "skip"
    """They are not moved."""

    KEEP_DIRECT = "keepDirect"
    """They join the group and keep their own assignment beside it."""

    ADD_TO_GROUP = "addToGroup"
    """The group's license switches those service plans on, for all its members."""


@unique
class Phase(StrEnum):
    """How far a move is; only one that changes what groups give has the first."""

    BRIDGING = "bridging"
    """Members get an assignment of their own of the old product, so that the group may change."""

    MOVING = "moving"
    """People move, slice by slice."""

    WAITING = "waiting"
    """Everybody had a turn; whoever could not be moved is tried again now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """What holds for all rows of a move; kept in the job itself.

    `old_sku` is the product that people move from, and `new_sku` the one they move to: the same
    one from an assignment of their own to a group, and none between groups. `groups` are those
    whose own license changes from the one product to the other. `disabled` None: the service plan
    choice goes along. `strategies` are the assignments that the administrator chose to move
    (T-203). `waits`: who cannot be moved yet stays a row of the job until they can (T-122).
    `tried` is where the round among those who wait is.
    """

    kind: MoveKind
    old_sku: SkuNo | None = None
    new_sku: SkuNo | None = None
    old_group: GroupNo | None = None
    new_group: GroupNo | None = None
    groups: tuple[GroupNo, ...] = ()
    disabled: ServicePlanBits | None = None
    surplus: Surplus = Surplus.SKIP
    strategies: frozenset[Strategy] = frozenset({Strategy.MANUAL})
    waits: bool = False
    phase: Phase = Phase.MOVING
    tried: int = -1
    report: Mapping[str, object] = field(default_factory=dict)

    def params(self) -> dict[str, object]:
        """The form in which a job keeps it; service plans are hexadecimal text."""
        return {
            "kind": self.kind.value,
            "oldSku": self.old_sku,
            "newSku": self.new_sku,
            "oldGroup": self.old_group,
            "newGroup": self.new_group,
            "groups": list(self.groups),
            "disabled": None if self.disabled is None else f"{self.disabled:x}",
            "surplus": self.surplus.value,
            "strategies": sorted(self.strategies),
            "waits": self.waits,
            "phase": self.phase.value,
            "tried": self.tried,
            "report": dict(self.report),
        }


def move_of(params: Mapping[str, object]) -> MoveOrder:
    """The order that a job keeps: the way back from `MoveOrder.params`."""
    kept = cast(Mapping[str, Any], params)
    disabled = kept["disabled"]
    return MoveOrder(
        kind=MoveKind(kept["kind"]),
        old_sku=kept["oldSku"],
        new_sku=kept["newSku"],
        old_group=kept["oldGroup"],
        new_group=kept["newGroup"],
        groups=tuple(kept["groups"]),
        disabled=None if disabled is None else ServicePlanBits(int(disabled, 16)),
        surplus=Surplus(kept["surplus"]),
        strategies=frozenset(Strategy(one) for one in kept["strategies"]),
        waits=kept["waits"],
        phase=Phase(kept["phase"]),
        tried=kept["tried"],
        report=kept["report"],
    )
