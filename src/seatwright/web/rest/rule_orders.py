"""What bodies say of a group's membership rule, in Graph's names."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, UnsetType

from seatwright.app.dynamic.rules import RuleOrder
from seatwright.domain.directory import DynamicState
from seatwright.domain.errors import Reason, Refusal

_STATES: Final = {"on": False, "paused": True}


def rule_order(rule: str | UnsetType | None, state: str | UnsetType | None) -> RuleOrder | None:
    """What a body wants of a rule; None: nothing.

    Raises Refusal invalidValue for a processing state there is not.
    """
    if rule is UNSET and state is UNSET:
        return None
    is_paused: bool | None = None
    if isinstance(state, str):
        is_paused = _STATES.get(state.casefold())
        if is_paused is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"membershipRuleProcessingState is “{state:.60}”: give On or Paused.",
                context={"field": "membershipRuleProcessingState"},
            )
    if isinstance(rule, UnsetType):
        return RuleOrder(is_paused=is_paused, keeps_text=True)
    return RuleOrder(text=rule, is_paused=is_paused)


def state_of(dynamic: DynamicState | None) -> str | None:
    """The processing state as Graph writes it (DYN-009); None for a static group."""
    if dynamic is None:
        return None
    return "Paused" if dynamic.is_paused else "On"
