"""Moving people from a terminal, and seeing a group's license before it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

PEOPLE = tuple(f"p{number}@contoso.example" for number in range(3))


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Three people who have Microsoft 365 E3 by hand, and a group that gives it."""
    for person in PEOPLE:
        served_office.done("users", "create", person, "--usage-location", "NO")
    served_office.done("subscriptions", "create", "SPE_E3", "3")
    for person in PEOPLE:
        served_office.done("assign", person, "SPE_E3")
    served_office.done("groups", "create", "Team")
    served_office.done("groups", "assign", "Team", "SPE_E3")
    return served_office


def test_everybody_moves_to_a_group(office: ServedOffice) -> None:
    seen = office.done("move", "direct-to-group", "SPE_E3", "Team", "--all", "--preview")
    assert seen.startswith("3 of 3 people would be moved.\n")
    assert office.done("groups", "members", "Team") == "Nobody is in Team.\n"
    done = office.done("move", "direct-to-group", "SPE_E3", "Team", "--all")
    assert done == "3 of 3 rows done (completed).\n"
    assert PEOPLE[2] in office.done("groups", "members", "Team")


def test_a_file_names_who_moves(office: ServedOffice, tmp_path: Path) -> None:
    file = tmp_path / "who.csv"
    file.write_text(f"UserEmail\n{PEOPLE[0]}\nnobody@contoso.example\n")
    result = office.run("move", "direct-to-group", "SPE_E3", "Team", "--file", str(file))
    assert result.exit_code == Ending.PARTLY_FAILED, result.output
    assert "1 of 2 rows done, 1 failed (completed)." in result.stdout
    assert "unknownUser" in result.stdout


def test_a_product_is_swapped_as_far_as_the_seats_go(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "SPE_E5", "2")
    seen = office.done("move", "product", "SPE_E3", "SPE_E5", "--all", "--preview")
    assert seen.startswith("2 of 3 people would be moved, 1 would stay as they are.")
    assert "noSeatLeft" in seen
    result = office.run("move", "product", "SPE_E3", "SPE_E5", "--all", "--wait-for-seats")
    assert result.exit_code == 0, result.output
    assert "2 of 3 rows done, 1 waits for a seat (running)." in result.stdout


def test_people_change_groups(office: ServedOffice) -> None:
    office.done("move", "direct-to-group", "SPE_E3", "Team", "--all")
    office.done("groups", "create", "Other")
    office.done("groups", "assign", "Other", "SPE_E3")
    done = office.done("move", "group-to-group", "Team", "Other", PEOPLE[0])
    assert done == "1 of 1 row done (completed).\n"
    assert PEOPLE[0] in office.done("groups", "members", "Other")


def test_people_or_a_file_and_not_both(office: ServedOffice, tmp_path: Path) -> None:
    file = tmp_path / "who.csv"
    file.write_text("UserEmail\n")
    words = ("move", "product", "SPE_E3", "SPE_E5", PEOPLE[0], "--file", str(file))
    assert office.run(*words).exit_code == Ending.USAGE


def test_the_impact_of_a_license_is_shown_before_it_is_given(office: ServedOffice) -> None:
    office.done("groups", "add-member", "Team", *PEOPLE)
    text = office.done("groups", "impact", "Team", "SPE_E5")
    facts = dict(line.split(maxsplit=1) for line in text.splitlines() if line.startswith("Members"))
    assert facts == {"Members": "3"}
    assert "noSeatLeft" in text
    found = json.loads(office.done("groups", "impact", "Team", "SPE_E5", "--json"))
    assert (found["seatsNeeded"], found["seatsToBuy"]) == (3, 3)
