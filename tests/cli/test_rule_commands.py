"""The rules of dynamic groups, typed at a terminal."""

from __future__ import annotations

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADA, BEN = "ada@contoso.example", "ben@contoso.example"
RULE = 'user.department -eq "Sales" -and user.accountEnabled -eq true'


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Ada of Sales, Ben of nowhere, and a group without a rule."""
    served_office.done("users", "create", ADA, "--name", "Ada Berg", "--department", "Sales")
    served_office.done("users", "create", BEN, "--name", "Ben Dal")
    served_office.done("groups", "create", "Sales people")
    return served_office


def test_a_rule_is_set_shown_paused_resumed_and_dropped(office: ServedOffice) -> None:
    assert "static group" in office.done("groups", "rule", "show", "Sales people")
    previewed = office.done("groups", "rule", "set", "Sales people", RULE, "--preview")
    assert "would take 1 person into Sales people: 1 would join." in previewed
    assert office.done("groups", "rule", "set", "Sales people", RULE) == (
        "The rule takes 1 person into Sales people: 1 joined.\n"
    )
    shown = office.done("groups", "rule", "show", "Sales people")
    assert f"Rule             {RULE}" in shown
    assert "update complete" in shown
    paused = office.done("groups", "rule", "pause", "Sales people")
    assert paused == "The rule of Sales people is paused: nobody comes or goes.\n"
    office.done("users", "update", BEN, "--set", "department=Sales")
    assert BEN not in office.done("groups", "members", "Sales people")
    assert office.done("groups", "rule", "resume", "Sales people") == (
        "The rule takes 2 people into Sales people: 1 joined.\n"
    )
    office.done("groups", "rule", "drop", "Sales people")
    assert BEN in office.done("groups", "members", "Sales people")


def test_a_wrong_rule_is_shown_with_the_place_marked(office: ServedOffice) -> None:
    result = office.run("groups", "rule", "set", "Sales people", "user.department -eq Sales")
    assert result.exit_code == Ending.REFUSED
    assert result.stdout == "  user.department -eq Sales\n                      ^\n"
    assert "a text stands in double quotes" in result.stderr
    assert "static group" in office.done("groups", "rule", "show", "Sales people")


def test_a_check_shows_each_clause_with_what_it_found(office: ServedOffice) -> None:
    rule = f"({RULE}) -or user.city -ne null"
    text = office.done("groups", "rule", "check", "Sales people", ADA, BEN, "--rule", rule)
    lines = text.splitlines()
    assert lines[0] == f"Ada Berg ({ADA}) is taken in"
    assert [line.split() for line in lines[2:7]] == [
        ["yes", "any", "of:"],
        ["yes", "all", "of:"],
        ["yes", "user.department", "-eq", '"Sales"', "Sales"],
        ["yes", "user.accountEnabled", "-eq", "true", "true"],
        ["no", "user.city", "-ne", "null", "nothing"],
    ]
    assert f"Ben Dal ({BEN}) is not taken in" in lines


def test_lint_says_how_a_rule_reads_and_what_could_be_said_better(office: ServedOffice) -> None:
    rule = 'user.city -eq "Oslo" -or user.city -eq "Bergen"'
    text = office.done("groups", "rule", "lint", rule)
    assert f"Reads as  {rule}" in text
    assert 'user.city -in ["Oslo", "Bergen"]' in text


def test_a_member_put_in_by_hand_is_refused_with_the_next_step(office: ServedOffice) -> None:
    office.done("groups", "rule", "set", "Sales people", RULE)
    result = office.run("groups", "add-member", "Sales people", BEN)
    assert result.exit_code == Ending.REFUSED
    assert "its rule alone says who is in it" in result.stderr
    assert "seatwright groups rule show" in result.stderr
