"""Membership rules as bodies of groups hold them: `groupTypes`, the rule, and whether it is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seatwright.app.dynamic.rules import RuleOrder
from seatwright.web.graph.envelope import bad_request

UNIFIED: Final = "unified"
DYNAMIC: Final = "dynamicmembership"
RULE_NAMES: Final = frozenset({"grouptypes", "membershiprule", "membershipruleprocessingstate"})

_STATES: Final = {"on": False, "paused": True}
"""Whether a rule is paused, by Graph's word for it (DYN-009)."""


def types_in(body: Mapping[str, Any]) -> frozenset[str]:
    """The `groupTypes` of a body, in lower case.

    Raises GraphError 400 for what is none of Graph's two.
    """
    types = body.get("grouptypes") or []
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise bad_request("Invalid value specified for property 'groupTypes' of resource 'Group'.")
    for one in types:
        if one.casefold() not in {UNIFIED, DYNAMIC}:
            raise bad_request(
                f"groupTypes takes 'Unified' and 'DynamicMembership', and not '{one[:40]}'."
            )
    return frozenset(one.casefold() for one in types)


def first_rule(body: Mapping[str, Any]) -> RuleOrder | None:
    """The rule that a new group is to have; None for a static one."""
    is_dynamic, rule = DYNAMIC in types_in(body), _rule(body)
    if is_dynamic is not (rule is not None):
        raise bad_request(
            "A dynamic group has 'DynamicMembership' among its groupTypes and a membershipRule:"
            " give both or neither."
        )
    return RuleOrder(text=rule, is_paused=_is_paused(body)) if is_dynamic else None


def changed_rule(body: Mapping[str, Any], *, was_dynamic: bool) -> RuleOrder | None:
    """What a change of a group says of its rule; None: nothing."""
    rule, is_paused = _rule(body), _is_paused(body)
    is_dynamic = DYNAMIC in types_in(body) if "grouptypes" in body else was_dynamic
    if not is_dynamic:
        if rule is not None or is_paused is not None:
            raise bad_request(
                "Only a group with 'DynamicMembership' among its groupTypes has a membershipRule."
            )
        return RuleOrder() if was_dynamic else None
    if rule is not None:
        return RuleOrder(text=rule, is_paused=is_paused)
    if "membershiprule" in body or not was_dynamic:
        raise bad_request("A dynamic group needs a membershipRule.")
    return None if is_paused is None else RuleOrder(is_paused=is_paused, keeps_text=True)


def _rule(body: Mapping[str, Any]) -> str | None:
    rule = body.get("membershiprule")
    if rule is not None and not isinstance(rule, str):
        raise bad_request(
            "Invalid value specified for property 'membershipRule' of resource 'Group'."
        )
    return rule or None


def _is_paused(body: Mapping[str, Any]) -> bool | None:
    state = body.get("membershipruleprocessingstate")
    if state is None:
        return None
    if not isinstance(state, str) or state.casefold() not in _STATES:
        raise bad_request("membershipRuleProcessingState is 'On' or 'Paused'.")
    return _STATES[state.casefold()]
