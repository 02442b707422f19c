"""`--preview` and `--apply`: the tables that are looked at, and doing only what they said."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from seatwright.cli.endings import Ending
from seatwright.cli.program import program
from tests.cli.conftest import ServedOffice

READERS = {
    *("list", "show", "export", "errors", "impact", "members", "rows", "result", "runs", "run"),
    *("download", "duplicates", "schedules", "true-up", "get", "checker", "heads", "timeline"),
    *("verify", "conflicts", "holders", "waiting", "licenses", "why"),
    *("check", "lint"),  # of rules
    *("access", "unlicensed", "of", "tasks", "defaults", "administrators"),  # of the platform
}
"""Commands that change nothing, by their last word."""

READING = {f"auto-claim {word}" for word in ("apps", "report", "days", "notices")} | {
    "requests process"
}
READING |= {"seats ask", "seats changes"}
READING |= {f"mail {word}" for word in ("kinds", "words", "sample", "preferences")}
READING |= {"webhooks calls"}
"""Commands that change nothing, by all their words: their last could be that of others."""

AT_ONCE = {"launch"}
"""Commands that do what somebody's click does, in the moment of it."""

OPERATORS = {
    *("serve", "worker", "web", "prepare", "migrate", "backup", "restore"),
    *("tenant", "demo", "client", "token", "signing-key", "sign-in-link", "accounts"),
}
"""Commands that work on the database itself, by their first word."""

ADA, BOB, CID = (f"{name}@contoso.example" for name in ("ada", "bob", "cid"))
DIGEST = re.compile(r"[0-9a-f]{64}")


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """A team of one whose group gives Microsoft 365 E3; two more people, and two seats."""
    for name, person in (("Ada", ADA), ("Bob", BOB), ("Cid", CID)):
        served_office.done("users", "create", person, "--name", name, "--usage-location", "NO")
    served_office.done(
        *("subscriptions", "create", "SPE_E3", "2"),
        *("--set", "unitPrice=36.50", "--set", "currency=EUR"),
    )
    served_office.done("groups", "create", "The team")
    served_office.done("groups", "add-member", "The team", ADA)
    served_office.done("groups", "assign", "The team", "SPE_E3")
    return served_office


def digest_in(text: str) -> str:
    found = DIGEST.search(text)
    assert found is not None, text
    return found[0]


def holders(office: ServedOffice) -> list[str]:
    listed = json.loads(office.done("holders", "SPE_E3", "--json"))["value"]
    return [row["user"]["displayName"] for row in listed]


def lines_of(text: str, title: str) -> list[str]:
    """The rows of the table under a title, without its head."""
    block = text.split(f"\n{title}\n")[1].split("\n\n", maxsplit=1)[0]
    return block.splitlines()[1:]


def commands_of(command: Any, *words: str) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every command without commands below it, with the names of its options."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words, {parameter.name for parameter in command.params}
    for name, one in (below or {}).items():
        yield from commands_of(one, *words, name)


def test_every_command_that_writes_over_the_api_can_be_previewed_and_applied() -> None:
    asked = {"only_preview", "apply_digest", "as_json"}
    writers = [
        (words, options)
        for words, options in commands_of(get_command(program))
        if words[0] not in OPERATORS
        and words[-1] not in READERS
        and " ".join(words) not in READING | AT_ONCE
    ]
    commands = {" ".join(words): options for words, options in commands_of(get_command(program))}
    assert commands.keys() >= READING | AT_ONCE
    for name in READING | AT_ONCE:
        assert not commands[name] & {"only_preview", "apply_digest"}, name
    assert len(writers) > 40
    assert [" ".join(words) for words, options in writers if not asked <= options] == []


def test_a_preview_shows_licenses_errors_seats_and_cost_and_changes_nothing(
    office: ServedOffice,
) -> None:
    text = office.done("groups", "add-member", "The team", BOB, CID, "--preview")
    assert text.splitlines()[0] == "2 people concerned. Licenses: 1 given, 1 error to come."
    assert lines_of(text, "Licenses")[0].startswith("     1  get  Microsoft 365 E3  Bob  + ")
    assert lines_of(text, "Licenses")[-1].endswith("more")
    (error,) = lines_of(text, "Errors")
    assert error.split() == ["1", "noSeatLeft", "comes", "Microsoft", "365", "E3", "Cid"]
    (seats,) = lines_of(text, "Seats")
    assert re.split(r"\s{2,}", seats)[1:] == ["2", "1 → 2", "1 → 0", "0 → 1", "1"]
    (cost,) = lines_of(text, "Cost of these products' licenses in use, a month")
    assert cost.split() == ["EUR", "36.50", "73.00", "+36.50"]
    assert max(map(len, text.splitlines()[:-1])) <= 100
    assert holders(office) == ["Ada"]


def test_the_last_line_of_a_preview_is_the_command_that_does_it(office: ServedOffice) -> None:
    words = ("groups", "add-member", "The team", BOB, "--preview")
    last = office.done(*words).splitlines()[-1]
    program, *typed = shlex.split(last)
    assert (program, typed[:4]) == ("seatwright", ["groups", "add-member", "The team", BOB])
    assert typed[4] == "--apply"
    assert office.done(*typed) == f"{BOB} is in The team now.\n"
    assert holders(office) == ["Ada", "Bob"]


def test_flags_lists_and_choices_are_in_the_command_that_does_it(
    office: ServedOffice,
) -> None:
    for words in (
        ["assign", BOB, "SPE_E3", "--disable", "SWAY", "--disable", "TEAMS1", "--reason", "a b"],
        ["users", "update", BOB, "--disable"],
        ["groups", "assign", "The team", "VISIOCLIENT", "--no-wait"],
        ["templates", "apply", "Basic", BOB, CID, "--fill", "wait"],
        ["settings", "set", "usageLocation", "NO"],
    ):
        if words[0] == "templates":
            office.done("templates", "create", "Basic", "--product", "SPE_E3")
        last = office.done(*words, "--preview").splitlines()[-1]
        assert sorted(shlex.split(last)[1:-2]) == sorted(words)


def test_a_world_that_moved_is_told_and_refused_with_the_new_digest(office: ServedOffice) -> None:
    office.office.clock.move(minutes=1)
    seen = office.done("groups", "add-member", "The team", CID, "--preview")
    office.office.clock.move(minutes=1)
    office.done("assign", BOB, "SPE_E3")
    words = ("groups", "add-member", "The team", CID)
    moved = office.run(*words, "--apply", digest_in(seen))
    assert moved.exit_code == Ending.REFUSED
    assert lines_of(moved.stdout, "Errors")[0].split()[1:3] == ["noSeatLeft", "comes"]
    assert "No longer:" in moved.stdout
    assert lines_of(moved.stdout, "Licenses")[0].split()[:2] == ["1", "get"]
    (seats,) = lines_of(moved.stdout, "Seats in use before → after the call")
    assert re.split(r"\s{2,}", seats) == ["Microsoft 365 E3", "1 → 2", "not moved"]
    (meanwhile,) = lines_of(moved.stdout, "Meanwhile")
    assert meanwhile.endswith("Microsoft 365 E3  Bob")
    assert "The world has moved since the preview" in moved.stderr
    assert "worldMoved" in moved.stderr
    assert holders(office) == ["Ada", "Bob"]
    fix = moved.stderr.splitlines()[-1]
    assert fix.startswith("→ seatwright groups add-member 'The team'")
    assert digest_in(fix) != digest_in(seen)
    assert office.done(*shlex.split(fix)[2:]) == f"{CID} is in The team now.\n"


def test_json_is_what_the_api_answers(office: ServedOffice) -> None:
    words = ("groups", "remove-member", "The team", ADA, "--json")
    seen = json.loads(office.done(*words, "--preview"))
    assert (seen["counts"]["revokes"], seen["preview"]) == (1, True)
    moved = office.run(*words, "--apply", "0" * 64)
    assert moved.exit_code == Ending.REFUSED
    told = json.loads(moved.stdout)
    assert (told["code"], told["digest"]) == ("worldMoved", seen["digest"])
    assert holders(office) == ["Ada"]


def test_preview_and_apply_at_once_is_a_usage_error(office: ServedOffice) -> None:
    result = office.run("unassign", ADA, "SPE_E3", "--preview", "--apply", "0" * 64)
    assert result.exit_code == Ending.USAGE


def test_what_is_no_digest_is_refused(office: ServedOffice) -> None:
    result = office.run("groups", "create", "Other", "--apply", "soon")
    assert result.exit_code == Ending.REFUSED
    assert "64 hexadecimal digits" in result.stderr
    assert "Other" not in office.done("groups", "list")


def test_a_change_that_gives_and_takes_nothing_can_be_previewed(office: ServedOffice) -> None:
    text = office.done("groups", "create", "Other", "--preview")
    assert text.startswith("No license would change.\n")
    assert "Other" not in office.done("groups", "list")


def test_removals_that_the_brake_would_hold_are_shown(served_office: ServedOffice) -> None:
    people = [f"p{number}@contoso.example" for number in range(12)]
    for person in people:
        served_office.done("users", "create", person, "--usage-location", "NO")
    served_office.done("subscriptions", "create", "SPE_E3", "12")
    served_office.done("groups", "create", "Team")
    served_office.done("groups", "add-member", "Team", *people)
    served_office.done("groups", "assign", "Team", "SPE_E3")
    text = served_office.done("groups", "unassign", "Team", "SPE_E3", "--preview")
    assert text.startswith("No license would change. 12 removals would be held.\n")
    held = " ".join(" ".join(lines_of(text, "Held by the brake")).split())
    assert held.startswith("12 Microsoft 365 E3")
    assert "Team" in held
    assert served_office.done("held", "list") == "No removal waits for approval.\n"


def test_more_than_a_cell_takes_is_counted(served_office: ServedOffice, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    rows = [f"p{number:02},p{number:02}@contoso.example,NO" for number in range(30)]
    file.write_text("\n".join(("displayName,userPrincipalName,usageLocation", *rows, "")))
    served_office.done("users", "import", str(file))
    served_office.done("subscriptions", "create", "POWER_BI_PRO", "30")
    text = served_office.done("bulk", str(file), "--sku", "POWER_BI_PRO", "--preview")
    assert text.startswith("30 of 30 rows would be done.\n")
    table = " ".join(" ".join(lines_of(text, "Licenses")).split())
    assert table.startswith("30 get Power BI Pro")
    assert "24 more" in table


def test_a_preview_warns_of_seats_that_end_soon(office: ServedOffice) -> None:
    soon = office.office.clock.now() + timedelta(days=20)
    ends = f"nextLifecycleAt={soon.isoformat()}"
    office.done("subscriptions", "create", "VISIOCLIENT", "2", "--set", ends)
    shown = office.run("assign", ADA, "VISIOCLIENT", "--preview")
    words = " ".join((shown.stdout + shown.stderr).split())
    assert f"Every seat of Visio Plan 2 that was bought ends by {soon:%Y-%m-%d}" in words
