"""`seatwright jobs`: work in the background, and waiting for it with a bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seatwright.cli.client import Api, Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.files import save
from seatwright.cli.options import AsJson, Limit, OutFile, ShowAll, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import error_screen, is_for_people, print_json, say, warn
from seatwright.cli.tables import Column, Row, count_of, moment, show_facts, show_list, show_table

job_commands = typer.Typer(
    help="Jobs: work in the background, row by row.", epilog=EXIT_CODES, no_args_is_help=True
)

JobId: TypeAlias = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]

FINAL_STATES = frozenset({"completed", "failed", "cancelled"})
PAUSE_SECONDS_FIRST = 0.05
PAUSE_SECONDS_MAX = 1.0
FAILURES_SHOWN = 10
"""Failed rows in a report: enough to see what is wrong, and one command shows all of them."""

_JOBS = (
    Column(title="Job", cell="id", is_small=True),
    Column(title="Kind", cell="kind"),
    Column(title="State", cell="state"),
    Column(
        title="Looked at",
        cell=lambda row: f"{row['done']:,} of {row['total']:,}",
        is_number=True,
    ),
    Column(title="Done", cell=lambda row: row["succeeded"] - row["unchanged"], is_number=True),
    Column(
        title="Unchanged",
        cell=lambda row: row["unchanged"] or "",
        is_number=True,
        is_optional=True,
    ),
    Column(title="Failed", cell=lambda row: row["failed"] or "", is_number=True, is_optional=True),
    Column(title="Started (UTC)", cell=moment("createdAt")),
)

_ROWS = (
    Column(title="Row", cell=lambda row: str(row["row"]), is_number=True),
    Column(title="Person", cell="user"),
    Column(title="Product", cell="sku"),
    Column(title="Outcome", cell="outcome"),
    Column(title="Came to", cell="effect", is_optional=True),
    Column(
        title="Why",
        cell=lambda row: row["message"] or row["reason"],
        is_prose=True,
        is_optional=True,
    ),
)

_SUMMARY = (
    Column(title="Outcome", cell="outcome"),
    Column(title="Reason", cell="reason", is_optional=True),
    Column(title="Rows", cell="rows", is_number=True),
)


@job_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only queued, running, completed, failed or cancelled.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("jobs"), query={"state": state}, limit=wanted)
    show_list(found, _JOBS, empty="There are no such jobs.", as_json=as_json)


@job_commands.command("show", epilog=EXIT_CODES)
def show(
    job: JobId,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far a job is, and what became of its rows."""
    with open_api() as api:
        found = api.read(api_path("jobs", job))
        if wait:
            found = follow(api, found)
        if as_json:
            print_json(found)
        else:
            show_facts(_facts(found))


@job_commands.command("rows", epilog=EXIT_CODES)
def rows(
    job: JobId,
    *,
    outcome: Annotated[
        str | None, typer.Option(help="Only succeeded, failed, waiting or cancelled.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List the rows of a job with what became of each."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        path = api_path("jobs", job, "rows")
        found = api.listing(path, query={"outcome": outcome}, limit=wanted)
    show_list(found, _ROWS, empty="The job has no such rows.", as_json=as_json)


@job_commands.command("result", epilog=EXIT_CODES)
def result(job: JobId, *, output: OutFile = None) -> None:
    """Write the result of every row as CSV."""
    with open_api() as api:
        save(api, api_path("jobs", job, "result.csv"), output=output)


@job_commands.command("cancel", epilog=EXIT_CODES)
@previewable()
def cancel(job: JobId) -> None:
    """Stop a job; what was done stays done."""
    with open_api() as api:
        found = api.write("POST", api_path("jobs", job, "cancel"))
    done = f"{found['done']:,} of {count_of(found['total'], 'row', 'rows')} were done and stay done"
    say(f"The job stops; {done}.")


def follow(api: Api, job: Json) -> Json:
    """Wait until a job has ended, with a bar on stderr if somebody watches; give it as it ended.

    An interrupt ends the waiting only: the job goes on, and can be found again.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    progress = Progress(
        *columns, console=error_screen(), transient=True, disable=not is_for_people(sys.stderr)
    )
    try:
        with progress:
            task = progress.add_task(str(job["kind"]), total=job["total"] or None)
            pause = PAUSE_SECONDS_FIRST
            while job["state"] not in FINAL_STATES:
                time.sleep(pause)
                pause = min(pause * 1.5, PAUSE_SECONDS_MAX)
                job = api.read(api_path("jobs", str(job["id"])))
                progress.update(task, completed=job["done"], total=job["total"] or None)
    except KeyboardInterrupt:
        warn(f"The job goes on. `seatwright jobs show {job['id']} --wait` waits for it again.")
        raise typer.Exit(130) from None
    return job


def finish(api: Api, job: Json, *, as_json: bool) -> None:
    """Report a job that has ended: counts, reasons, the rows that failed first; then end so."""
    if as_json:
        print_json(job)
    else:
        _report(api, job)
    if job["state"] == "failed":
        stop(
            Ending.REFUSED,
            job.get("error") or "The job was refused as a whole, and nothing was changed.",
            fix=f"→ seatwright jobs rows {job['id']} --outcome failed",
        )
    if job["failed"]:
        raise typer.Exit(int(Ending.PARTLY_FAILED))


def _report(api: Api, job: Json) -> None:
    rows = count_of(job["total"], "row", "rows")
    waits = count_of(job["waiting"], "waits", "wait")
    waiting = f", {waits} for a seat" if job["waiting"] else ""
    failed = f", {job['failed']:,} failed" if job["failed"] else ""
    unchanged = f", {job['unchanged']:,} unchanged" if job["unchanged"] else ""
    changed = job["succeeded"] - job["unchanged"]
    say(f"{changed:,} of {rows} done{unchanged}{waiting}{failed} ({job['state']}).")
    for over in (job["report"] or {}).get("overAssigned", ()):
        warn(
            f"{over['skuPartNumber']}: {over['holders']:,} people hold one, and"
            f" {count_of(over['seats'], 'seat was', 'seats were')} bought."
        )
    if not job["failed"] and not job["waiting"]:
        return
    path = api_path("jobs", str(job["id"]), "rows")
    troubled = [
        row
        for outcome in ("failed", "waiting")
        for row in api.rows(path, query={"outcome": outcome})
    ]
    show_reasons(_summary(troubled), [row for row in troubled if row["outcome"] == "failed"])
    if job["failed"] > FAILURES_SHOWN:
        warn(f"All of them: seatwright jobs rows {job['id']} --outcome failed --all")


def show_reasons(reasons: Sequence[Row], failures: Sequence[Row]) -> None:
    """Print how many rows have which trouble, then the first rows that fail."""
    say("")
    show_table(reasons, _SUMMARY)
    if failures:
        say("")
        show_table(_samples(failures), _ROWS)


def _samples(failures: Sequence[Row]) -> list[Row]:
    """Some rows of each reason, in the order of the file: a rare reason is not crowded out."""
    seen: dict[str, int] = {}
    ranked: list[tuple[int, int]] = []
    for at, row in enumerate(failures):
        turn = seen.get(str(row["reason"]), 0)
        seen[str(row["reason"])] = turn + 1
        ranked.append((turn, at))
    return [failures[at] for at in sorted(at for _, at in sorted(ranked)[:FAILURES_SHOWN])]


def _summary(rows_: list[Json]) -> list[Row]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows_:
        key = (str(row["outcome"]), str(row["reason"] or ""))
        counts[key] = counts.get(key, 0) + 1
    return [
        {"outcome": outcome, "reason": reason, "rows": count}
        for (outcome, reason), count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _facts(job: Json) -> list[tuple[str, object]]:
    return [
        ("Job", job["id"]),
        ("Kind", job["kind"]),
        ("State", job["state"]),
        ("Rows", job["total"]),
        ("Looked at", job["done"]),
        ("Done", job["succeeded"] - job["unchanged"]),
        ("Unchanged", job["unchanged"]),
        ("Failed", job["failed"]),
        ("Waiting", job["waiting"]),
        ("Error", job.get("error")),
        ("Started (UTC)", moment("createdAt")(job)),
        ("Ended (UTC)", moment("finishedAt")(job)),
    ]
