"""Products, seats and one person's licenses, typed at a terminal."""

from __future__ import annotations

import json

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADELE = "adele@contoso.example"
ALEX = "alex@contoso.example"


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Two people, and one seat of Microsoft 365 E3."""
    served_office.done("users", "create", ADELE, "--name", "Adele Vance", "--usage-location", "NO")
    served_office.done("users", "create", ALEX, "--name", "Alex Wilber")
    served_office.done("subscriptions", "create", "SPE_E3", "1")
    return served_office


def test_a_product_is_assigned_shown_and_taken(office: ServedOffice) -> None:
    assert office.done("assign", ADELE, "spe_e3", "--disable", "SWAY") == (
        f"{ADELE} has Microsoft 365 E3, without SWAY.\n"
    )
    table = office.done("licenses").splitlines()
    assert table[1].split() == ["Microsoft", "365", "E3", "SPE_E3", "1", "1", "0"]
    shown = office.done("users", "show", ADELE)
    assert "Microsoft 365 E3" in shown
    assert "SWAY" in shown
    assert "Adele Vance" in office.done("holders", "SPE_E3")
    assert office.done("unassign", ADELE, "SPE_E3") == f"{ADELE} no longer has SPE_E3.\n"
    assert office.done("holders", "SPE_E3") == "Nobody holds SPE_E3.\n"


def test_assigning_again_says_that_it_was_there(office: ServedOffice) -> None:
    office.done("assign", ADELE, "SPE_E3")
    assert office.done("assign", ADELE, "SPE_E3") == f"{ADELE} had Microsoft 365 E3 already.\n"


def test_json_is_what_the_api_answers(office: ServedOffice) -> None:
    given = json.loads(office.done("assign", ADELE, "SPE_E3", "--json"))
    assert given["skuPartNumber"] == "SPE_E3"
    assert given["state"] == "Active"
    listed = json.loads(office.done("licenses", "--json"))
    assert list(listed) == ["value", "nextCursor"]
    assert listed["value"][0]["prepaidUnits"]["enabled"] == 1


def test_a_missing_usage_location_ends_with_the_command_that_sets_it(office: ServedOffice) -> None:
    result = office.run("assign", ALEX, "SPE_E3")
    assert result.exit_code == Ending.REFUSED
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        f"→ seatwright users update {ALEX} --usage-location CC"
    )
    office.done("users", "update", ALEX, "--usage-location", "NO")
    assert office.run("assign", ALEX, "SPE_E3").exit_code == 0


def test_without_a_seat_nothing_is_assigned(office: ServedOffice) -> None:
    office.done("assign", ADELE, "SPE_E3")
    result = office.run("assign", ALEX, "SPE_E3", "--usage-location", "NO")
    assert result.exit_code == Ending.REFUSED
    assert "noSeatLeft" in result.stderr
    assert "subscriptions create" in result.stderr


def test_a_swap_exchanges_two_products(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "SPE_E5", "1")
    office.done("assign", ADELE, "SPE_E3")
    assert office.done("swap", ADELE, "SPE_E3", "SPE_E5") == (
        f"{ADELE} has Microsoft 365 E5 instead of SPE_E3.\n"
    )
    assert office.done("holders", "SPE_E3") == "Nobody holds SPE_E3.\n"


def test_history_says_what_happened_and_why(office: ServedOffice) -> None:
    office.done("assign", ADELE, "SPE_E3", "--reason", "new joiner")
    office.done("unassign", ADELE, "SPE_E3")
    lines = office.done("history", "--user", ADELE).splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["removed", "assigned"]
    csv = office.done("history", "--csv")
    assert csv.splitlines()[0].startswith("id,at,action,")
    assert office.done("history", "--action", "waiting").endswith("happened.\n")


def test_a_date_that_is_none_is_a_usage_error(office: ServedOffice) -> None:
    result = office.run("assign", ADELE, "SPE_E3", "--expires", "tomorrow")
    assert result.exit_code == Ending.USAGE
    assert "2026-12-01" in result.stderr


def test_a_date_without_an_offset_is_utc(office: ServedOffice) -> None:
    text = office.done("assign", ADELE, "SPE_E3", "--expires", "2026-12-31")
    assert text == f"{ADELE} has Microsoft 365 E3 until 2026-12-31 00:00 UTC.\n"


def test_catalog_shows_a_product_with_its_service_plans(office: ServedOffice) -> None:
    shown = office.done("catalog", "show", "SPE_E3")
    assert "EXCHANGE_S_ENTERPRISE" in shown
    assert "Adele's own" in office.done("catalog", "add", "ADELES_OWN", "Adele's own")
    assert "ADELES_OWN" in office.done("catalog", "list", "--search", "adele")
