"""Asking for products and deciding about it from the command line."""

from __future__ import annotations

import json

import httpx
import pytest

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADA, BOB, CID = (f"{name}@contoso.example" for name in ("ada", "bob", "cid"))


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """Three people, of whom Ada leads the others, and four seats at 14 a month."""
    for name, person in (("Ada", ADA), ("Bob", BOB), ("Cid", CID)):
        served_office.done("users", "create", person, "--name", name, "--usage-location", "NO")
    served_office.done(
        *("subscriptions", "create", "VISIOCLIENT", "4"),
        *("--set", "unitPrice=14.00", "--set", "currency=EUR"),
    )
    return served_office


def other(office: ServedOffice) -> str:
    """The token of a second administrator: nobody decides what they asked themselves."""
    answer = httpx.post(
        f"{office.url}/api/tokens",
        json={"name": "second", "roles": ["license-administrator"]},
        headers={"authorization": f"Bearer {office.token}"},
    )
    return str(answer.json()["token"])


def asked(office: ServedOffice, *people: str) -> str:
    """A request for these people; its id."""
    chosen = [part for person in people for part in ("--person", person)]
    words = ("requests", "ask", "VISIOCLIENT", "--for", "Drawings.", "--json")
    return str(json.loads(office.done(*words, *chosen))["id"])


def test_a_request_is_foretold_asked_shown_and_decided(office: ServedOffice) -> None:
    told = office.done("requests", "process", "VISIOCLIENT", "--person", BOB)
    assert "decides, by" in told
    assert "14.00 EUR" in told
    said = office.done(
        *("requests", "ask", "VISIOCLIENT", "--for", "Drawings."),
        *("--person", BOB, "--person", CID),
    )
    assert "Asked for Visio Plan 2: request" in said
    assert "held to" in said
    listed = office.done("requests", "list")
    assert "waits for your decision" not in listed, "their own is not theirs to decide"
    assert all(len(line) <= 100 for line in listed.splitlines()), listed
    by_product = ("--search", "visio", "--order", "product")
    assert office.done("requests", "list", *by_product) == listed
    assert "No request is so." in office.done("requests", "list", "--search", "nobody")
    request = json.loads(office.done("requests", "list", "--json"))["value"][0]["requestId"]
    shown = office.done("requests", "show", request)
    assert "Drawings." in shown
    refused = office.run("requests", "approve", request)
    assert refused.exit_code == Ending.REFUSED, refused.output
    assert "ownRequest" in refused.output

    second = other(office)
    preview = office.run("requests", "approve", request, "--preview", token=second)
    assert "2 people concerned. Licenses: 2 given." in preview.stdout, preview.output
    done = office.run(
        *("requests", "approve", request, "--person", BOB, "-m", "Enjoy."), token=second
    )
    assert "approved" in done.stdout, done.output
    office.run("requests", "deny", request, token=second)
    shown = office.done("requests", "show", request)
    assert "Bob was approved by second" in shown
    assert "“Enjoy.”" in shown
    assert "Cid was denied" in shown
    again = office.run("requests", "deny", request, token=second)
    assert again.exit_code == Ending.REFUSED
    assert "was approved by second on" in again.output or "was denied by second on" in again.output


def test_a_request_is_cancelled_asked_again_and_undone(office: ServedOffice) -> None:
    second, request = other(office), asked(office, BOB)
    sent = office.done("requests", "share", request, "--person", ADA, "--subject", "Is it needed?")
    assert sent.startswith("Sent to Ada."), sent
    assert "cancelled" in office.done("requests", "cancel", request)
    late = office.run("requests", "share", request, "--person", ADA)
    assert "alreadyDecided" in late.output
    assert "again: request" in office.done("requests", "again", request)
    newest = json.loads(office.done("requests", "list", "--json"))["value"][0]["requestId"]
    assert newest != request
    office.run("requests", "approve", newest, token=second)
    undone = office.run("requests", "undo", newest, "-m", "A mistake.", token=second)
    assert "undone" in undone.stdout, undone.output
    assert "No request is so." in office.done("requests", "list")
    assert "undone" in office.done("requests", "list", "--state", "all")


def test_a_policy_is_set_shown_and_deleted(office: ServedOffice) -> None:
    office.done(
        *("requests", "policy", "set", "VISIOCLIENT", "--approver", f"people:{ADA},{CID}"),
        *("--fallback", "manager:2", "--license-days", "90", "--no-justification"),
    )
    shown = office.done("requests", "policy", "show", "VISIOCLIENT")
    assert "Ada, Cid" in shown
    assert "manager, 2 levels up" in shown
    listed = office.done("requests", "policy", "list")
    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["default", "VISIOCLIENT"]
    odd = office.run("requests", "policy", "set", "VISIOCLIENT", "--approver", "somebody")
    assert odd.exit_code == Ending.USAGE
    assert "says nobody" in odd.output
    office.done("requests", "policy", "delete", "VISIOCLIENT")
    assert "default" in office.done("requests", "policy", "show", "VISIOCLIENT")


def test_a_request_says_from_when_until_the_end_of_which_day_and_what_all_cost(
    office: ServedOffice,
) -> None:
    chosen = ("--person", BOB, "--person", CID, "--starts", "2027-01-01", "--until", "2027-03-31")
    said = office.done("requests", "ask", "VISIOCLIENT", "--for", "Drawings.", *chosen)
    assert "14.00 EUR" in said
    line = json.loads(office.done("requests", "list", "--json"))["value"][0]
    assert line["startsAt"].startswith("2027-01-01T00:00:00")
    assert line["expiresAt"].startswith("2027-03-31T23:59:59"), "until a day means all of it"
    shown = office.done("requests", "show", line["requestId"])
    assert "28.00 EUR for 2 people, 14.00 EUR each" in shown
    assert "2027-03-31" in shown
    twice = office.run("requests", "ask", "VISIOCLIENT", "--for", "More.", "--person", BOB)
    assert twice.exit_code == Ending.REFUSED
    odd = office.run("requests", "ask", "VISIOCLIENT", "--for", "More.", "--until", "soon")
    assert odd.exit_code == Ending.USAGE
