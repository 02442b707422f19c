"""A membership rule as a tree. Two rules that mean the same letter by letter have equal trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, unique
from uuid import UUID

from seatwright.domain.rules.properties import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in the text of a rule; both count from 1."""

    line: int = 1
    column: int = 1


@unique
class Operator(StrEnum):
    """Every operator that compares; the value is the canonical spelling."""

    EQ = "-eq"
    NE = "-ne"
    STARTS_WITH = "-startsWith"
    NOT_STARTS_WITH = "-notStartsWith"
    ENDS_WITH = "-endsWith"
    NOT_ENDS_WITH = "-notEndsWith"
    CONTAINS = "-contains"
    NOT_CONTAINS = "-notContains"
    MATCH = "-match"
    NOT_MATCH = "-notMatch"
    IN = "-in"
    NOT_IN = "-notIn"
    LE = "-le"
    GE = "-ge"

    @property
    def opposite(self) -> Operator | None:
        """The operator that this one denies; None for one that affirms."""
        return _DENIES.get(self)


_DENIES = {
    Operator.NE: Operator.EQ,
    Operator.NOT_STARTS_WITH: Operator.STARTS_WITH,
    Operator.NOT_ENDS_WITH: Operator.ENDS_WITH,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_MATCH: Operator.MATCH,
    Operator.NOT_IN: Operator.IN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time: a fixed one, or now with a distance. `duration` is the distance as it is written."""

    at: datetime | None = None
    away: timedelta = timedelta(0)
    duration: str = ""

    def seen_from(self, now: datetime) -> datetime:
        """The time that is meant, at a moment."""
        return self.at if self.at is not None else now + self.away

    @property
    def moves(self) -> bool:
        """Whether it is another time tomorrow."""
        return self.at is None


Operand = str | bool | Moment | tuple[str, ...] | None
"""What a property is compared with; None is null, a tuple the list of -in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A property, an operator and a value."""

    property: Property
    operator: Operator
    operand: Operand
    place: Place = field(default_factory=Place, compare=False)


@unique
class Quantifier(StrEnum):
    """How many of several must meet a condition; all of none do (DYN-034)."""

    ANY = "-any"
    ALL = "-all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantified:
    """A condition on the parts of a property that holds several."""

    property: Property
    quantifier: Quantifier
    condition: Condition
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of a condition."""

    condition: Condition
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of two or more conditions."""

    conditions: tuple[Condition, ...]
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """At least one of two or more conditions."""

    conditions: tuple[Condition, ...]
    place: Place = field(default_factory=Place, compare=False)


Condition = Comparison | Quantified | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectReports:
    """Everybody whose manager is this person; one level, and alone in its rule."""

    manager: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOf:
    """Everybody who is directly in one of these groups; alone in its rule (DYN-060 to 064)."""

    groups: tuple[UUID, ...]


Rule = Condition | DirectReports | MemberOf


def leaves(condition: Condition) -> Iterator[Comparison | Quantified]:
    """The parts of a condition that look at a property of the person, in order."""
    match condition:
        case Comparison() | Quantified():
            yield condition
        case Not():
            yield from leaves(condition.condition)
        case And() | Or():
            for one in condition.conditions:
                yield from leaves(one)
