"""What a rule asks of people, so that a change of a person meets only the rules that mention it."""

from __future__ import annotations

from typing import Final

from seatwright.domain.directory import UserField
from seatwright.domain.rules.properties import Origin, Source
from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    DirectReports,
    MemberOf,
    Moment,
    Not,
    Or,
    Quantified,
    Rule,
    leaves,
)

MANAGER: Final = "manager"
MEMBER_OF: Final = "memberOf"
LICENSES: Final = "assignedPlans"
TIME: Final = "now"

# What a property is made of, where it is not the field itself.
_MADE_OF: Final[dict[Source, tuple[str, ...]]] = {
    Origin.PROXY_ADDRESSES: (UserField.MAIL.value,),
    UserField.MAIL_NICKNAME: (UserField.MAIL_NICKNAME.value, UserField.USER_PRINCIPAL_NAME.value),
    Origin.NOWHERE: (Origin.ID.value,),
}


def questions_of(rule: Rule) -> frozenset[str]:
    """The fields of a person on which a rule depends, or `manager`, `memberOf`, and so on.

    A rule that compares with system.now also depends on the time.
    """
    match rule:
        case DirectReports():
            return frozenset({MANAGER})
        case MemberOf():
            return frozenset({MEMBER_OF})
        case _:
            asked: set[str] = {TIME} if depends_on_time(rule) else set()
            for source in sources_of(rule):
                asked.update(_MADE_OF.get(source, (source.value,)))
            return frozenset(asked)


def sources_of(condition: Condition) -> frozenset[Source]:
    """The sources of the properties that a condition looks at."""
    return frozenset(leaf.property.source for leaf in leaves(condition))


def values_asked(condition: Condition) -> dict[Source, bool]:
    """Each source, and whether its values are asked, or only whether there is one (-eq null)."""
    asked: dict[Source, bool] = {}
    for leaf in leaves(condition):
        is_null = isinstance(leaf, Comparison) and leaf.operand is None
        asked[leaf.property.source] = asked.get(leaf.property.source, False) or not is_null
    return asked


def depends_on_time(condition: Condition) -> bool:
    """Whether a condition may hold tomorrow where it does not today, with nobody changed."""
    match condition:
        case Comparison():
            return isinstance(condition.operand, Moment) and condition.operand.moves
        case Quantified() | Not():
            return depends_on_time(condition.condition)
        case And() | Or():
            return any(depends_on_time(one) for one in condition.conditions)
