"""Auto-claim from the command line: policies, what they gave, and taking it back."""

from __future__ import annotations

import json

import httpx
import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADA = "ada@contoso.example"


@pytest.fixture
def makers(served_office: ServedOffice) -> ServedOffice:
    """One person, seats, a premium app, and a policy that she claimed under."""
    served_office.done("users", "create", ADA, "--name", "Ada", "--usage-location", "NO")
    served_office.done("subscriptions", "create", "POWERAPPS_PER_USER", "5")
    served_office.done("auto-claim", "delete", "Auto-Created Policy for PowerApps")
    served_office.done("auto-claim", "on")
    served_office.done("auto-claim", "create", "Makers", "--app", "powerApps", "--cap", "3")
    post(served_office, "platform/environments", {"displayName": "Sales"})
    app = {"displayName": "Visits", "environment": "Sales", "premium": True}
    post(served_office, "platform/apps", app)
    post(served_office, "platform/apps/Visits/shares", {"everyone": True})
    post(served_office, "launch", {"user": ADA, "app": "Visits", "event": "appLaunch"})
    return served_office


def post(office: ServedOffice, path: str, body: dict[str, object]) -> None:
    """What is not of these commands is done over the API."""
    headers = {"authorization": f"Bearer {office.token}"}
    answer = httpx.post(f"{office.url}/api/{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text


def test_policies_are_reviewed_made_listed_and_shown(makers: ServedOffice) -> None:
    reviewed = makers.done(
        "auto-claim", "update", "Makers", "--release-after", "30", "--scope", "managed", "--preview"
    )
    assert "after 30 days without use, announced 7 days before" in reviewed
    assert "never" in makers.done("auto-claim", "show", "Makers")
    (head, *rows) = makers.done("auto-claim", "list").splitlines()
    assert head.split("  ")[0] == "Policy"
    assert [part.strip() for part in head.split("  ") if part.strip()] == [
        "Policy",
        "App",
        "Product",
        "Available licenses",
        "Status",
    ]
    assert any("Makers" in row and "4" in row and row.endswith("on") for row in rows)
    changed = makers.done("auto-claim", "update", "Makers", "--cap", "0", "--alert-below", "2")
    assert (
        changed == "Changed the policy Makers for Power Apps per User Plan: Power Apps Premium.\n"
    )
    shown = makers.done("auto-claim", "show", "Makers")
    assert "Held by        1 person\n" in shown
    assert makers.done("auto-claim", "turn-off", "Makers") == "The policy Makers is off.\n"


def test_the_order_of_products_is_changed_and_the_last_one_stays(makers: ServedOffice) -> None:
    makers.done("auto-claim", "delete", "Auto-Created Policy for Power Automate")
    makers.done(
        *("auto-claim", "create", "Flows", "--app", "powerAutomatePerUser"),
        *("--product", "FLOW_PER_USER", "--product", "POWER_AUTOMATE_ATTENDED_RPA"),
        *("--product", "DYN365_ENTERPRISE_SALES", "--disable", "FLOW_PER_USER:DYN365_CDS_P2"),
    )
    makers.done("auto-claim", "step", "Flows", "DYN365_ENTERPRISE_SALES", "up")
    shown = makers.done("auto-claim", "show", "Flows")
    assert "DYN365_CDS_P2" in shown
    assert shown.index("DYN365_ENTERPRISE_SALES") < shown.index("POWERAUTOMATE_ATTENDED_RPA")
    makers.done("auto-claim", "remove-product", "Flows", "DYN365_ENTERPRISE_SALES")
    policy = "Auto-Created Policy for Power Automate RPA"
    refused = makers.run("auto-claim", "remove-product", policy, "POWERAUTOMATE_ATTENDED_RPA")
    assert refused.exit_code == Ending.REFUSED
    assert "a policy keeps at least one" in " ".join(refused.stderr.split())


def test_the_report_says_who_and_is_a_file_too(makers: ServedOffice) -> None:
    shown = makers.done("auto-claim", "report", "Makers", "--days", "30")
    assert "Ada" in shown and "appLaunch" in shown and "primary" in shown and "held" in shown
    assert makers.done("auto-claim", "report", "Makers", "--csv").startswith("at,policy,userId")
    assert "Makers, past 90 days: 1 claim." in makers.done("auto-claim", "days", "Makers")
    refused = makers.run("auto-claim", "report", "Makers", "--days", "14")
    assert refused.exit_code == Ending.REFUSED
    assert "1, 7, 30 or 90" in refused.stderr


def test_a_claim_is_taken_back(makers: ServedOffice) -> None:
    seen = makers.done("auto-claim", "unassign", "Makers", ADA, "--preview")
    assert "Power Apps Premium" in seen
    assert "taken back" in makers.done("auto-claim", "unassign", "Makers", ADA)
    assert json.loads(makers.done("holders", "POWERAPPS_PER_USER", "--json"))["value"] == []


def test_people_move_to_a_licensed_group(makers: ServedOffice) -> None:
    makers.done("groups", "create", "Licensed makers")
    makers.done("groups", "assign", "Licensed makers", "POWERAPPS_PER_USER")
    moved = makers.done("auto-claim", "move", "Makers", ADA, "--group", "Licensed makers")
    assert moved == "1 of 1 row done (completed).\n"
    # What she holds stayed, and nothing of the claim is left.
    assert len(json.loads(makers.done("holders", "POWERAPPS_PER_USER", "--json"))["value"]) == 1
    assert "Held by        0 people of 3 at most" in makers.done("auto-claim", "show", "Makers")
    assert makers.done("auto-claim", "notices") == "Nobody was told anything yet.\n"
