"""`seatwright environments`: where apps and flows live, managed or standard."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, ShowAll, given, rows_wanted
from seatwright.cli.platform_things import (
    Environment,
    ExternalId,
    NewName,
    Rename,
    add_file_commands,
    list_rows,
    tell,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, show_facts

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
    rows = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    empty = "There is no such environment yet: `seatwright environments create NAME`."
    path, query = api_path("platform", "environments"), {"managed": managed}
    list_rows(path, _ENVIRONMENTS, empty=empty, rows=rows, query=query, as_json=as_json)


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
    tell(made, lambda made: f"Stored {_named(made)}", as_json=as_json)


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
    tell(changed, lambda changed: f"Changed {_named(changed)}", as_json=as_json)


@environment_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(environment: Environment) -> None:
    """Delete an environment; one that holds apps or flows is refused."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "environments", environment))
    say(f"Deleted the environment {environment}.")


def _named(environment: Json) -> str:
    return f"the {_kind(environment)} environment {environment['displayName']}."


add_file_commands(
    environment_commands,
    "environments",
    imports="Create and change environments from a CSV file; safe to run again.",
    exports="Write every environment as CSV.",
)
