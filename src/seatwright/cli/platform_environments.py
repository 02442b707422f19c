"""`seatwright environments`: where apps and flows live, managed or standard."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.imports import ImportChoices, export_kind, import_kind, tell_import
from seatwright.cli.options import AsJson, CsvFile, Limit, OutFile, ShowAll, given, rows_wanted
from seatwright.cli.platform_options import Environment, ExternalId, NewName, Rename
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, show_facts, show_list

environment_commands = typer.Typer(
    help="Environments: where apps and flows live, managed or standard.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Solutions: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--solution", help="A solution that is installed in it; again for more."),
]
Managed: TypeAlias = Annotated[
    bool | None,
    typer.Option("--managed/--standard", help="Whether everything in it needs a license."),
]


def _kind(row: Row) -> str:
    return "managed" if row["managed"] else "standard"


_ENVIRONMENTS = (
    Column(title="Environment", cell="displayName"),
    Column(title="Kind", cell=_kind),
    Column(title="Apps", cell="appCount", is_number=True),
    Column(title="Flows", cell="flowCount", is_number=True),
    Column(title="Solutions", cell="solutions", is_prose=True, is_optional=True),
)


@environment_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    managed: Managed = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List environments by name, with how many apps and flows are in each."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(
            api_path("platform", "environments"), query={"managed": managed}, limit=wanted
        )
    empty = "There is no such environment yet: `seatwright environments create NAME`."
    show_list(found, _ENVIRONMENTS, empty=empty, as_json=as_json)


@environment_commands.command("show", epilog=EXIT_CODES)
def show(environment: Environment, *, as_json: AsJson = False) -> None:
    """Show one environment."""
    with open_api() as api:
        found = api.read(api_path("platform", "environments", environment))
    if as_json:
        print_json(found)
        return
    needs = "everything in it needs a license" if found["managed"] else "premium needs a license"
    show_facts(
        [
            ("Environment", found["displayName"]),
            ("Kind", f"{_kind(found)}: {needs}"),
            ("Apps", count_of(found["appCount"], "app", "apps")),
            ("Flows", count_of(found["flowCount"], "flow", "flows")),
            ("Solutions", found["solutions"]),
            ("External id", found["externalId"]),
            ("Id", found["id"]),
        ]
    )


@environment_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: NewName,
    *,
    managed: Managed = None,
    solution: Solutions = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Store an environment; it has its built-in security roles from the start."""
    body = {
        "displayName": name,
        **given(managed=managed, solutions=solution, externalId=external_id),
    }
    with open_api() as api:
        made = api.write("POST", api_path("platform", "environments"), body=body)
    _show_saved(made, "Stored", as_json=as_json)


@environment_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    environment: Environment,
    *,
    name: Rename = None,
    managed: Managed = None,
    solution: Solutions = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Change an environment; --solution replaces all of its solutions."""
    body = given(displayName=name, managed=managed, solutions=solution, externalId=external_id)
    with open_api() as api:
        changed = api.write("PATCH", api_path("platform", "environments", environment), body=body)
    _show_saved(changed, "Changed", as_json=as_json)


@environment_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(environment: Environment) -> None:
    """Delete an environment; one that holds apps or flows is refused."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "environments", environment))
    say(f"Deleted the environment {environment}.")


@environment_commands.command("import", epilog=EXIT_CODES)
@previewable(tell_import)
def import_(file: CsvFile, *, as_json: AsJson = False) -> None:
    """Create and change environments from a CSV file; safe to run again."""
    import_kind("environments", file, ImportChoices(), as_json=as_json)


@environment_commands.command("export", epilog=EXIT_CODES)
def export(*, output: OutFile = None) -> None:
    """Write every environment as CSV."""
    export_kind("environments", output=output)


def _show_saved(environment: Json, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(environment)
        return
    say(f"{verb} the {_kind(environment)} environment {environment['displayName']}.")
