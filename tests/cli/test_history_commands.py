"""The commands that look back: holders of then, a time line, seals, and the true-up statement."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from seatwright.app.seals import seal_history
from seatwright.app.work import Workshop
from seatwright.cli.endings import Ending
from seatwright.postgres.pool import Database
from tests.cli.conftest import ServedOffice
from tests.conftest import Database as DatabaseOfTest

ADELE = "adele@contoso.example"


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """A person, and one seat of Microsoft 365 E3."""
    served_office.done("users", "create", ADELE, "--name", "Adele Vance", "--usage-location", "NO")
    served_office.done("subscriptions", "create", "SPE_E3", "1")
    return served_office


def seal(office: ServedOffice, app_url: str) -> None:
    """Let the worker's tick seal, on connections of its own event loop."""

    async def tick() -> None:
        database = Database(app_url)
        await database.open()
        try:
            workshop = Workshop(database=database, clock=office.office.clock)
            await seal_history(workshop, office.office.made.tenant.tenant_id)
        finally:
            await database.close()

    asyncio.run(tick())


def test_holders_of_a_moment_are_listed_and_counted(office: ServedOffice) -> None:
    office.done("assign", ADELE, "SPE_E3")
    then = office.office.clock.now().isoformat()
    office.office.clock.move(hours=1)
    office.done("unassign", ADELE, "SPE_E3")
    office.office.clock.move(hours=1)
    assert office.done("holders", "SPE_E3") == "Nobody holds SPE_E3.\n"
    told = office.done("holders", "SPE_E3", "--at", then)
    assert ADELE in told
    assert "1 person held SPE_E3" in told
    assert ADELE in office.done("holders", "SPE_E3", "--at", then, "--csv")
    late = office.run("holders", "SPE_E3", "--at", "2099-01-01")
    assert late.exit_code == Ending.REFUSED
    assert "still to come" in late.stderr


def test_whoever_joins_a_group_is_told_with_the_group(office: ServedOffice) -> None:
    office.done("groups", "create", "Front desk")
    office.done("groups", "add-member", "Front desk", ADELE)
    told = office.done("history", "--user", ADELE, "--everything")
    [line] = [line for line in told.splitlines() if "memberAdded" in line]
    assert "group Front desk" in line
    assert "memberAdded" in office.done("history", "--group", "Front desk", "--everything")


def test_a_timeline_is_drawn(office: ServedOffice) -> None:
    assert "never held a product" in office.done("history", "timeline", ADELE)
    office.done("assign", ADELE, "SPE_E3")
    office.office.clock.move(hours=1)
    office.done("unassign", ADELE, "SPE_E3")
    office.office.clock.move(days=30)
    office.done("assign", ADELE, "SPE_E3", "--disable", "SWAY")
    told = office.done("history", "timeline", ADELE)
    assert "█" in told
    assert "without SWAY" in told
    assert "held" in told
    assert max(len(line) for line in told.splitlines()) <= 100


def test_a_history_is_verified_exported_and_checked_without_seatwright(
    office: ServedOffice, database: DatabaseOfTest, tmp_path: Path
) -> None:
    office.done("assign", ADELE, "SPE_E3")
    office.office.clock.move(minutes=11)
    seal(office, database.app_url)
    told = office.done("history", "verify")
    assert told.startswith("Intact: ")
    head = told.split("Head: ")[1].split()[0]
    assert office.done("history", "verify", "--head", head).startswith("Intact: ")
    other = office.run("history", "verify", "--head", "0" * 64)
    assert other.exit_code == Ending.REFUSED
    assert "No block has the head" in other.stderr
    assert head in office.done("history", "heads")
    office.done("history", "heads", "--output", str(tmp_path / "heads.txt"))
    assert head in (tmp_path / "heads.txt").read_text()
    office.done("history", "export", str(tmp_path / "history.jsonl"))
    (tmp_path / "check.py").write_text(office.done("history", "checker"))
    for digest, code in ((head, 0), ("f" * 64, 1)):
        checked = subprocess.run(
            [sys.executable, "-I", "check.py", "history.jsonl", "--head", digest],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert checked.returncode == code, checked.stdout + checked.stderr


@pytest.mark.parametrize("options", [(), ("--csv",), ("--json",)])
def test_a_true_up_statement_is_told(office: ServedOffice, options: tuple[str, ...]) -> None:
    office.done("assign", ADELE, "SPE_E3")
    office.office.clock.move(hours=1)
    told = office.done("reports", "true-up", *options)
    assert "2026-11" in told
    assert "Microsoft 365 E3" in told
