"""Typing about time: purchases that live, seats that are booked, people who are invited."""

from __future__ import annotations

import json

from tests.cli.conftest import ServedOffice

GUEST = "gina@partner.example"


def id_of(office: ServedOffice, *words: str) -> str:
    """The id of the first row that a command lists."""
    return str(json.loads(office.done(*words, "--json"))["value"][0]["id"])


def test_a_purchase_is_booked_smaller_renewed_and_cancelled(served_office: ServedOffice) -> None:
    office = served_office
    office.done("subscriptions", "create", "SPE_E3", "10", "--until", "2035-01-01")
    id_ = id_of(office, "subscriptions", "list")
    fewer = office.done("subscriptions", "update", id_, "--units", "8").splitlines()
    assert fewer[0].startswith("Microsoft 365 E3 now has 10 seats")
    assert fewer[1].endswith(" on: 8 seats.")
    assert "8 on " in office.done("subscriptions", "list")
    booked = office.done(
        "subscriptions", "book", id_, "12", "--on", "2034-01-01", "--note", "a new team"
    )
    assert booked == "From 2034-01-01 on: 12 seats instead of 10.\n"
    assert "a new team" in office.done("seats", "changes")
    cancelled = office.done("subscriptions", "unbook", id_of(office, "seats", "changes"))
    assert cancelled.startswith("Cancelled")
    renewed = office.done("subscriptions", "renew", id_, "--until", "2036-06-01")
    assert renewed == "Microsoft 365 E3, 10 seats: Enabled until 2036-06-01, then Warning.\n"
    # Within its week a renewal is given back, not the purchase.
    returned = office.done("subscriptions", "cancel", id_)
    assert returned == "Microsoft 365 E3, 10 seats: Enabled until 2035-01-01, then Warning.\n"
    ended = office.done("subscriptions", "cancel", id_)
    assert ended.startswith("Microsoft 365 E3, 10 seats: LockedOut until ")


def test_dates_of_a_license_change_and_nothing_else_does(served_office: ServedOffice) -> None:
    office = served_office
    office.done("users", "create", "ada@contoso.example", "--usage-location", "NO")
    office.done("subscriptions", "create", "SPE_E3", "4")
    ada = ("ada@contoso.example", "SPE_E3")
    office.done("assign", *ada, "--disable", "SWAY", "--expires", "2035-01-01")
    moved = office.done("redate", *ada, "--expires", "2036-01-01")
    assert moved == f"{ada[0]} has Microsoft 365 E3 until 2036-01-01 00:00 UTC.\n"
    assert office.done("redate", *ada, "--for-good") == f"{ada[0]} has Microsoft 365 E3 for good.\n"
    shown = json.loads(office.done("users", "show", ada[0], "--json"))["licenses"][0]
    assert [one["enabled"] for one in shown["servicePlans"] if one["name"] == "SWAY"] == [False]
    for words in ((), ("--expires", "2036-01-01", "--for-good")):
        assert office.run("redate", *ada, *words).exit_code == 2


def test_the_time_line_is_a_table_with_a_bar_that_fits_a_screen(
    served_office: ServedOffice,
) -> None:
    office = served_office
    office.done("users", "create", "ada@contoso.example", "--usage-location", "NO")
    office.done("subscriptions", "create", "SPE_E3", "4")
    office.done("assign", "ada@contoso.example", "SPE_E3")
    id_ = id_of(office, "subscriptions", "list")
    office.done("subscriptions", "update", id_, "--units", "2")
    lines = office.done("seats", "timeline", "SPE_E3").splitlines()
    assert lines[0].startswith("Microsoft 365 E3 until ")
    assert lines[0].endswith(": enough seats.")
    assert lines[1].split() == ["From", "Seats", "Needed", "Free", "What"]
    assert lines[2].split()[1:] == ["4", "1", "3", "█" * 7 + "░" * 23, "today"]
    assert lines[3].split()[1:4] == ["2", "1", "1"]
    assert lines[3].endswith("4 to 2 units")
    assert max(map(len, lines)) <= 100
    assert "there is nobody to ask" in office.done("seats", "ask", "SPE_E3")
    office.done("subscriptions", "update", id_, "--set", "units=0", "--set", "external=true")
    assert "ada" in office.done("seats", "ask", "SPE_E3")
    assert "▚" in office.done("seats", "timeline", "SPE_E3")


def test_somebody_is_invited_again_accepted_or_withdrawn(served_office: ServedOffice) -> None:
    office = served_office
    office.done("subscriptions", "create", "SPE_E3", "4")
    send = ("invitations", "send", GUEST, "Gina Guest", "--product", "SPE_E3")
    sent = office.done(*send, "--usage-location", "SE")
    assert sent.startswith("Invited Gina Guest: Microsoft 365 E3 is held until ")
    id_ = id_of(office, "invitations", "list")
    (row,) = office.done("invitations", "list", "--state", "pending").splitlines()[1:]
    assert row.split()[:7] == ["Gina", "Guest", GUEST, "Microsoft", "365", "E3", "pending"]
    assert (
        office.done("invitations", "resend", id_)
        == f"Sent again to {GUEST}: 14 days left to accept.\n"
    )
    accepted = office.done("invitations", "accept", id_)
    assert accepted == "Gina Guest is a guest now and has Microsoft 365 E3.\n"
    office.done(
        "invitations", "send", "otto@partner.example", "Otto", *send[4:], "--usage-location", "SE"
    )
    withdrawn = office.done("invitations", "withdraw", id_of(office, "invitations", "list"))
    assert withdrawn == "Withdrew the invitation of otto@partner.example; its seats are back.\n"
