"""`seatwright reports`: questions about many people; nothing is changed by asking."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.files import save
from seatwright.cli.options import AsJson, Limit, ShowAll, fields_of, rows_wanted
from seatwright.cli.report_runs import (
    Asked,
    ReportId,
    download,
    pause,
    resume,
    runs,
    schedule,
    schedules,
    start,
    unschedule,
)
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Cell, Column, Row, minute, show_facts, show_list, show_table

report_commands = typer.Typer(
    help="Inventory, costs, idle seats, errors, who has what: nothing is changed by asking.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

_SHOWN: Final = {
    "inventory": "skuPartNumber purchased assigned active idle free utilization spend"
    " idleSpend currency",
    "per-person": "displayName department skuPartNumber state reason price currency",
    "assignments": "displayName skuPartNumber source path state assignedBy",
    "errors": "displayName skuPartNumber group sentence",
    "error-totals": "reason skuPartNumber group people fix",
    "idle-holders": "displayName department idleDays skuPartNumber group saving currency",
    "unlicensed": "displayName userPrincipalName department lastSignInAt",
    "strategy-advice": "product people advice",
    "grants": "at displayName action skuPartNumber strategy principal",
}
"""What a table has room for; files and --json have every column."""

_PROSE: Final = frozenset({"sentence", "fix", "advice"})
_NUMBERS: Final = frozenset({"count", "money", "percent"})

_LIST = (
    Column(title="Report", cell="id"),
    Column(title="What it says", cell="meaning", is_prose=True),
)

_COLUMNS = (
    Column(title="Column", cell="name"),
    Column(title="Kind", cell="kind"),
    Column(title="Meaning", cell="meaning", is_prose=True, is_optional=True),
)


def _limits(row: Row) -> str:
    if row["choices"]:
        return ", ".join(row["choices"])
    return f"{row['low']} to {row['high']:,}" if row["high"] else "text"


_PARAMETERS = (
    Column(title="--set", cell="name"),
    Column(title="Takes", cell=_limits),
    Column(title="Default", cell="default", is_optional=True),
    Column(title="Meaning", cell="meaning", is_prose=True),
)


@report_commands.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List every report there is."""
    with open_api() as api:
        found = api.listing(api_path("reports"))
    show_list(found, _LIST, empty="There are no reports.", as_json=as_json)


@report_commands.command("show", epilog=EXIT_CODES)
def show(report: ReportId, *, as_json: AsJson = False) -> None:
    """Show what a report says, its columns, and what it can be asked with."""
    with open_api() as api:
        found = _described(api.rows(api_path("reports")), report)
    if as_json:
        print_json(found)
        return
    show_facts([("Report", found["id"]), ("Title", found["title"])])
    say(found["meaning"])
    say("")
    show_table(found["columns"], _COLUMNS)
    if found["parameters"]:
        say("")
        show_table(found["parameters"], _PARAMETERS)


@report_commands.command("run", epilog=EXIT_CODES)
def run(
    report: ReportId,
    *,
    asked: Asked = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", dir_okay=False, metavar="FILE", help="Write every row as CSV."),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option(
            "--xlsx", dir_okay=False, metavar="FILE", help="Write a workbook, up to 10,000 rows."
        ),
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """Run a report now, as a table or into a file."""
    query = {name: _text(value) for name, value in fields_of(asked).items()}
    with open_api() as api:
        if csv is not None or xlsx is not None:
            for ending, output in (("csv", csv), ("xlsx", xlsx)):
                if output is not None:
                    wanted = {**query, "format": ending}
                    save(api, api_path("reports", report), query=wanted, output=output)
            return
        described = _described(api.rows(api_path("reports")), report)
        found = api.listing(
            api_path("reports", report),
            query=query,
            limit=rows_wanted(limit=limit, show_all=show_all, as_json=as_json),
        )
    empty = f"{described['title']}: no rows."
    show_list(found, _table_of(described), empty=empty, as_json=as_json)


def _text(value: object) -> str | int | bool | None:
    return value if isinstance(value, (str, int, bool)) else None


def _described(catalogue: list[Json], report: str) -> Json:
    found = [one for one in catalogue if one["id"] == report.strip().lower()]
    if not found:
        fix = "→ seatwright reports list"
        stop(Ending.REFUSED, f"There is no report “{report}”.", fix=fix)
    return found[0]


def _table_of(described: Json) -> list[Column]:
    """The columns of a table: those with room in it, or all but the ids."""
    columns = {column["name"]: column for column in described["columns"]}
    chosen = _SHOWN.get(described["id"])
    names = chosen.split() if chosen else [name for name in columns if not name.endswith("Id")]
    return [_column(columns[name]) for name in names if name in columns]


def _column(column: Json) -> Column:
    return Column(
        title=column["title"],
        cell=_cell(column),
        is_number=column["kind"] in _NUMBERS,
        is_prose=column["name"] in _PROSE,
        is_optional=column["name"] in {"group", "reason", "waiting", "department"},
    )


def _cell(column: Json) -> str | Cell:
    name: str = column["name"]
    match column["kind"]:
        case "moment":
            return lambda row: minute(row[name])
        case "money":
            return lambda row: "" if row[name] is None else f"{Decimal(row[name]):,.2f}"
        case "percent":
            return lambda row: "" if row[name] is None else f"{row[name]} %"
        case _:
            return name


def _overlaps(row: Row) -> list[str]:
    return [
        f"{one['servicePlan']} of {one['product']['skuPartNumber']} by"
        f" {one['coveredByProduct']['skuPartNumber']}"
        for one in row["overlaps"]
    ]


_DUPLICATES = (
    Column(title="User principal name", cell="userPrincipalName"),
    Column(title="Covered twice", cell=_overlaps, is_prose=True),
    Column(
        title="Could go",
        cell=lambda row: [one["skuPartNumber"] for one in row["removable"]],
        is_optional=True,
    ),
)


@report_commands.command("duplicates", epilog=EXIT_CODES)
def duplicates(
    *,
    user: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List who has the same service by two products, and which one could go."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        path = api_path("reports", "duplicate-services")
        found = api.listing(path, query={"user": user}, limit=wanted)
    show_list(found, _DUPLICATES, empty="Nobody has a service twice.", as_json=as_json)


for _name, _command in (
    ("start", start),
    ("runs", runs),
    ("download", download),
    ("schedule", schedule),
    ("schedules", schedules),
    ("pause", pause),
    ("resume", resume),
    ("unschedule", unschedule),
):
    report_commands.command(_name, epilog=EXIT_CODES)(_command)
