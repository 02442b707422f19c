"""Rules that nobody thought of: round trips, one against many, and 10,000 that are malformed."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.domain.rules.checking import OPERATORS_OF
from seatwright.domain.rules.lint import remarks_on
from seatwright.domain.rules.many import taken_in
from seatwright.domain.rules.one import AssignedPlan, Facts, Held, takes_in
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.printing import print_rule
from seatwright.domain.rules.problems import RuleRefusal
from seatwright.domain.rules.properties import (
    ELEMENT,
    PLAN_PROPERTIES,
    PROPERTIES,
    Kind,
    Property,
    Source,
)
from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    Moment,
    Not,
    Operand,
    Operator,
    Or,
    Quantified,
    Quantifier,
)
from tests.domain.rules.people import NOW, people_of

# Few letters, so that values meet; with everything that quoting has to survive.
TEXTS = st.text(alphabet="aAbß \"'\\`^.", max_size=4)
MOMENTS = st.one_of(
    st.integers(-3, 3).map(lambda days: Moment(at=NOW + timedelta(days=days))),
    st.integers(0, 3).map(
        lambda days: Moment(away=timedelta(days=days), duration=f"-plus p{days}d")
    ),
)
PATTERNS = st.sampled_from(["^a", "b$", "a.b", "[ab]+", "", "ß", "a|\\."])


@st.composite
def _comparisons(draw: st.DrawFn, properties: list[Property]) -> Comparison:
    property_ = draw(st.sampled_from(properties))
    operator = draw(st.sampled_from(sorted(OPERATORS_OF[property_.kind])))
    operand: Operand
    if operator in {Operator.IN, Operator.NOT_IN}:
        operand = tuple(draw(st.lists(TEXTS, min_size=1, max_size=3)))
    elif operator in {Operator.MATCH, Operator.NOT_MATCH}:
        operand = draw(PATTERNS)
    elif operator in {Operator.EQ, Operator.NE} and draw(st.booleans()):
        operand = None
    else:
        by_kind: dict[Kind, st.SearchStrategy[Operand]] = {
            Kind.SWITCH: st.booleans(),
            Kind.TIME: MOMENTS,
        }
        operand = draw(by_kind.get(property_.kind, TEXTS))
    return Comparison(property=property_, operator=operator, operand=operand)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        inner.map(lambda one: Not(condition=one)),
        several.map(lambda found: And(conditions=found)),
        several.map(lambda found: Or(conditions=found)),
    )


def _quantified(property_: Property, parts: list[Property]) -> st.SearchStrategy[Condition]:
    inner = st.recursive(_comparisons(parts), _joined, max_leaves=3)
    return st.builds(
        lambda quantifier, condition: Quantified(
            property=property_, quantifier=quantifier, condition=condition
        ),
        st.sampled_from(Quantifier),
        inner,
    )


_PLAIN: Final = [one for one in PROPERTIES.values() if one.kind is not Kind.PLANS]
_OTHER_MAILS: Final = PROPERTIES["user.othermails"]
_PLANS: Final = PROPERTIES["user.assignedplans"]
LEAVES = st.one_of(
    _comparisons(_PLAIN),
    _quantified(_OTHER_MAILS, [ELEMENT]),
    _quantified(_PLANS, list(PLAN_PROPERTIES.values())),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(LEAVES, _joined, max_leaves=8)

_VALUES: Final[dict[Kind, st.SearchStrategy[Held]]] = {
    Kind.TEXT: st.none() | TEXTS,
    Kind.SWITCH: st.none() | st.booleans(),
    Kind.TIME: st.none() | st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days)),
    Kind.TEXTS: st.lists(TEXTS, max_size=3).map(tuple),
    Kind.PLANS: st.lists(
        st.builds(AssignedPlan, service_plan_id=TEXTS, service=TEXTS), max_size=2
    ).map(tuple),
}


@st.composite
def _people(draw: st.DrawFn) -> list[Facts]:
    count = draw(st.integers(1, 4))
    people = []
    for _ in range(count):
        values: dict[Source, Held] = {
            one.source: draw(_VALUES[one.kind]) for one in PROPERTIES.values()
        }
        people.append(Facts(values=values))
    return people


@given(CONDITIONS)
@settings(max_examples=600, deadline=None)
def test_a_printed_rule_reads_as_itself(condition: Condition) -> None:
    assert parse_rule(print_rule(condition)) == condition


@given(CONDITIONS, _people())
@settings(max_examples=300, deadline=None)
def test_one_and_many_agree(condition: Condition, people: list[Facts]) -> None:
    many = taken_in(condition, people_of(people), now=NOW).tolist()
    assert many == [takes_in(condition, facts, now=NOW) for facts in people]


SINGLE = _comparisons(_PLAIN)


@given(st.one_of(SINGLE, SINGLE.map(lambda one: Not(condition=one))), _people())
@settings(max_examples=400, deadline=None)
def test_what_the_advice_would_write_takes_in_the_same_people(
    condition: Condition, people: list[Facts]
) -> None:
    for remark in remarks_on(condition):
        if remark.instead is not None and remark.place == condition.place:
            better = parse_rule(remark.instead)
            if not (isinstance(condition, Not) and remark.message.startswith("The pattern")):
                for facts in people:
                    same = takes_in(condition, facts, now=NOW)
                    assert takes_in(better, facts, now=NOW) == same, remark


SEED: Final = 20261121
MALFORMED: Final = 10_000
_PIECES: Final = (
    *"()[],\"'_`\\$-=<>!&|",
    " ",
    "\n",
    "user.",
    "user.city",
    "user.accountEnabled",
    "user.otherMails",
    "user.assignedPlans",
    "user.memberOf",
    "assignedPlan.service",
    "group.objectId",
    "device.deviceId",
    *(operator.value for operator in Operator),
    "-any",
    "-all",
    "-and",
    "-or",
    "-not",
    "\u2013eq",
    '"x"',
    '"(a+)+$"',
    "'x'",
    "null",
    "true",
    "5",
    "2026-13-45",
    "system.now",
    "-plus",
    "p1d",
    "p99999999999y",
    "Direct Reports for",
    "“x”",
    "\x00",
    "\ud800",
    "ß",
    "🙂",
    "(" * 200,
    "-not " * 200,
    "a" * 3000,
)


def _refusal_of(text: str) -> RuleRefusal | None:
    try:
        parse_rule(text)
    except RuleRefusal as refusal:
        return refusal
    return None


def test_ten_thousand_malformed_rules_are_refused_with_a_place_and_none_hangs() -> None:
    draw = random.Random(SEED)
    slowest = 0.0
    refused = 0
    for number in range(MALFORMED):
        pieces = draw.choices(_PIECES, k=draw.randint(1, 14))
        text = draw.choice(("", " ")).join(pieces)
        began = time.perf_counter()
        refusal = _refusal_of(text)
        if refusal is not None:
            refused += 1
            place = refusal.problem.place
            assert min(place.line, place.column) >= 1, (SEED, number, text)
            assert refusal.detail.endswith((".", "?")), (SEED, number, text, refusal.detail)
        slowest = max(slowest, time.perf_counter() - began)
    assert refused > MALFORMED * 0.9
    assert slowest < 1.0, f"a rule took {slowest:.2f} s (seed {SEED})"


def test_a_pattern_that_hangs_other_engines_is_fast() -> None:
    rule = parse_rule('user.displayName -match "^(a+)+$"')
    person = Facts(values={PROPERTIES["user.displayname"].source: "a" * 5000 + "!"})
    began = time.perf_counter()
    assert not takes_in(rule, person, now=NOW)
    assert time.perf_counter() - began < 0.5
