"""Asking why and listing conflicts; the commands that they print do what they say."""

from __future__ import annotations

import json
import shlex

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADELE, BODIL = "adele@contoso.example", "bodil@contoso.example"


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Two people, a group of both, and one seat of Exchange for them."""
    for upn, name in ((ADELE, "Adele Vance"), (BODIL, "Bodil Ås")):
        served_office.done("users", "create", upn, "--name", name, "--usage-location", "NO")
    served_office.done("subscriptions", "create", "EXCHANGESTANDARD", "1")
    served_office.done("groups", "create", "Front desk")
    served_office.done("groups", "add-member", "Front desk", ADELE, BODIL)
    served_office.done("groups", "assign", "Front desk", "EXCHANGESTANDARD")
    return served_office


def follow(office: ServedOffice, told: str) -> None:
    """Run every command that an answer suggests, as somebody who copies it would."""
    commands = [line.split("→ ", 1)[1] for line in told.splitlines() if "→ seatwright" in line]
    assert commands, told
    for command in commands:
        office.done(*shlex.split(command)[1:])


def test_who_waits_is_told_why_and_the_command_that_ends_it(office: ServedOffice) -> None:
    told = office.done("why", BODIL, "EXCHANGESTANDARD")
    assert "group Front desk" in told
    assert "place 1 in the waiting list" in told
    assert "Smallest change: Buy 1 more seat" in told
    assert max(len(line) for line in told.splitlines() if "→" not in line) <= 100
    follow(office, told)
    assert "To take it away: " in office.done("why", BODIL, "EXCHANGESTANDARD")


def test_what_a_group_gives_is_taken_away_by_the_command_that_is_told(
    office: ServedOffice,
) -> None:
    told = office.done("why", ADELE, "EXCHANGESTANDARD")
    assert "Take Adele Vance out of the group Front desk." in told
    follow(office, told)
    assert "nothing says that they should" in office.done("why", ADELE, "EXCHANGESTANDARD")
    # The freed seat went to who waited.
    assert "Bodil Ås has Exchange Online (Plan 1)" in office.done("why", BODIL, "EXCHANGESTANDARD")


def test_why_as_json_is_the_whole_answer(office: ServedOffice) -> None:
    found = json.loads(office.done("why", BODIL, "EXCHANGESTANDARD", "--json"))
    assert (found["outcome"], found["rules"]["seats"]["place"]) == ("waiting", 1)
    assert found["smallestChange"]["calls"][0]["method"] == "PATCH"


def test_conflicts_are_counted_listed_and_ended_by_their_commands(office: ServedOffice) -> None:
    assert "1 seat is missing in all" in office.done("conflicts", "--summary")
    told = office.done("conflicts")
    assert "First in line: Bodil Ås." in told
    follow(office, told)
    assert office.done("conflicts") == "Nothing is at odds.\n"
    assert office.done("conflicts", "--summary") == "Nothing is at odds.\n"


def test_an_own_assignment_beside_a_group_is_a_conflict_of_that_person(
    office: ServedOffice,
) -> None:
    office.done("assign", ADELE, "EXCHANGESTANDARD")
    told = office.done("conflicts", "--user", ADELE, "--kind", "directBesideInherited")
    assert "keeps everything through" in told
    follow(office, told)
    assert office.done("conflicts", "--user", ADELE) == "Nothing is at odds.\n"
    assert ADELE in office.done("holders", "EXCHANGESTANDARD")


def test_all_that_a_group_gives_too_is_mended_by_one_command(office: ServedOffice) -> None:
    office.done("assign", ADELE, "EXCHANGESTANDARD")
    seen = office.done("mend", "directBesideInherited", "--preview")
    assert "1 of 1 row would be done." in seen
    assert "They keep Exchange Online (Plan 1) through Front desk." in seen
    assert "keeps everything through" in office.done("conflicts", "--user", ADELE)
    office.done("mend", "directBesideInherited")
    assert office.done("conflicts", "--user", ADELE) == "Nothing is at odds.\n"
    assert ADELE in office.done("holders", "EXCHANGESTANDARD")
    nothing = office.run("mend")
    assert nothing.exit_code == Ending.REFUSED
    assert "no direct assignment of what a group gives too" in nothing.stderr


def test_what_mending_left_out_is_told_after_the_job_too(office: ServedOffice) -> None:
    office.done("groups", "assign", "Front desk", "VISIOCLIENT", "--disable", "ONEDRIVE_BASIC")
    office.done("subscriptions", "create", "VISIOCLIENT", "2")
    for product in ("VISIOCLIENT", "EXCHANGESTANDARD"):
        office.done("assign", ADELE, product)
    left = "1 assignment is left out: without the direct assignment service plans would go."
    assert left in " ".join(office.done("mend", "--preview").split())
    done = " ".join(office.done("mend").split())
    assert done.startswith("1 of 1 row done (completed).")
    assert done.endswith(left)
    office.done("assign", ADELE, "EXCHANGESTANDARD")
    as_json = office.run("mend", "--json")
    assert json.loads(as_json.stdout)["succeeded"] == 1
    assert left in as_json.stderr


def test_a_kind_that_is_none_is_refused_with_those_that_are(office: ServedOffice) -> None:
    refused = office.run("conflicts", "--kind", "quarrel")
    assert refused.exit_code == Ending.REFUSED
    assert "insufficientSeats" in refused.stderr
