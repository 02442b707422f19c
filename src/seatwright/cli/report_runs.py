"""Runs of reports and their schedules, as commands of `seatwright reports`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import Ending, stop
from seatwright.cli.files import save
from seatwright.cli.jobs import follow
from seatwright.cli.options import (
    AsJson,
    Limit,
    ShowAll,
    WaitOption,
    fields_of,
    given,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, minute, moment, show_list

ReportId: TypeAlias = Annotated[
    str, typer.Argument(metavar="REPORT", help="A report's id: `seatwright reports list`.")
]
Asked: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the report; again for more."),
]
RunId: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id: `seatwright reports runs REPORT`.")
]
ScheduleId: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SCHEDULE", help="A schedule's id: `seatwright reports schedules REPORT`."
    ),
]
WithWorkbook: TypeAlias = Annotated[
    bool, typer.Option("--workbook", help="Also make a workbook of more than 10,000 rows.")
]

FORMATS: Final = ("csv", "xlsx", "json")


def _parameters(row: Row) -> str:
    return ", ".join(f"{name}={value}" for name, value in row["parameters"].items() if value)


_RUNS = (
    Column(title="Started (UTC)", cell=moment("createdAt")),
    Column(title="State", cell="state"),
    Column(title="Rows", cell="rows", is_number=True),
    Column(title="By", cell=lambda row: row["requestedBy"]["name"]),
    Column(title="Error", cell="error", is_prose=True, is_optional=True),
    Column(title="Id", cell="id", is_small=True),
)


def _next(row: Row) -> str:
    return minute(row["nextAt"]) or "paused"


_SCHEDULES = (
    Column(title="Runs", cell="timing"),
    Column(title="Next (UTC)", cell=_next),
    Column(title="With", cell=_parameters, is_optional=True),
    Column(title="As", cell=lambda row: row["scheduledBy"]["name"]),
    Column(title="Why paused", cell="pauseReason", is_prose=True, is_optional=True),
    Column(title="Id", cell="id", is_small=True),
)


@previewable()
def start(
    report: ReportId,
    *,
    asked: Asked = None,
    workbook: WithWorkbook = False,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Run a report in the background; it is kept 90 days."""
    body = {"parameters": fields_of(asked), "workbook": workbook}
    with open_api() as api:
        run = api.write("POST", api_path("reports", report, "runs"), body=body)
        if wait:
            follow(api, api.read(api_path("jobs", run["jobId"])))
            run = api.read(api_path("reports", report, "runs", run["id"]))
    if as_json:
        print_json(run)
    elif run["state"] == "failed":
        stop(Ending.REFUSED, run["error"])
    else:
        rows = count_of(run["rows"], "row", "rows")
        say(f"{run['state'].capitalize()}: {rows}.")
        say(f"→ seatwright reports download {report} {run['id']} -o {report}.csv")


def runs(
    report: ReportId, *, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False
) -> None:
    """List the runs of a report, newest first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("reports", report, "runs"), limit=wanted)
    empty = f"It has no runs of the last 90 days: `seatwright reports start {report}`."
    show_list(found, _RUNS, empty=empty, as_json=as_json)


def download(
    report: ReportId,
    run: RunId,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", dir_okay=False, help="Write here; .csv, .xlsx or .json say as what."
        ),
    ] = None,
) -> None:
    """Download a run; without a file, as CSV to stdout."""
    ending = "csv" if output is None else output.suffix.removeprefix(".").lower()
    if ending not in FORMATS:
        stop(Ending.USAGE, f"{output} ends in none of .csv, .xlsx and .json.")
    path = api_path("reports", report, "runs", run, "file")
    with open_api() as api:
        save(api, path, query={"format": ending}, output=output)


@previewable()
def schedule(
    report: ReportId,
    cadence: Annotated[str, typer.Argument(metavar="CADENCE", help="daily, weekly or monthly.")],
    *,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="Time of day in UTC.")],
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DAY", help="monday … for weekly, 1 to 28 for monthly."),
    ] = None,
    asked: Asked = None,
    workbook: WithWorkbook = False,
    mail_to: Annotated[
        list[str] | None,
        typer.Option("--mail-to", metavar="ADDRESS", help="Mail each run there; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have a report run by itself, with the roles that you have then."""
    day: dict[str, object] = {}
    if on is not None:
        day = {"monthDay": int(on)} if on.isascii() and on.isdecimal() else {"weekday": on}
    body = {
        **given(cadence=cadence, at=at, parameters=fields_of(asked), workbook=workbook),
        **({"recipients": mail_to} if mail_to else {}),
        **day,
    }
    with open_api() as api:
        made = api.write("POST", api_path("reports", report, "schedules"), body=body)
    _tell(made, as_json=as_json)


def schedules(
    report: ReportId, *, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False
) -> None:
    """List when a report runs by itself."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("reports", report, "schedules"), limit=wanted)
    empty = f"It does not run by itself: `seatwright reports schedule {report} daily --at 06:00`."
    show_list(found, _SCHEDULES, empty=empty, as_json=as_json)


@previewable()
def pause(report: ReportId, id_: ScheduleId, *, as_json: AsJson = False) -> None:
    """Pause a schedule."""
    _change(report, id_, {"paused": True}, as_json=as_json)


@previewable()
def resume(report: ReportId, id_: ScheduleId, *, as_json: AsJson = False) -> None:
    """Have a paused schedule run again, as yourself."""
    _change(report, id_, {"paused": False}, as_json=as_json)


@previewable()
def unschedule(report: ReportId, id_: ScheduleId) -> None:
    """Have a report run by itself no longer; what it ran is kept."""
    with open_api() as api:
        api.write("DELETE", api_path("reports", report, "schedules", id_))
    say("The schedule is deleted; its runs are kept for their 90 days.")


def _change(report: str, id_: str, body: Json, *, as_json: bool) -> None:
    with open_api() as api:
        changed = api.write("PATCH", api_path("reports", report, "schedules", id_), body=body)
    _tell(changed, as_json=as_json)


def _tell(one: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
    elif one["nextAt"] is None:
        say(f"{one['report']}, {one['timing']}: paused. {one['pauseReason']}")
    else:
        say(f"{one['report']} runs {one['timing']}, next on {minute(one['nextAt'])} UTC.")
