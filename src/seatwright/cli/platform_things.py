"""What the commands about environments, apps, flows and security roles share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.imports import ImportChoices, export_kind, import_kind, tell_import
from seatwright.cli.options import AsJson, CsvFile, Limit, OutFile, ShowAll, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, show_list

Environment: TypeAlias = Annotated[
    str, typer.Argument(metavar="ENVIRONMENT", help="The environment's name or id.")
]
InEnvironment: TypeAlias = Annotated[
    str | None,
    typer.Option("--environment", "-e", metavar="ENVIRONMENT", help="Its name or id."),
]
App: TypeAlias = Annotated[str, typer.Argument(metavar="APP", help="The app's name or id.")]
Flow: TypeAlias = Annotated[str, typer.Argument(metavar="FLOW", help="The flow's name or id.")]
NewName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
Rename: TypeAlias = Annotated[str | None, typer.Option("--name", help="A new name.")]
ExternalId: TypeAlias = Annotated[
    str | None, typer.Option(help="What it is called where it comes from; empty clears it.")
]
Premium: TypeAlias = Annotated[
    bool | None, typer.Option("--premium/--standard", help="Whether it needs a premium license.")
]


def where(row: Row) -> object:
    """The environment that something is in, and that it is managed if it is."""
    environment = row.get("environment")
    if environment is None:
        return None
    managed = " (managed)" if environment["managed"] else ""
    return f"{environment['displayName']}{managed}"


def tier(row: Row) -> str:
    """Whether a license is needed, in one word or two."""
    if row["premium"]:
        return "premium"
    if not row["needsLicense"]:
        return "standard"
    return "standard, managed" if row["environment"] is not None else "needed"


def list_rows(
    path: str,
    columns: Sequence[Column],
    *,
    empty: str,
    rows: int | None,
    as_json: bool,
    query: Mapping[str, str | bool | None] | None = None,
) -> None:
    """Ask for a list, and print it or why it is empty."""
    with open_api() as api:
        found = api.listing(path, query=query or {}, limit=rows)
    show_list(found, columns, empty=empty, as_json=as_json)


def add_list_command(
    commands: typer.Typer,
    path: str,
    columns: Sequence[Column],
    *,
    name: str,
    words: str,
    empty: str,
) -> None:
    """Give a group of commands one that lists what is in an environment, or in all."""

    @commands.command(name, epilog=EXIT_CODES, help=words)
    def list_(
        *,
        environment: InEnvironment = None,
        limit: Limit = None,
        show_all: ShowAll = False,
        as_json: AsJson = False,
    ) -> None:
        rows = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
        query = {"environment": environment}
        list_rows(path, columns, empty=empty, rows=rows, query=query, as_json=as_json)


def tell(answer: Json, words: Callable[[Json], str], *, as_json: bool) -> None:
    """Print what came of a change, in words or as it was answered."""
    if as_json:
        print_json(answer)
    else:
        say(words(answer))


def add_file_commands(commands: typer.Typer, kind: str, *, imports: str, exports: str) -> None:
    """Give a group of commands `import` and `export`, with these words about them."""

    @commands.command("import", epilog=EXIT_CODES, help=imports)
    @previewable(tell_import)
    def import_(file: CsvFile, *, as_json: AsJson = False) -> None:
        import_kind(kind, file, ImportChoices(), as_json=as_json)

    @commands.command("export", epilog=EXIT_CODES, help=exports)
    def export(*, output: OutFile = None) -> None:
        export_kind(kind, output=output)
