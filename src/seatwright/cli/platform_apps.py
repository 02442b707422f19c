"""`seatwright apps`: apps, what they need, whom they are shared with, and who can open them."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Api, Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.groups import group_id
from seatwright.cli.options import (
    AsJson,
    Limit,
    Person,
    ShowAll,
    given,
    rows_wanted,
)
from seatwright.cli.platform_things import (
    App,
    ExternalId,
    InEnvironment,
    NewName,
    Premium,
    Rename,
    add_file_commands,
    add_list_command,
    list_rows,
    tell,
    tier,
    where,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, show_facts, show_table

app_commands = typer.Typer(
    help="Apps: what they need, whom they are shared with, and who can open them.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


class Kind(StrEnum):
    """The kinds of app, as they are typed."""

    POWER_APP = "power-app"
    DESKTOP_CLIENT = "desktop-client"
    OTHER = "other"

    @property
    def wire(self) -> str:
        """As the API has it."""
        head, *rest = self.value.split("-")
        return head + "".join(word.capitalize() for word in rest)


KindOption: TypeAlias = Annotated[Kind | None, typer.Option(help="What kind of app it is.")]
Products: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--product", help="A product that is enough to open it; again for another."),
]
Plans: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--service-plan", help="A service plan that is enough; A+B for both; again for another."
    ),
]
NeedsRole: TypeAlias = Annotated[
    bool | None,
    typer.Option("--role/--no-role", help="Whether it asks for a security role too."),
]
MinVersion: TypeAlias = Annotated[
    str | None, typer.Option("--client-version", help="The oldest client that may claim: 2.43.")
]


def _shared(row: Row) -> str:
    shared = row["sharedWith"]
    if shared["everyone"]:
        return "everyone"
    parts = []
    if shared["groupCount"]:
        parts.append(count_of(shared["groupCount"], "group", "groups"))
    if shared["userCount"]:
        parts.append(count_of(shared["userCount"], "person", "people"))
    return ", ".join(parts) or "nobody yet"


def _requires(row: Row) -> str:
    # Several service plans bear one name.
    return " or ".join(dict.fromkeys(need["displayName"] for need in row["requires"]))


_KINDS = {
    "powerApp": "app of an environment",
    "desktopClient": "Power Automate for desktop",
    "other": "app of your own",
}
_APPS = (
    Column(title="App", cell="displayName"),
    Column(title="Environment", cell=where, is_optional=True),
    Column(title="License", cell=tier),
    Column(title="Shared with", cell=_shared),
    Column(title="Needs", cell=_requires, is_prose=True, is_optional=True),
)
_SHARES = (
    Column(title="Shared with", cell=lambda row: row["displayName"] or "everyone"),
    Column(title="Kind", cell=lambda row: "person" if row["kind"] == "user" else row["kind"]),
    Column(title="User principal name", cell="userPrincipalName", is_optional=True),
)
_UNLICENSED = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Holds", cell=lambda row: row["holds"] or "nothing", is_prose=True),
)


add_list_command(
    app_commands,
    api_path("platform", "apps"),
    _APPS,
    name="list",
    words="List apps with what they need and whom they are shared with.",
    empty="There is no app yet: `seatwright apps create NAME`.",
)


@app_commands.command("show", epilog=EXIT_CODES)
def show(app: App, *, as_json: AsJson = False) -> None:
    """Show one app and whom it is shared with."""
    with open_api() as api:
        found = api.read(api_path("platform", "apps", app))
        shares = api.rows(api_path("platform", "apps", found["id"], "shares"))
    if as_json:
        print_json({**found, "shares": shares})
        return
    show_facts(
        [
            ("App", found["displayName"]),
            ("Kind", _KINDS[found["kind"]]),
            ("Environment", where(found)),
            ("License", tier(found)),
            ("Needs", _requires(found)),
            ("Security role", "asked for" if found["needsSecurityRole"] else None),
            ("Oldest client", found["clientVersionMin"]),
            ("External id", found["externalId"]),
            ("Id", found["id"]),
        ]
    )
    say("")
    if shares:
        show_table(shares, _SHARES)
    else:
        say(f"Nobody can open it yet: `seatwright apps share {shlex.quote(app)} --everyone`.")


@app_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: NewName,
    *,
    environment: InEnvironment = None,
    kind: KindOption = None,
    premium: Premium = None,
    product: Products = None,
    service_plan: Plans = None,
    role: NeedsRole = None,
    client_version: MinVersion = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Store an app; nobody may open it until it is shared."""
    body = {
        "displayName": name,
        **given(
            environment=environment,
            kind=kind and kind.wire,
            premium=premium,
            requires=_needs(product, service_plan),
            needsSecurityRole=role,
            clientVersionMin=client_version,
            externalId=external_id,
        ),
    }
    with open_api() as api:
        made = api.write("POST", api_path("platform", "apps"), body=body)
    tell(made, lambda made: f"Stored {_named(made)}", as_json=as_json)


@app_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    app: App,
    *,
    name: Rename = None,
    environment: InEnvironment = None,
    kind: KindOption = None,
    premium: Premium = None,
    product: Products = None,
    service_plan: Plans = None,
    role: NeedsRole = None,
    client_version: MinVersion = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Change an app; --product and --service-plan replace all that it needs."""
    body = given(
        displayName=name,
        environment=environment,
        kind=kind and kind.wire,
        premium=premium,
        requires=_needs(product, service_plan),
        needsSecurityRole=role,
        clientVersionMin=client_version,
        externalId=external_id,
    )
    with open_api() as api:
        changed = api.write("PATCH", api_path("platform", "apps", app), body=body)
    tell(changed, lambda changed: f"Changed {_named(changed)}", as_json=as_json)


@app_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(app: App) -> None:
    """Delete an app; licenses that people claimed by opening it stay."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "apps", app))
    say(f"Deleted the app {app}.")


@app_commands.command("share", epilog=EXIT_CODES)
@previewable()
def share(
    app: App,
    people: Annotated[
        list[str] | None, typer.Argument(metavar="[PERSON]...", help="Who may open it.")
    ] = None,
    *,
    everyone: Annotated[bool, typer.Option("--everyone", help="Everybody may open it.")] = False,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Whose members may open it; again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Share an app with people, groups, or everyone."""
    if not (people or everyone or group):
        stop(Ending.USAGE, "Say with whom: name people, or give --group or --everyone.")
    body = given(users=people or None, groups=group, everyone=everyone or None)
    with open_api() as api:
        shared = api.write("POST", api_path("platform", "apps", app, "shares"), body=body)
    tell(
        shared,
        lambda shared: f"{shared['displayName']} is shared with {_shared(shared)}.",
        as_json=as_json,
    )


@app_commands.command("unshare", epilog=EXIT_CODES)
@previewable()
def unshare(
    app: App,
    person: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="Who may open it no longer.")
    ] = None,
    *,
    everyone: Annotated[bool, typer.Option("--everyone", help="Not everybody any more.")] = False,
    group: Annotated[str | None, typer.Option("--group", help="Not this group any more.")] = None,
) -> None:
    """Stop sharing an app with a person, a group, or everyone."""
    if (person is not None) + everyone + (group is not None) != 1:
        stop(Ending.USAGE, "Say with whom no longer: one of PERSON, --group and --everyone.")
    with open_api() as api:
        member = "everyone" if everyone else _member(api, person, group)
        api.write("DELETE", api_path("platform", "apps", app, "shares", member))
    say(f"{app} is no longer shared with {person or group or 'everyone'} by itself.")


@app_commands.command("access", epilog=EXIT_CODES)
def access(app: App, person: Person, *, as_json: AsJson = False) -> None:
    """Say whether a person can open an app, and what is in the way."""
    with open_api() as api:
        found = api.read(api_path("platform", "apps", app, "access", person))
    if as_json:
        print_json(found)
        return
    if found["canOpen"]:
        say(f"{person} can open {app}.")
        return
    say(f"{person} cannot open {app}:")
    for sentence in found["missing"]:
        say(f"- {sentence}")


@app_commands.command("unlicensed", epilog=EXIT_CODES)
def unlicensed(
    app: App, *, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False
) -> None:
    """List people whom an app is shared with and who lack the license that it needs."""
    rows = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    empty = f"Everybody whom {app} is shared with has what it needs."
    list_rows(
        api_path("platform", "apps", app, "unlicensed"),
        _UNLICENSED,
        empty=empty,
        rows=rows,
        as_json=as_json,
    )


def _member(api: Api, person: str | None, group: str | None) -> str:
    return group_id(api, group) if group is not None else str(person)


def _needs(products: list[str] | None, plans: list[str] | None) -> list[Json] | None:
    """The alternatives of a body; None where nothing is said about them."""
    if products is None and plans is None:
        return None
    return [sku_field(product) for product in products or ()] + [
        {"servicePlans": plan.split("+")} for plan in plans or ()
    ]


def _named(app: Json) -> str:
    needs = f", which needs {_requires(app)}" if app["requires"] else ""
    return f"the app {app['displayName']}{needs}; it is shared with {_shared(app)}."


add_file_commands(
    app_commands,
    "apps",
    imports="Create and change apps, and whom they are shared with, from a CSV file.",
    exports="Write every app as CSV.",
)
