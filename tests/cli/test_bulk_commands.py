"""Many people at once: previews, reasons, exit codes, jobs and templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

PEOPLE = tuple(f"p{number}@contoso.example" for number in range(5))


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Five people, and three seats of Microsoft 365 E3."""
    for person in PEOPLE:
        served_office.done("users", "create", person, "--usage-location", "NO")
    served_office.done("subscriptions", "create", "SPE_E3", "3")
    return served_office


def file_of(directory: Path, *people: str) -> str:
    file = directory / "rows.csv"
    lines = ["UserPrincipalName,SkuPartNumber", *(f"{person},SPE_E3" for person in people)]
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def test_a_file_is_assigned_whole(office: ServedOffice, tmp_path: Path) -> None:
    assert office.done("bulk", file_of(tmp_path, *PEOPLE[:3])) == (
        "3 of 3 rows done (completed).\n"
    )
    again = office.done("bulk", file_of(tmp_path, *PEOPLE[:3]))
    assert again == "0 of 3 rows done, 3 unchanged (completed).\n"
    assert "3         3" in office.done("licenses")


def test_a_preview_changes_nothing_and_shows_seats_and_reasons(
    office: ServedOffice, tmp_path: Path
) -> None:
    file = file_of(tmp_path, *PEOPLE, "nobody@contoso.example")
    text = office.done("bulk", file, "--preview")
    assert text.startswith("3 of 6 rows would be done, 3 would fail.\n")
    seats = next(line for line in text.splitlines() if line.startswith("Microsoft 365 E3"))
    assert seats.split()[3:] == ["3", "0", "→", "3", "3", "→", "0", "0"]
    assert "noSeatLeft" in text
    assert "unknownUser" in text
    assert office.done("holders", "SPE_E3") == "Nobody holds SPE_E3.\n"


def test_some_failed_rows_are_exit_code_four_with_their_reasons(
    office: ServedOffice, tmp_path: Path
) -> None:
    result = office.run("bulk", file_of(tmp_path, *PEOPLE, "nobody@contoso.example"))
    assert result.exit_code == Ending.PARTLY_FAILED, result.output
    assert "3 of 6 rows done, 3 failed (completed)." in result.stdout
    reasons = [line.split() for line in result.stdout.splitlines() if line.startswith("failed")]
    assert reasons == [["failed", "noSeatLeft", "2"], ["failed", "unknownUser", "1"]]
    assert "nobody@contoso.example" in result.stdout


def test_all_or_nothing_is_refused_whole(office: ServedOffice, tmp_path: Path) -> None:
    file = file_of(tmp_path, *PEOPLE)
    seen = office.run("bulk", file, "--fill", "all-or-nothing", "--preview")
    assert seen.exit_code == Ending.REFUSED
    result = office.run("bulk", file, "--fill", "all-or-nothing")
    assert result.exit_code == Ending.REFUSED, result.output
    assert office.done("holders", "SPE_E3") == "Nobody holds SPE_E3.\n"


def test_those_who_wait_are_no_failure(office: ServedOffice, tmp_path: Path) -> None:
    text = office.done("bulk", file_of(tmp_path, *PEOPLE), "--fill", "wait")
    assert text.startswith("3 of 5 rows done, 2 wait for a seat (completed).")
    assert PEOPLE[4] in office.done("waiting", "SPE_E3")


def test_an_unknown_product_fails_before_anybody_is_touched(
    office: ServedOffice, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("UserEmail\n" + "\n".join(PEOPLE) + "\n")
    result = office.run("bulk", str(file), "--sku", "NO_SUCH")
    assert result.exit_code == Ending.REFUSED
    assert "NO_SUCH" in result.stderr
    assert "There are no such jobs" in office.done("jobs", "list")


def test_a_file_that_is_not_there_is_a_usage_error(served_office: ServedOffice) -> None:
    assert served_office.run("bulk", "no-such-file.csv").exit_code == Ending.USAGE


def test_a_job_is_found_again_with_its_rows_and_its_result(
    office: ServedOffice, tmp_path: Path
) -> None:
    office.run("bulk", file_of(tmp_path, *PEOPLE))
    job = json.loads(office.done("jobs", "list", "--json"))["value"][0]["id"]
    assert "completed" in office.done("jobs", "show", job)
    rows = office.done("jobs", "rows", job, "--outcome", "failed").splitlines()
    assert [row.split()[1] for row in rows[1:] if row.split()[0].isdigit()] == [*PEOPLE[3:]]
    assert office.done("jobs", "result", job).splitlines()[0].startswith("row,user,sku")
    out = tmp_path / "result.csv"
    office.done("jobs", "result", job, "-o", str(out))
    assert len(out.read_text().splitlines()) == 6
    ended = office.run("jobs", "cancel", job)
    assert ended.exit_code == Ending.REFUSED


def test_a_job_that_nobody_waited_for_is_done_by_the_worker(
    office: ServedOffice, tmp_path: Path
) -> None:
    text = office.done("bulk", file_of(tmp_path, *PEOPLE[:3]), "--no-wait")
    assert text.startswith("Started with 3 rows: `seatwright jobs show ")
    job = text.split()[7]
    shown = office.done("jobs", "show", job, "--wait")
    assert "Done           3" in shown


def test_a_template_is_stored_applied_and_deleted(office: ServedOffice) -> None:
    office.done("subscriptions", "create", "POWER_BI_PRO", "3")
    assert office.done(
        "templates", "create", "Analyst", "--product", "SPE_E3", "--product", "POWER_BI_PRO",
        "--disable", "SPE_E3:SWAY", "--description", "For numbers",
    ) == "Stored the template Analyst: Microsoft 365 E3, Power BI Pro.\n"  # fmt: skip
    assert "SWAY" in office.done("templates", "show", "analyst")
    assert "For numbers" in office.done("templates", "list")
    assert "would be done" in office.done("templates", "apply", "Analyst", PEOPLE[0], "--preview")
    assert office.done("templates", "apply", "Analyst", *PEOPLE[:2]).endswith("(completed).\n")
    assert PEOPLE[1] in office.done("holders", "POWER_BI_PRO")
    office.done("templates", "update", "Analyst", "--name", "Analysts")
    assert office.done("templates", "delete", "analysts") == "Deleted the template analysts.\n"


def test_a_template_of_a_file_is_named(office: ServedOffice, tmp_path: Path) -> None:
    office.done("templates", "create", "Desk", "--product", "SPE_E3")
    file = tmp_path / "people.csv"
    file.write_text("\ufeffUserEmail;Shoe size\n" + "".join(f"{p};42\n" for p in PEOPLE[:2]))
    result = office.run("bulk", str(file), "--template", "desk")
    assert result.exit_code == 0, result.output
    assert "The column “Shoe size” means nothing here" in result.stderr


@pytest.mark.parametrize("text", ["SWAY", "OTHER:SWAY"])
def test_a_service_plan_belongs_to_a_product_of_the_template(
    served_office: ServedOffice, text: str
) -> None:
    result = served_office.run("templates", "create", "T", "--product", "SPE_E3", "--disable", text)
    assert result.exit_code == Ending.USAGE
    assert "PRODUCT:SERVICE_PLAN" in result.stderr
