"""The rule language, fact by fact (`tests/scenarios/rules/language.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from seatwright.domain.rules.many import taken_in
from seatwright.domain.rules.one import account_of, takes_in
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.printing import print_rule
from seatwright.domain.rules.problems import Flaw, RuleRefusal
from seatwright.domain.rules.reading import LENGTH_MAX
from seatwright.domain.rules.tree import DirectReports, MemberOf
from tests.domain.rules.people import NOW, facts_of, people_of

_FILE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "scenarios" / "rules" / "language.yaml").read_text()
)
PEOPLE = {name: facts_of(name, said) for name, said in _FILE["people"].items()}


def _name(case: dict[str, Any]) -> str:
    return f"{case['fact']}: {case['rule']}"


@pytest.mark.parametrize("case", _FILE["cases"], ids=_name)
def test_a_rule_takes_in_whom_it_should(case: dict[str, Any]) -> None:
    rule = parse_rule(case["rule"])
    taken = [name for name, facts in PEOPLE.items() if takes_in(rule, facts, now=NOW)]
    assert taken == case["takes"]
    assert parse_rule(print_rule(rule)) == rule
    if "means" in case:
        assert print_rule(rule) == case["means"]


@pytest.mark.parametrize("case", _FILE["cases"], ids=_name)
def test_many_people_are_judged_as_each_alone(case: dict[str, Any]) -> None:
    rule = parse_rule(case["rule"])
    assert not isinstance(rule, (DirectReports, MemberOf))
    flags = taken_in(rule, people_of(list(PEOPLE.values())), now=NOW)
    assert [name for name, is_in in zip(PEOPLE, flags, strict=True) if is_in] == case["takes"]


@pytest.mark.parametrize("case", _FILE["refused"], ids=_name)
def test_a_wrong_rule_is_refused_with_its_place_and_what_to_do(case: dict[str, Any]) -> None:
    with pytest.raises(RuleRefusal) as caught:
        parse_rule(case["rule"])
    assert case["says"] in caught.value.detail
    assert caught.value.problem.place.column == case["column"]
    assert caught.value.detail.startswith(f"Line 1, column {case['column']}: ")


def test_an_error_on_a_later_line_says_so() -> None:
    with pytest.raises(RuleRefusal) as caught:
        parse_rule('user.city -eq "Oslo" -or\n  user.state -is "x"')
    assert (caught.value.problem.place.line, caught.value.problem.place.column) == (2, 14)


def test_the_longest_rule_is_taken_and_one_character_more_is_not() -> None:
    rule = 'user.city -eq ""'
    longest = rule[:-1] + "x" * (LENGTH_MAX - len(rule)) + '"'
    assert len(print_rule(parse_rule(longest))) == LENGTH_MAX
    with pytest.raises(RuleRefusal) as caught:
        parse_rule(longest + " ")
    assert caught.value.problem.flaw is Flaw.TOO_LONG
    assert "3,073 characters" in caught.value.detail


def test_a_rule_names_fifty_groups_and_no_more() -> None:
    ids = [f"'00000000-0000-4000-8000-{number:012}'" for number in range(51)]
    fifty = f"user.memberof -any (group.objectId -in [{', '.join(ids[:50])}])"
    rule = parse_rule(fifty)
    assert isinstance(rule, MemberOf)
    assert len(rule.groups) == 50
    with pytest.raises(RuleRefusal, match="names 51 groups"):
        parse_rule(f"user.memberOf -any (group.objectId -in [{', '.join(ids)}])")


def test_an_account_has_every_clause_with_its_value() -> None:
    rule = parse_rule('user.department -eq "HR" -or -not (user.city -eq "Oslo")')
    account = account_of(rule, PEOPLE["ada"], now=NOW)
    assert not account.holds
    assert [(one.expression, one.holds) for one in account.clauses] == [
        ('user.department -eq "HR"', False),
        ('-not (user.city -eq "Oslo")', False),
    ]
    assert account.clauses[0].value == "Sales"
    assert account.clauses[1].clauses[0].property == "user.city"


def test_conditions_stand_inside_each_other_fifty_deep_and_no_deeper() -> None:
    leaf = 'user.city -eq "x"'
    assert print_rule(parse_rule("-not " * 50 + leaf)).count("-not") == 50
    with pytest.raises(RuleRefusal, match="flatter"):
        parse_rule("-not " * 51 + leaf)
    assert parse_rule("(" * 1500 + leaf + ")" * 1500) == parse_rule(leaf)
