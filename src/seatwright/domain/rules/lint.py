"""Advice on rules that say what they mean and could say it cheaper or clearer (DYN-070)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.rules.one import folded
from seatwright.domain.rules.printing import print_condition
from seatwright.domain.rules.properties import Kind, Origin, Property
from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    DirectReports,
    MemberOf,
    Not,
    Operator,
    Or,
    Place,
    Quantified,
    Rule,
    leaves,
)


@unique
class Advice(StrEnum):
    """The kinds of advice."""

    USE_IN = "useIn"
    USE_NOT_IN = "useNotIn"
    SAID_TWICE = "saidTwice"
    NEVER_TRUE = "neverTrue"
    ALWAYS_TRUE = "alwaysTrue"
    SIMPLER_OPERATOR = "simplerOperator"
    COSTLY_OPERATOR = "costlyOperator"
    DENIED_TWICE = "deniedTwice"
    NULL_NOT_LISTED = "nullNotListed"
    NOBODY_HAS_IT = "nobodyHasIt"
    FOLLOWS_LICENSES = "followsLicenses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One piece of advice: where, in words, and what could stand there instead, if that is sure."""

    advice: Advice
    message: str
    place: Place
    instead: str | None = None


def remarks_on(rule: Rule) -> tuple[Remark, ...]:
    """Everything that could be said better, in the order of the text."""
    if isinstance(rule, (DirectReports, MemberOf)):
        return ()
    found = list(_remarks(rule))
    return tuple(sorted(found, key=lambda one: (one.place.line, one.place.column)))


def _remarks(condition: Condition) -> Iterator[Remark]:
    match condition:
        case Comparison():
            yield from _on_comparison(condition)
        case Quantified():
            yield from _on_quantified(condition)
        case Not():
            yield from _on_denial(condition)
            yield from _remarks(condition.condition)
        case And() | Or():
            yield from _on_joined(condition)
            for one in condition.conditions:
                yield from _remarks(one)


def _on_joined(joined: And | Or) -> Iterator[Remark]:
    seen: set[Condition] = set()
    for one in joined.conditions:
        if one in seen:
            yield Remark(
                advice=Advice.SAID_TWICE,
                message=f"{print_condition(one)} stands here before: leave it out.",
                place=one.place,
            )
        seen.add(one)
    yield from _chains(joined)
    if isinstance(joined, And):
        yield from _contradictions(joined)


def _chains(joined: And | Or) -> Iterator[Remark]:
    """Chains of -eq joined with -or, and of -ne joined with -and, on one property."""
    wanted = Operator.EQ if isinstance(joined, Or) else Operator.NE
    chains: dict[Property, list[Comparison]] = defaultdict(list)
    for one in joined.conditions:
        is_link = isinstance(one, Comparison) and one.operator is wanted
        if is_link and isinstance(one, Comparison) and isinstance(one.operand, str):
            chains[one.property].append(one)
    for property_, chain in chains.items():
        if len(chain) < 2:
            continue
        operator = Operator.IN if wanted is Operator.EQ else Operator.NOT_IN
        values = tuple(dict.fromkeys(str(one.operand) for one in chain))
        listed = Comparison(property=property_, operator=operator, operand=values)
        yield Remark(
            advice=Advice.USE_IN if wanted is Operator.EQ else Advice.USE_NOT_IN,
            message=f"{len(chain)} comparisons of {property_} are one with {operator}.",
            place=chain[0].place,
            instead=print_condition(listed),
        )


def _contradictions(joined: And) -> Iterator[Remark]:
    first: dict[Property, Comparison] = {}
    for one in joined.conditions:
        if not isinstance(one, Comparison) or one.operator is not Operator.EQ:
            continue
        other = first.setdefault(one.property, one)
        if one.property.kind is not Kind.TEXTS and _key(one) != _key(other):
            yield Remark(
                advice=Advice.NEVER_TRUE,
                message=f"{one.property} cannot be both: nobody is ever taken in. Did you mean"
                " -or?",
                place=one.place,
            )


def _key(one: Comparison) -> object:
    return folded(one.operand) if isinstance(one.operand, str) else one.operand


def _on_denial(denial: Not) -> Iterator[Remark]:
    inner = denial.condition
    if isinstance(inner, Not):
        yield Remark(
            advice=Advice.DENIED_TWICE,
            message="Two -not come to nothing: leave both out.",
            place=denial.place,
            instead=print_condition(inner.condition),
        )
    elif isinstance(inner, Comparison):
        opposites = {one.opposite: one for one in Operator if one.opposite is not None}
        opposite = inner.operator.opposite or opposites.get(inner.operator)
        if opposite is not None:
            said = Comparison(property=inner.property, operator=opposite, operand=inner.operand)
            yield Remark(
                advice=Advice.SIMPLER_OPERATOR,
                message=f"-not before {inner.operator} is {opposite}.",
                place=denial.place,
                instead=print_condition(said),
            )


_PLAIN_PATTERN: Final = re.compile(r"(?P<start>\^)?(?P<text>[\w @'-]+)(?P<end>\$)?")
_BY_ANCHORS: Final = {
    (True, True): Operator.EQ,
    (True, False): Operator.STARTS_WITH,
    (False, True): Operator.ENDS_WITH,
    (False, False): Operator.CONTAINS,
}
_COSTLY: Final = frozenset(
    {Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.MATCH, Operator.NOT_MATCH}
)


def _on_comparison(one: Comparison) -> Iterator[Remark]:
    yield from _on_null(one)
    if one.property.source is Origin.NOWHERE:
        yield Remark(
            advice=Advice.NOBODY_HAS_IT,
            message=f"{one.property} is kept of nobody here, so that it is null for everybody.",
            place=one.place,
        )
    if one.operator in {Operator.MATCH, Operator.NOT_MATCH}:
        simpler = _simpler(one)
        if simpler is not None:
            yield Remark(
                advice=Advice.SIMPLER_OPERATOR,
                message=f"The pattern is a plain text: {simpler.operator} is cheaper.",
                place=one.place,
                instead=print_condition(simpler),
            )
            return
    if one.operator in _COSTLY and one.operand != "":
        yield Remark(
            advice=Advice.COSTLY_OPERATOR,
            message=f"{one.operator} looks through every value: -eq is best and -startsWith"
            " second best, where they can say it.",
            place=one.place,
        )
    elif one.operand == "" and one.operator not in {Operator.EQ, Operator.NE}:
        yield Remark(
            advice=Advice.ALWAYS_TRUE,
            message=f'Every text has "" in it: ask {one.property} -ne null instead.',
            place=one.place,
        )


def _simpler(one: Comparison) -> Comparison | None:
    found = _PLAIN_PATTERN.fullmatch(str(one.operand))
    if found is None:
        return None
    operator = _BY_ANCHORS[found["start"] is not None, found["end"] is not None]
    if one.operator is Operator.NOT_MATCH:
        operator = next(other for other in Operator if other.opposite is operator)
    return Comparison(property=one.property, operator=operator, operand=found["text"])


def _on_null(one: Comparison) -> Iterator[Remark]:
    is_everybody = one.property.source is Origin.ID and one.operator is Operator.NE
    if one.operand is None and not one.property.lists_null and not is_everybody:
        yield Remark(
            advice=Advice.NULL_NOT_LISTED,
            message=f"Microsoft lists no null among the values of {one.property}, so that the same"
            " rule may be refused there.",
            place=one.place,
        )


def _on_quantified(one: Quantified) -> Iterator[Remark]:
    if one.property.kind is Kind.PLANS:
        yield Remark(
            advice=Advice.FOLLOWS_LICENSES,
            message="The rule depends on licenses: where another group gives them, a change there"
            " changes this group too, and what it gives (GBL-055).",
            place=one.place,
        )
    if len(list(leaves(one.condition))) > 1:
        for inner in _remarks(one.condition):
            if inner.advice in {Advice.USE_IN, Advice.USE_NOT_IN, Advice.SAID_TWICE}:
                yield inner
