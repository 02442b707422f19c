"""People and groups, typed at a terminal."""

from __future__ import annotations

import json

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADELE = "adele@contoso.example"
ALEX = "alex@contoso.example"


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Two people and an empty group."""
    served_office.done(
        "users", "create", ADELE, "--name", "Adele Vance", "--usage-location", "NO",
        "--department", "Sales", "--set", "jobTitle=Account manager",
    )  # fmt: skip
    served_office.done(
        "users", "create", ALEX, "--name", "Alex Wilber", "--usage-location", "SE",
        "--set", f"manager={ADELE}",
    )  # fmt: skip
    served_office.done("groups", "create", "All Employees", "--description", "Everybody")
    return served_office


def test_people_are_found_shown_changed_and_restored(office: ServedOffice) -> None:
    assert ALEX in office.done("users", "list", "--search", "wil")
    assert ADELE not in office.done("users", "list", "--search", "wil")
    assert ADELE in office.done("users", "list", "--department", "Sales")
    shown = office.done("users", "show", ALEX)
    assert "Manager              Adele Vance" in shown
    assert f"`seatwright assign {ALEX} PRODUCT`" in shown
    assert office.done("users", "update", ALEX, "--disable", "--set", "department=Research") == (
        f"Changed Alex Wilber, {ALEX}.\n"
    )
    assert "disabled" in office.done("users", "list", "--disabled")
    office.done("users", "delete", ALEX)
    assert ALEX in office.done("users", "list", "--deleted")
    assert office.done("users", "restore", ALEX) == f"Restored Alex Wilber, {ALEX}.\n"


def test_lists_take_filters_of_odata(office: ServedOffice) -> None:
    listed = office.done("users", "list", "--filter", "jobTitle eq 'account manager'")
    assert (ADELE in listed, ALEX in listed) == (True, False)
    refused = office.run("users", "list", "--filter", "hair eq 'red'")
    assert refused.exit_code == Ending.REFUSED
    assert "“hair” of people cannot be filtered" in refused.stderr.replace("\n", " ")
    assert "All Employees" in office.done("groups", "list", "--filter", "kind eq 'security'")
    nobody = office.run("groups", "list", "--filter", "kind eq 'microsoft365'")
    assert "No such group." in nobody.output


def test_a_person_is_created_with_a_license_and_told_what_is_left(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "SPE_E3", "5")
    text = office.done(
        "users", "create", "new@contoso.example", "--usage-location", "NO", "--product", "SPE_E3"
    )
    assert "Assigned Microsoft 365 E3; 4 seats of it are left." in text


def test_a_list_says_that_there_is_more(office: ServedOffice) -> None:
    result = office.run("users", "list", "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert "These are the first 1; --all shows every one." in result.stderr
    assert "first" not in office.run("users", "list", "--all").stderr
    page = json.loads(office.done("users", "list", "--limit", "1", "--json"))
    assert page["nextCursor"] is not None
    whole = json.loads(office.done("users", "list", "--json"))
    assert whole["nextCursor"] is None
    assert [row["userPrincipalName"] for row in whole["value"]] == [ADELE, ALEX]


def test_a_person_who_is_not_there_ends_with_how_to_look(office: ServedOffice) -> None:
    result = office.run("users", "show", "nobody@contoso.example")
    assert result.exit_code == Ending.REFUSED
    assert result.stderr.splitlines()[-1] == "→ seatwright users list --search TEXT"


def test_a_group_is_named_by_its_name_and_licensed(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "SPE_E3", "1")
    assert office.done("groups", "add-member", "all employees", ADELE, ALEX) == (
        "2 are in all employees now.\n"
    )
    licensed = office.run("groups", "assign", "All Employees", "SPE_E3")
    assert licensed.exit_code == 0, licensed.output
    assert licensed.stdout == "All Employees gives SPE_E3.\n"
    assert "1 member does not get it" in licensed.stderr
    table = office.done("groups", "list").splitlines()
    assert table[0].split() == ["Group", "License", "Members", "Status"]
    assert table[1].split() == [
        "All", "Employees", "Microsoft", "365", "E3", "2", "1", "Error",
    ]  # fmt: skip
    assert "noSeatLeft" in office.done("groups", "errors", "All Employees")
    assert ALEX in office.done("waiting", "SPE_E3")
    assert "1 more" in office.done("licenses")
    office.done("subscriptions", "create", "SPE_E3", "1")
    assert "Everybody in All Employees has" in office.done("groups", "errors", "All Employees")


def test_a_group_that_gives_products_is_kept_until_it_gives_none(office: ServedOffice) -> None:
    office.done("groups", "assign", "All Employees", "SPE_E3", "--disable", "SWAY")
    assert "SWAY" in office.done("groups", "show", "All Employees")
    refused = office.run("groups", "delete", "All Employees")
    assert refused.exit_code == Ending.REFUSED
    assert refused.stderr.splitlines()[-1].startswith("→ seatwright groups unassign ")
    office.done("groups", "unassign", "All Employees", "SPE_E3")
    assert office.done("groups", "delete", "All Employees") == (
        "Deleted the group All Employees.\n"
    )


def test_what_a_group_gives_is_not_taken_from_the_person(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "SPE_E3", "2")
    office.done("groups", "add-member", "All Employees", ADELE)
    office.done("groups", "assign", "All Employees", "SPE_E3")
    refused = office.run("unassign", ADELE, "SPE_E3")
    assert refused.exit_code == Ending.REFUSED
    assert f"→ seatwright users show {ADELE}" in refused.stderr
    office.done("assign", ADELE, "SPE_E3")
    assert office.done("unassign", ADELE, "SPE_E3") == (
        f"{ADELE} is no longer assigned Microsoft 365 E3, but still has it by group"
        " All Employees.\n"
    )


def test_members_come_and_go(office: ServedOffice) -> None:
    office.done("groups", "create", "Sales")
    office.done("groups", "add-member", "All Employees", ADELE, "--group", "Sales")
    members = office.done("groups", "members", "All Employees")
    assert "(group)" in members
    assert ADELE in members
    assert "in it already" in office.done("groups", "add-member", "All Employees", ADELE)
    office.done("groups", "remove-member", "All Employees", ADELE)
    assert ADELE not in office.done("groups", "members", "All Employees")


def test_a_group_that_is_not_there_is_told_how_to_find_one(office: ServedOffice) -> None:
    result = office.run("groups", "show", "Nobody")
    assert result.exit_code == Ending.REFUSED
    assert result.stderr.splitlines()[-1] == "→ seatwright groups list"


def test_two_groups_of_one_name_are_told_apart_by_id(office: ServedOffice) -> None:
    office.done("groups", "create", "All Employees")
    result = office.run("groups", "show", "All Employees")
    assert result.exit_code == Ending.REFUSED
    assert "2 groups are called" in result.stderr
