"""Environments, apps, flows and security roles, typed at a terminal."""

from __future__ import annotations

from pathlib import Path

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice

ADA = "ada@contoso.example"


def test_a_platform_is_set_up_and_looked_at(served_office: ServedOffice, tmp_path: Path) -> None:
    office = served_office
    done = office.done
    done("users", "create", ADA, "--name", "Ada Lovelace", "--usage-location", "NO")
    done("subscriptions", "create", "POWERAPPS_PER_USER", "5")
    assert done("environments", "create", "Sales", "--managed", "--solution", "Sales Hub") == (
        "Stored the managed environment Sales.\n"
    )
    assert "managed" in done("environments", "list", "--managed")
    assert "everything in it needs a license" in done("environments", "show", "sales")
    stored = done("apps", "create", "Visits", "-e", "Sales", "--premium", "--role")
    assert stored.startswith("Stored the app Visits, which needs Power Apps")
    assert done("apps", "share", "Visits", ADA) == "Visits is shared with 1 person.\n"
    assert "Ada Lovelace" in done("apps", "show", "Visits")
    assert "Ada Lovelace" in done("apps", "unlicensed", "Visits")
    refused = done("apps", "access", "Visits", ADA)
    assert "cannot open" in refused
    assert "No security role" in refused
    done("assign", ADA, "POWERAPPS_PER_USER")
    assert "Everybody" in done("apps", "unlicensed", "Visits")
    assert "Visits" in done("security-roles", "tasks")
    given = done("security-roles", "assign", "basic user", ADA, "-e", "Sales")
    assert given == f"{ADA} now has basic user.\n"
    again = done("security-roles", "assign", "Basic User", ADA, "-e", "Sales")
    assert "had Basic User already" in again
    assert done("apps", "access", "Visits", ADA) == f"{ADA} can open Visits.\n"
    assert "given directly" in done("security-roles", "of", ADA)
    assert "Everybody" in done("security-roles", "tasks")
    done("security-roles", "add-administrator", ADA, "--as", "global")
    assert "as global" in done("security-roles", "of", ADA)
    assert "Ada" in done("security-roles", "administrators")
    assert "Customer Service Hub" in done("security-roles", "defaults")
    assert done("flows", "create", "Bills", "-e", "Sales", "--rpa") == (
        "Stored the flow Bills (premium, attended RPA) in Sales (managed).\n"
    )
    assert "whoever starts it" in done("flows", "list")
    out = tmp_path / "apps.csv"
    done("apps", "export", "--output", str(out))
    assert done("apps", "import", str(out)) == "1 row: 1 unchanged.\n"
    assert done("apps", "unshare", "Visits", ADA).startswith("Visits is no longer shared")


def test_a_role_by_name_needs_its_environment(served_office: ServedOffice) -> None:
    failed = served_office.run("security-roles", "holders", "Basic User")
    assert failed.exit_code == Ending.USAGE
    served_office.done("environments", "create", "Sales")
    unknown = served_office.run("security-roles", "holders", "Nothing", "-e", "Sales")
    assert unknown.exit_code == Ending.REFUSED
    missing = served_office.run("environments", "show", "Nowhere")
    assert missing.exit_code == Ending.REFUSED
    assert "seatwright environments list" in missing.output
