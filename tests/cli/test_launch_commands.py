"""`seatwright launch`, as people type it."""

from __future__ import annotations

import json

import httpx
import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADELE = "adele@contoso.example"
PER_USER = "POWERAPPS_PER_USER"


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """One person, one seat, a managed environment with an app in it, and a policy for it."""
    served_office.done("users", "create", ADELE, "--name", "Adele Vance", "--usage-location", "NO")
    served_office.done("subscriptions", "create", PER_USER, "1")
    call(served_office, "POST", "platform/environments", displayName="Field", managed=True)
    call(served_office, "POST", "platform/apps", displayName="Expenses", environment="Field")
    call(served_office, "POST", "platform/apps/Expenses/shares", everyone=True)
    return served_office


def call(office: ServedOffice, method: str, path: str, **body: object) -> None:
    """Call the API; it must be done."""
    headers = {"authorization": f"Bearer {office.token}"}
    answer = httpx.request(method, f"{office.url}/api/{path}", json=body, headers=headers)
    assert answer.status_code in {200, 201}, answer.text


def test_a_launch_says_what_it_gave_and_the_next_that_it_is_there(office: ServedOffice) -> None:
    call(office, "PATCH", "auto-claim/settings", enabled=True)
    given = office.done("launch", ADELE, "Expenses")
    assert "Adele" in given or ADELE in given
    assert "auto-claim policy" in given
    again = json.loads(office.done("launch", ADELE, "Expenses", "--json"))
    assert (again["outcome"], again["skuPartNumber"]) == ("alreadyEntitled", PER_USER)


def test_a_refusal_ends_with_its_reason(office: ServedOffice) -> None:
    ended = office.run("launch", ADELE, "Expenses")
    assert ended.exit_code == Ending.REFUSED
    assert "auto-claim is turned off" in " ".join(ended.stderr.split())
    assert "featureOff" in ended.stderr
