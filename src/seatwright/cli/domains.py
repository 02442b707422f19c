"""`seatwright domains`: by which domains whoever signs in finds the tenant."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, ShowAll, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, moment, show_list

domain_commands = typer.Typer(
    help="The tenant's domains, by which people who sign in find it.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Domain: TypeAlias = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="A domain such as contoso.example.")
]


def _kind(row: Json) -> str:
    words = ("default", row["isDefault"]), ("initial", row["isInitial"])
    return ", ".join(word for word, is_so in words if is_so)


_COLUMNS = (
    Column(title="Domain", cell="displayName"),
    Column(title="Is", cell=_kind),
    Column(title="On the wire", cell="name", is_small=True),
    Column(title="Since (UTC)", cell=moment("addedAt")),
)


@domain_commands.command("list", epilog=EXIT_CODES)
def list_(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List the tenant's domains."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("settings", "domains"), limit=wanted)
    show_list(found, _COLUMNS, empty="There are no domains.", as_json=as_json)


@domain_commands.command("add", epilog=EXIT_CODES)
@previewable()
def add(domain: Domain, *, as_json: AsJson = False) -> None:
    """Let people with names in this domain sign in to the tenant."""
    with open_api() as api:
        made = api.write("POST", api_path("settings", "domains"), body={"name": domain})
    _tell(made, f"{made['displayName']} is a domain of this tenant.", as_json=as_json)


@domain_commands.command("default", epilog=EXIT_CODES)
@previewable()
def default(domain: Domain, *, as_json: AsJson = False) -> None:
    """Make one of the domains the default; the one that it was stays."""
    with open_api() as api:
        made = api.write("POST", api_path("settings", "domains", domain, "default"))
    _tell(made, f"{made['displayName']} is the default domain.", as_json=as_json)


@domain_commands.command("remove", epilog=EXIT_CODES)
@previewable()
def remove(
    domain: Domain,
    *,
    with_people: Annotated[
        bool, typer.Option("--with-people", help="Though people have it in their names.")
    ] = False,
) -> None:
    """Give a domain up; people and their licenses stay as they are."""
    with open_api() as api:
        path = api_path("settings", "domains", domain)
        api.write("DELETE", path, query={"withPeople": True} if with_people else None)
    say(f"{domain} is no domain of this tenant any more.")


def _tell(made: Json, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    say(text)
