"""Whether a rule takes one person in, and what each of its clauses says of them.

This is the specification of the language: `many.py` gives the same answers for a million.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from seatwright.domain.rules.patterns import compile_pattern
from seatwright.domain.rules.printing import print_condition, print_rule
from seatwright.domain.rules.properties import Kind, Origin, Source
from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    DirectReports,
    MemberOf,
    Moment,
    Not,
    Operand,
    Operator,
    Or,
    Quantified,
    Quantifier,
    Rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedPlan:
    """A service plan that somebody may use, as rules see it (DYN-046)."""

    service_plan_id: str
    service: str
    capability_status: str = "Enabled"


Plain = str | bool | datetime | None
Held = Plain | tuple[str, ...] | tuple[AssignedPlan, ...]
"""What a property holds of one person; several texts or service plans are a tuple, maybe empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What rules ask of one person: values by source, their manager, and the groups they are in.

    A source that is not among the values has none. `groups` are those they are directly in.
    """

    values: Mapping[Source, Held]
    manager: UUID | None = None
    groups: frozenset[UUID] = frozenset()


def takes_in(rule: Rule, facts: Facts, *, now: datetime) -> bool:
    """Whether a rule takes a person in."""
    match rule:
        case DirectReports():
            return facts.manager == rule.manager
        case MemberOf():
            return not facts.groups.isdisjoint(rule.groups)
        case _:
            return _holds(rule, facts, now)


def _holds(condition: Condition, facts: Facts, now: datetime) -> bool:
    match condition:
        case Comparison() | Quantified():
            return tester(condition, now=now)(facts.values.get(condition.property.source))
        case Not():
            return not _holds(condition.condition, facts, now)
        case And():
            return all(_holds(one, facts, now) for one in condition.conditions)
        case Or():
            return any(_holds(one, facts, now) for one in condition.conditions)
        case _:
            assert_never(condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What a part of a rule says of a person: its text, whether it holds, and the value it met.

    `property` is named, and `value` given, where the part looks at one; the parts of a joined
    condition are its `clauses`, and `joint` is what joins or denies them: -and, -or or -not.
    """

    expression: str
    holds: bool
    property: str | None = None
    value: Held = None
    clauses: tuple[Clause, ...] = ()
    joint: str | None = None


def account_of(rule: Rule, facts: Facts, *, now: datetime) -> Clause:
    """What a rule and each of its clauses say of a person (DYN-012, DYN-013)."""
    match rule:
        case DirectReports() | MemberOf():
            holds = takes_in(rule, facts, now=now)
            return Clause(expression=print_rule(rule), holds=holds)
        case _:
            return _account(rule, facts, now)


def _account(condition: Condition, facts: Facts, now: datetime) -> Clause:
    holds = _holds(condition, facts, now)
    expression = print_condition(condition)
    match condition:
        case Comparison() | Quantified():
            return Clause(
                expression=expression,
                holds=holds,
                property=condition.property.name,
                value=facts.values.get(condition.property.source),
            )
        case Not():
            joint = "-not"
            clauses = [_account(condition.condition, facts, now)]
        case And() | Or():
            joint = "-and" if isinstance(condition, And) else "-or"
            clauses = [_account(one, facts, now) for one in condition.conditions]
        case _:
            assert_never(condition)
    return Clause(expression=expression, holds=holds, clauses=tuple(clauses), joint=joint)


def deciding(account: Clause) -> tuple[str, ...]:
    """The clauses by which a rule holds: the first that does of -or, every one of -and."""
    match account.joint:
        case "-or":
            return deciding(next(one for one in account.clauses if one.holds))
        case "-and":
            return tuple(text for one in account.clauses for text in deciding(one))
        case _:
            return (account.expression,)


Test = Callable[[Held], bool]


def tester(leaf: Comparison | Quantified, *, now: datetime) -> Test:
    """The test of what a property holds; the same for one person and for every distinct value."""
    if isinstance(leaf, Comparison):
        return _comparing(leaf, now)
    part = _part_tester(leaf.condition, now)
    if leaf.quantifier is Quantifier.ANY:
        return lambda held: any(part(one) for one in _several(held))
    return lambda held: all(part(one) for one in _several(held))


def _several(held: Held) -> tuple[str, ...] | tuple[AssignedPlan, ...]:
    return held if isinstance(held, tuple) else ()


Part = str | AssignedPlan


def _part_tester(condition: Condition, now: datetime) -> Callable[[Part], bool]:
    match condition:
        case Comparison():
            test, source = _comparing(condition, now), condition.property.source
            return lambda part: test(_of_part(part, source))
        case Not():
            denied = _part_tester(condition.condition, now)
            return lambda part: not denied(part)
        case And():
            every = [_part_tester(one, now) for one in condition.conditions]
            return lambda part: all(test(part) for test in every)
        case Or():
            some = [_part_tester(one, now) for one in condition.conditions]
            return lambda part: any(test(part) for test in some)
        case Quantified():
            raise AssertionError("a quantified condition holds no other one")
        case _:
            assert_never(condition)


def _of_part(part: Part, source: Source) -> str | None:
    if isinstance(part, str):
        return part
    match source:
        case Origin.PLAN_ID:
            return part.service_plan_id
        case Origin.PLAN_SERVICE:
            return part.service
        case _:
            return part.capability_status


def _comparing(leaf: Comparison, now: datetime) -> Test:
    """The test of a comparison; of several texts one that passes is enough, to deny takes all."""
    affirmed = leaf.operator.opposite
    test = _affirming(affirmed or leaf.operator, leaf.operand, now)
    if leaf.property.kind is Kind.TEXTS:
        test = _over_texts(test, is_null=leaf.operand is None)
    if affirmed is None:
        return test
    return lambda held: not test(held)


def _over_texts(test: Test, *, is_null: bool) -> Test:
    if is_null:
        return lambda held: not _several(held)
    return lambda held: any(test(one) for one in _several(held) if isinstance(one, str))


def _affirming(operator: Operator, operand: Operand, now: datetime) -> Test:
    """The test of an operator that affirms: what is not there passes only `-eq null`."""
    match operand:
        case None:
            return lambda held: held is None
        case bool():
            return lambda held: held is operand
        case Moment():
            return _timing(operator, operand.seen_from(now))
        case tuple():
            keys = frozenset(map(folded, operand))
            return lambda held: isinstance(held, str) and folded(held) in keys
        case str():
            return _texting(operator, operand)
        case _:
            assert_never(operand)


def _timing(operator: Operator, at: datetime) -> Test:
    match operator:
        case Operator.LE:
            return lambda held: isinstance(held, datetime) and held <= at
        case Operator.GE:
            return lambda held: isinstance(held, datetime) and held >= at
        case _:
            return lambda held: held == at


def _texting(operator: Operator, operand: str) -> Test:
    if operator is Operator.MATCH:
        search = compile_pattern(operand)
        return lambda held: isinstance(held, str) and search(held)
    key = folded(operand)
    match operator:
        case Operator.STARTS_WITH:
            return lambda held: isinstance(held, str) and folded(held).startswith(key)
        case Operator.ENDS_WITH:
            return lambda held: isinstance(held, str) and folded(held).endswith(key)
        case Operator.CONTAINS:
            return lambda held: isinstance(held, str) and key in folded(held)
        case _:
            return lambda held: isinstance(held, str) and folded(held) == key


def folded(text: str) -> str:
    """The form in which rules compare texts: in any case (DYN-024); blanks count."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold()
