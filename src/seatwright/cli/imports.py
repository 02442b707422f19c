"""Imports and exports: CSV in and out, by kind of thing, and `seatwright holdings import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from seatwright.cli.client import Content, Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending
from seatwright.cli.files import read_file, save
from seatwright.cli.jobs import finish, follow, show_reasons
from seatwright.cli.options import AsJson, CsvFile, OutFile
from seatwright.cli.preview import previewable
from seatwright.cli.screen import error_screen, is_for_people, print_json, say, warn
from seatwright.cli.tables import Column, count_of, show_table

holdings_commands = typer.Typer(
    help="What people hold: adopted from a file, or written to one.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

NOTES_SHOWN: Final = 20
CAUTIONS_NAMED: Final = 5

_NOTES = (
    Column(title="Row", cell=lambda row: str(row["row"]), is_number=True),
    Column(title="Value", cell="value"),
    Column(title="Why", cell="message", is_prose=True),
)

_COUNTS: Final = ("created", "updated", "renamed", "unchanged", "disabled", "removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoices:
    """How to import; each choice is sent only where it is made."""

    replace: bool = False
    confirm: bool = False

    def query(self) -> dict[str, str | bool | None]:
        """As the API wants them."""
        return {
            "mode": "replace" if self.replace else None,
            "confirm": self.confirm or None,
        }


def import_kind(kind: str, file: Path, choices: ImportChoices, *, as_json: bool) -> None:
    """Hand a file to the server and tell what came of it; some failed rows are exit code 4."""
    content = Content(data=read_file(file))
    with open_api() as api, _waiting(f"Importing {kind}"):
        answer = api.write("POST", api_path("imports", kind), body=content, query=choices.query())
    if as_json:
        print_json(answer)
    else:
        tell_import(answer)
    if answer.get("errorCount"):
        raise typer.Exit(int(Ending.PARTLY_FAILED))


def export_kind(kind: str, *, output: Path | None) -> None:
    """Write everything of a kind as CSV, to a file or to stdout."""
    with open_api() as api:
        save(api, api_path("exports", kind), output=output)


def tell_rows(rows: Json) -> None:
    """Print what a job over rows would come to: how many would be done, and why others not."""
    waiting = f", {rows['waiting']:,} would wait for a seat" if rows["waiting"] else ""
    failed = f", {rows['failed']:,} would fail" if rows["failed"] else ""
    total = count_of(rows["total"], "row", "rows")
    unchanged = f", {rows['unchanged']:,} would change nothing" if rows["unchanged"] else ""
    changed = rows["succeeded"] - rows["unchanged"]
    say(f"{changed:,} of {total} would be done{unchanged}{waiting}{failed}.")
    if rows["failed"] or rows["waiting"]:
        troubled = [one for one in rows["outcomes"] if one["outcome"] != "succeeded"]
        show_reasons(troubled, [row for row in rows["rows"] if row["outcome"] == "failed"])
    for caution in rows.get("cautions", ()):
        named = [one["user"] for one in caution["rows"][:CAUTIONS_NAMED]]
        more = caution["count"] - len(named)
        warn(f"{caution['sentence']} {', '.join(named)}{f' and {more:,} more' if more else ''}")
    warn_ignored(rows["ignoredColumns"])


def warn_ignored(columns: Sequence[str]) -> None:
    """Name the columns of a file that the server left out: a misspelt one is among them."""
    for column in columns:
        warn(f"The column “{column}” means nothing here and is left out.")


def tell_import(answer: Json) -> None:
    """Print what became of the rows of a file, or what would."""
    rows = count_of(answer["total"] if "total" in answer else answer["rows"], "row", "rows")
    counts = [f"{answer[name]:,} {name}" for name in _COUNTS if answer.get(name)]
    failed = answer.get("errorCount", 0)
    if failed:
        counts.append(f"{failed:,} failed")
    told = f": {', '.join(counts)}" if counts else ""
    say(f"{rows}{told}.")
    if failed:
        say("")
        show_table(answer["errors"][:NOTES_SHOWN], _NOTES)
    if failed > NOTES_SHOWN:
        warn(f"These are the first {NOTES_SHOWN} of {failed:,}; --json shows more.")
    for note in answer.get("warnings", ())[:NOTES_SHOWN]:
        warn(f"Row {note['row']}, {note['value']}: {note['message']}")
    warn_ignored(answer["ignoredColumns"])


@holdings_commands.command("import", epilog=EXIT_CODES)
@previewable(tell_rows)
def import_holdings(file: CsvFile, *, as_json: AsJson = False) -> None:
    """Adopt what people hold today from a CSV file, even beyond the seats that were bought.

    The file has the columns UserPrincipalName and SkuPartNumber, and if you like disabled service
    plans and since when.
    """
    content = Content(data=read_file(file))
    with open_api() as api:
        started = api.write("POST", api_path("imports", "holdings"), body=content)
        warn_ignored(started["ignoredColumns"])
        job = follow(api, api.read(api_path("jobs", str(started["jobId"]))))
        finish(api, job, as_json=as_json)


@holdings_commands.command("export", epilog=EXIT_CODES)
def export_holdings(*, output: OutFile = None) -> None:
    """Write who holds what as CSV."""
    export_kind("holdings", output=output)


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Show on stderr that something is going on, to whoever watches."""
    if not is_for_people(sys.stderr):
        yield
        return
    with error_screen().status(f"{what} …"):
        yield
