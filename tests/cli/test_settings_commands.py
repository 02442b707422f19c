"""`seatwright settings` against a served office."""

from __future__ import annotations

import json

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice


def test_settings_are_listed_read_and_changed(served_office: ServedOffice) -> None:
    assert "importRemovalsMax" in served_office.done("settings")
    assert served_office.done("settings", "get", "importRemovalsMax") == "100\n"
    assert served_office.done("settings", "set", "importRemovalsMax", "5000") == (
        "importRemovalsMax is 5000.\n"
    )
    assert (
        json.loads(served_office.done("settings", "get", "brakeOnRemovals", "--json"))["value"]
        is None
    )


def test_a_value_that_does_not_fit_is_refused_with_its_code(served_office: ServedOffice) -> None:
    result = served_office.run("settings", "set", "importRemovalsMax", "-1")
    assert result.exit_code == Ending.REFUSED
    assert "whole number" in result.stderr
    assert "invalidValue, correlation id" in result.stderr
    assert result.stdout == ""


def test_a_token_that_nobody_made_is_told_how_to_get_one(served_office: ServedOffice) -> None:
    result = served_office.run("settings", token="swt_wrong")
    assert result.exit_code == Ending.REFUSED
    assert "→ seatwright token create NAME" in result.stderr


def test_a_server_that_is_not_there_is_exit_code_three(served_office: ServedOffice) -> None:
    result = served_office.run("settings", SEATWRIGHT_URL="http://127.0.0.1:9")
    assert result.exit_code == Ending.UNREACHABLE
    assert "./run" in result.stderr.splitlines()[-1]
