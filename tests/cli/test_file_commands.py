"""Files in and out: people, groups, members, subscriptions, holdings, Microsoft's table."""

from __future__ import annotations

import json
from pathlib import Path

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice


def write(directory: Path, *lines: str) -> str:
    file = directory / "in.csv"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


PEOPLE = (
    "userPrincipalName,displayName,usageLocation",
    "adele@contoso.example,Adele Vance,NO",
    "alex@contoso.example,Alex Wilber,SE",
)


def test_people_go_in_and_come_out_again(served_office: ServedOffice, tmp_path: Path) -> None:
    file = write(tmp_path, *PEOPLE)
    preview = served_office.done("users", "import", file, "--preview")
    assert preview.startswith("2 rows: 2 created.\n\nNo license would change.\n")
    assert served_office.done("users", "list") == "No such person.\n"
    assert served_office.done("users", "import", file) == "2 rows: 2 created.\n"
    out = tmp_path / "out.csv"
    result = served_office.run("users", "export", "-o", str(out))
    assert result.stderr == f"Wrote {out}.\n"
    assert served_office.done("users", "import", str(out)) == "2 rows: 2 unchanged.\n"
    assert "adele@contoso.example" in served_office.done("users", "export")


def test_rows_that_fail_are_told_and_are_exit_code_four(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    result = served_office.run("users", "import", write(tmp_path, *PEOPLE, ",Nobody,NO"))
    assert result.exit_code == Ending.PARTLY_FAILED
    assert result.stdout.startswith("3 rows: 2 created, 1 failed.\n")
    assert result.stdout.splitlines()[3].split()[0] == "4"


def test_a_column_that_means_nothing_is_named(served_office: ServedOffice, tmp_path: Path) -> None:
    file = write(tmp_path, "userPrincipalName,Shoe size", "adele@contoso.example,42")
    result = served_office.run("users", "import", file)
    assert result.exit_code == 0, result.output
    assert "“Shoe size” means nothing here" in result.stderr


def test_an_import_that_disables_too_many_is_stopped_until_confirmed(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    people = [f"p{number}@contoso.example" for number in range(30)]
    served_office.done("users", "import", write(tmp_path, "userPrincipalName", *people))
    one = write(tmp_path, "userPrincipalName", people[0])
    stopped = served_office.run("users", "import", one, "--replace")
    assert stopped.exit_code == Ending.REFUSED
    assert stopped.stderr.splitlines()[-1] == (
        "→ run the same command with --confirm if the file is right"
    )
    text = served_office.done("users", "import", one, "--replace", "--confirm")
    assert "29 disabled" in text


def test_groups_and_members_go_in_and_come_out(served_office: ServedOffice, tmp_path: Path) -> None:
    served_office.done("users", "import", write(tmp_path, *PEOPLE))
    groups = write(tmp_path, "displayName,description", "Sales,Sellers")
    assert served_office.done("groups", "import", groups) == "1 row: 1 created.\n"
    out = tmp_path / "members.csv"
    served_office.done("groups", "add-member", "Sales", "adele@contoso.example")
    served_office.run("groups", "export", "--members", "-o", str(out))
    assert served_office.done("groups", "import", "--members", str(out)) == "1 row: 1 unchanged.\n"
    assert "Sales" in served_office.done("groups", "export")
    refused = served_office.run("groups", "import", groups, "--replace")
    assert refused.exit_code == Ending.USAGE


def test_subscriptions_are_taken_whole_or_not_at_all(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    header = "SkuPartNumber,Units"
    bad = write(tmp_path, header, "SPE_E3,10", "NO_SUCH,10", "SPE_E5,many")
    refused = served_office.run("subscriptions", "import", bad)
    assert refused.exit_code == Ending.REFUSED
    assert "Row 4" in refused.stderr
    good = write(tmp_path, header, "SPE_E3,10")
    assert served_office.done("subscriptions", "import", good) == "1 row: 1 created.\n"
    assert served_office.done("subscriptions", "export").splitlines()[1].count("SPE_E3") == 1


def test_what_people_hold_is_adopted_beyond_the_seats(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    served_office.done("users", "import", write(tmp_path, *PEOPLE))
    served_office.done("subscriptions", "create", "SPE_E3", "1")
    holdings = write(
        tmp_path,
        "UserPrincipalName,SkuPartNumber",
        "adele@contoso.example,SPE_E3",
        "alex@contoso.example,SPE_E3",
    )
    result = served_office.run("holdings", "import", holdings)
    assert result.exit_code == 0, result.output
    assert result.stdout == "2 of 2 rows done (completed).\n"
    assert "SPE_E3: 2 people hold one, and 1 seat was bought." in result.stderr
    assert len(served_office.done("holdings", "export").splitlines()) == 3


def test_microsofts_table_brings_products(served_office: ServedOffice, tmp_path: Path) -> None:
    table = write(
        tmp_path,
        "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,"
        "Service_Plans_Included_Friendly_Names",
        "A NEW PRODUCT,NEW_ONE,11111111-2222-4333-8444-555555555555,NEW_PLAN,"
        "21111111-2222-4333-8444-555555555555,A NEW PLAN",
    )
    text = served_office.done("catalog", "import", table)
    assert text.startswith("Read 1 row of 1 products: 1 new, 0 with more service plans")
    assert "NEW_PLAN" in served_office.done("catalog", "show", "NEW_ONE")


def test_reports_answer_in_tables(served_office: ServedOffice, tmp_path: Path) -> None:
    served_office.done("users", "import", write(tmp_path, *PEOPLE))
    served_office.done("subscriptions", "create", "SPE_E3", "5")
    served_office.done("subscriptions", "create", "SPE_E5", "5")
    served_office.done("assign", "adele@contoso.example", "SPE_E3")
    served_office.done("assign", "adele@contoso.example", "SPE_E5")
    assert "alex@contoso.example" in served_office.done("reports", "run", "unlicensed")
    assert "SPE_E3" in served_office.done("reports", "run", "assignments", "--set", "source=direct")
    assert served_office.done("reports", "run", "idle-holders") == "Idle holders: no rows.\n"
    served_office.office.clock.move(days=91)
    assert "Adele Vance" in served_office.done("reports", "run", "idle-holders")
    assert "SPE_E3" in served_office.done("reports", "duplicates")
    assert "50.0 %" not in served_office.done("reports", "run", "inventory")
    assert "20.0 %" in served_office.done("reports", "run", "inventory")
    assert "idle-holders" in served_office.done("reports", "list")
    assert "inactiveDays" in served_office.done("reports", "show", "idle-holders")
    for name in ("all.csv", "all.xlsx"):
        file = tmp_path / name
        served_office.done("reports", "run", "per-person", f"--{name[4:]}", str(file))
        assert file.stat().st_size > 100
    refused = served_office.run("reports", "run", "payroll")
    assert refused.exit_code == Ending.REFUSED


def test_reports_run_in_the_background_and_by_themselves(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    served_office.done("users", "import", write(tmp_path, *PEOPLE))
    started = served_office.done("reports", "start", "per-person")
    assert started.startswith("Completed: 2 rows.\n")
    file = tmp_path / "run.csv"
    run = started.split()[-3]
    served_office.done("reports", "download", "per-person", run, "-o", str(file))
    assert "adele@contoso.example" in file.read_text()
    assert run in served_office.done("reports", "runs", "per-person", "--json")
    made = served_office.done(
        *("reports", "schedule", "inventory", "weekly", "--at", "06:30", "--on", "monday")
    )
    assert made == "inventory runs weekly on monday at 06:30 UTC, next on 2026-11-23 06:30 UTC.\n"
    listed = json.loads(served_office.done("reports", "schedules", "inventory", "--json"))
    schedule = listed["value"][0]["id"]
    assert "paused" in served_office.done("reports", "pause", "inventory", schedule)
    assert "next on" in served_office.done("reports", "resume", "inventory", schedule)
    assert "weekly on monday" in served_office.done("reports", "schedules", "inventory")
    served_office.done("reports", "unschedule", "inventory", schedule)
