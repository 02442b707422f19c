"""Deciding about held removals, and undoing, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

PEOPLE = [f"p{number:02}@contoso.example" for number in range(12)]


@pytest.fixture
def team(served_office: ServedOffice, tmp_path: Path) -> ServedOffice:
    """Twelve people who hold Microsoft 365 E5 by a group."""
    file = tmp_path / "people.csv"
    rows = [f"{upn},{upn[:3].upper()},NO" for upn in PEOPLE]
    file.write_text("\n".join(("userPrincipalName,displayName,usageLocation", *rows, "")))
    served_office.done("users", "import", str(file))
    served_office.done("subscriptions", "create", "SPE_E5", "20")
    served_office.done("groups", "create", "Executive Team")
    served_office.done("groups", "add-member", "Executive Team", *PEOPLE)
    served_office.done("groups", "assign", "Executive Team", "SPE_E5")
    return served_office


def holders(office: ServedOffice) -> int:
    return len(json.loads(office.done("holders", "SPE_E5", "--json"))["value"])


def second_token(office: ServedOffice) -> str:
    answer = httpx.post(
        f"{office.url}/api/tokens",
        json={"name": "second", "roles": ["global-administrator"]},
        headers={"authorization": f"Bearer {office.token}"},
    )
    return str(answer.json()["token"])


def test_what_is_held_is_said_shown_and_decided_by_somebody_else(team: ServedOffice) -> None:
    second = second_token(team)
    taken = team.run("groups", "unassign", "Executive Team", "SPE_E5")
    assert taken.exit_code == 0, taken.output
    assert "Licenses stay until a second administrator approves that they go" in taken.stderr
    listed = team.done("held", "list", "--state", "pending")
    assert "Executive Team stopped giving Microsoft 365 E5" in " ".join(listed.split())
    held = json.loads(team.done("held", "list", "--json"))["value"][0]["id"]
    shown = team.done("held", "show", held)
    assert "If approved    12 seats come free; 0 people wait for one." in shown
    assert "p00@contoso.example" in shown
    own = team.run("held", "approve", held)
    assert (own.exit_code, "ownChange" in own.stderr) == (Ending.REFUSED, True)
    assert holders(team) == 12
    approved = team.run("held", "approve", held, token=second)
    assert approved.stdout == "Approved: 12 people lost Microsoft 365 E5.\n"
    assert holders(team) == 0


def test_a_rejection_says_who_kept_it(team: ServedOffice) -> None:
    second = second_token(team)
    team.run("groups", "unassign", "Executive Team", "SPE_E5")
    held = json.loads(team.done("held", "list", "--json"))["value"][0]["id"]
    rejected = team.run("held", "reject", held, token=second)
    assert rejected.stdout == "Rejected: 12 people kept Microsoft 365 E5.\n", rejected.output
    assert holders(team) == 12


def test_a_job_is_undone_after_a_preview(team: ServedOffice, tmp_path: Path) -> None:
    file = tmp_path / "bulk.csv"
    rows = [f"{upn},POWER_BI_PRO" for upn in PEOPLE]
    file.write_text("\n".join(("UserPrincipalName,SkuPartNumber", *rows, "")))
    team.done("subscriptions", "create", "POWER_BI_PRO", "20")
    job = json.loads(team.done("bulk", str(file), "--json"))["id"]
    seen = team.done("undo", job, "--preview")
    assert seen.startswith("12 of 12 rows would be done.\n")
    assert team.done("undo", job) == "12 of 12 rows done (completed).\n"
    again = team.run("undo", job)
    assert (again.exit_code, "alreadyDecided" in again.stderr) == (Ending.REFUSED, True)
    wrong = team.run("undo", "yesterday")
    assert wrong.exit_code == Ending.USAGE
