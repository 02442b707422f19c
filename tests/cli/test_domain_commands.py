"""`seatwright domains` against a served office."""

from __future__ import annotations

import json

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice


def test_domains_are_listed_added_made_default_and_removed(served_office: ServedOffice) -> None:
    office = served_office
    assert office.done("domains", "add", "BÜCHER.example") == (
        "bücher.example is a domain of this tenant.\n"
    )
    listed = json.loads(office.done("domains", "list", "--json"))["value"]
    assert "xn--bcher-kva.example" in {one["name"] for one in listed}
    [first] = [one["name"] for one in listed if one["isDefault"]]
    assert "default, initial" in office.done("domains", "list")
    text = office.done("domains", "default", "bücher.example")
    assert text == "bücher.example is the default domain.\n"
    office.done("users", "create", f"ada@{first}", "--name", "Ada")
    refused = office.run("domains", "remove", first)
    assert refused.exit_code == Ending.REFUSED
    assert "1 person has" in refused.stderr
    looked = office.done("domains", "remove", first, "--with-people", "--preview")
    assert "--apply" in looked
    text = office.done("domains", "remove", first, "--with-people")
    assert text == f"{first} is no domain of this tenant any more.\n"
