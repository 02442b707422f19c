"""`seatwright security-roles`: who may work with the data of an environment, and who still cannot.

A license opens an app; a security role shows its data. Neither command here changes a license.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Api, api_path, open_api, path_of
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.fixes import fix_of
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
    InEnvironment,
    NewName,
    add_file_commands,
    add_list_command,
    list_rows,
    where,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, minute, show_list

role_commands = typer.Typer(
    help="Security roles: who may work with the data of an environment, and who still cannot.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Role: TypeAlias = Annotated[
    str, typer.Argument(metavar="ROLE", help="Its id, or its name with --environment.")
]
Members: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[PERSON]...", help="Who gets it directly.")
]


class Administering(StrEnum):
    """As what somebody administers the service."""

    GLOBAL = "global"
    SERVICE = "service"


def _source(row: Row) -> str:
    """Where a role comes from, in words."""
    match row["source"]:
        case "direct":
            return "given directly"
        case "groupTeam":
            return f"group team of {row['groupName']}"
        case "default":
            return "by itself, with the license"
        case _:
            return f"by itself, as {_administers(row['administrator'])}"


def _administers(role: str) -> str:
    return "global administrator" if role == "globalAdministrator" else "service administrator"


_ROLES = (
    Column(title="Role", cell="displayName"),
    Column(title="Environment", cell=where),
    Column(title="Data", cell=lambda row: "yes" if row["givesDataAccess"] else "apps only"),
    Column(title="People", cell="userCount", is_number=True),
    Column(title="Teams", cell="groupCount", is_number=True),
)
_HELD = (
    Column(title="Environment", cell=where),
    Column(title="Role", cell="displayName"),
    Column(title="Data", cell=lambda row: "yes" if row["givesDataAccess"] else "apps only"),
    Column(title="Comes from", cell=_source, is_prose=True),
)
_HOLDERS = (
    Column(title="Name", cell="displayName"),
    Column(
        title="User principal name", cell=lambda row: row["userPrincipalName"] or "(group team)"
    ),
    Column(title="Since (UTC)", cell=lambda row: minute(row["since"])),
)
_TASKS = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Environment", cell=where),
    Column(title="Comes in by", cell=lambda row: row["apps"] or row["defaultRoles"], is_prose=True),
)
_DEFAULTS = (
    Column(title="Role", cell="roleName"),
    Column(title="With product", cell=lambda row: row["product"] or "any"),
    Column(title="With solution", cell=lambda row: row["solution"] or "any"),
    Column(title="Id", cell="id", is_small=True),
)
_ADMINISTRATORS = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Is", cell=lambda row: _administers(row["role"])),
    Column(title="Since (UTC)", cell=lambda row: minute(row["since"])),
)


add_list_command(
    role_commands,
    api_path("platform", "security-roles"),
    _ROLES,
    name="list",
    words="List security roles, with how many people and group teams have each.",
    empty="There is no environment yet, so there is no role: `seatwright environments create`.",
)


@role_commands.command("holders", epilog=EXIT_CODES)
def holders(
    role: Role,
    *,
    environment: InEnvironment = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List who has a role: group teams, then people who have it directly."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        id_ = _role_id(api, role, environment)
        found = api.listing(api_path("platform", "security-roles", id_, "holders"), limit=wanted)
    show_list(found, _HOLDERS, empty=f"Nobody has {role}.", as_json=as_json)


@role_commands.command("of", epilog=EXIT_CODES)
def of(person: Person, *, as_json: AsJson = False) -> None:
    """List a person's roles in every environment, and where each comes from."""
    empty = f"{person} has no security role in any environment."
    list_rows(
        path_of("users", person, "security-roles"), _HELD, empty=empty, rows=None, as_json=as_json
    )


add_list_command(
    role_commands,
    api_path("platform", "role-tasks"),
    _TASKS,
    name="tasks",
    words="List licensed people who still need a proper role; a task ends when the role is given.",
    empty="Everybody who is licensed has a proper role.",
)


@role_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: NewName,
    *,
    environment: Annotated[
        str, typer.Option("--environment", "-e", metavar="ENVIRONMENT", help="Whose role it is.")
    ],
    data: Annotated[
        bool, typer.Option("--data/--no-data", help="Whether it gives access to data.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Store a security role of an environment."""
    body = {"displayName": name, "environment": environment, "givesDataAccess": data}
    with open_api() as api:
        made = api.write("POST", api_path("platform", "security-roles"), body=body)
    if as_json:
        print_json(made)
        return
    say(f"Stored the security role {made['displayName']} of {where(made)}.")


@role_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(role: Role, *, environment: InEnvironment = None) -> None:
    """Delete a security role; whoever has it has it no longer."""
    with open_api() as api:
        id_ = _role_id(api, role, environment)
        api.write("DELETE", api_path("platform", "security-roles", id_))
    say(f"Deleted the security role {role}.")


@role_commands.command("assign", epilog=EXIT_CODES)
@previewable()
def assign(
    role: Role,
    people: Members = None,
    *,
    environment: InEnvironment = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Whose team gets it; again for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a role to people directly, or to everybody in a group through its team."""
    if not (people or group):
        stop(Ending.USAGE, "Say who gets it: name people, or a group with --group.")
    body = given(users=people or None, groups=group)
    with open_api() as api:
        id_ = _role_id(api, role, environment)
        done = api.write("POST", api_path("platform", "security-roles", id_, "holders"), body=body)
    if as_json:
        print_json(done)
        return
    names = [*(people or ()), *(f"The team of {one}" for one in group or ())]
    if len(names) == 1:
        had = "had {} already" if done["already"] else "now has {}"
        say(f"{names[0]} {had.format(role)}.")
        return
    before = f"; {done['already']:,} had it already" if done["already"] else ""
    say(f"{count_of(done['added'], 'person or team', 'people or teams')} got {role}{before}.")


@role_commands.command("unassign", epilog=EXIT_CODES)
@previewable()
def unassign(
    role: Role,
    person: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="Who loses what was given directly.")
    ] = None,
    *,
    environment: InEnvironment = None,
    group: Annotated[str | None, typer.Option("--group", help="Whose team loses it.")] = None,
) -> None:
    """Take a role from a person, or from the team of a group."""
    if (person is None) == (group is None):
        stop(Ending.USAGE, "Say from whom: either PERSON or --group.")
    with open_api() as api:
        id_ = _role_id(api, role, environment)
        held_by = api_path("platform", "security-roles", id_, "users", str(person))
        if group is not None:
            team = group_id(api, group)
            held_by = api_path("platform", "security-roles", id_, "groups", team)
        api.write("DELETE", held_by)
    say(f"{person or f'The team of {group}'} no longer has {role}.")


@role_commands.command("defaults", epilog=EXIT_CODES)
def defaults(*, as_json: AsJson = False) -> None:
    """List the roles that follow a license or a solution by themselves."""
    list_rows(
        api_path("platform", "default-roles"),
        _DEFAULTS,
        empty="No role follows by itself.",
        rows=None,
        as_json=as_json,
    )


@role_commands.command("add-default", epilog=EXIT_CODES)
@previewable()
def add_default(
    name: NewName,
    *,
    product: Annotated[str | None, typer.Option(help="The product that it follows.")] = None,
    solution: Annotated[str | None, typer.Option(help="The solution that it follows.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a role follow a product, a solution, or both; it shows apps and gives no data."""
    body = {"roleName": name, **given(solution=solution)}
    if product is not None:
        body |= sku_field(product)
    with open_api() as api:
        made = api.write("POST", api_path("platform", "default-roles"), body=body)
    if as_json:
        print_json(made)
        return
    follows = " with ".join(part for part in (made["product"], made["solution"]) if part)
    say(f"{made['roleName']} follows {follows}.")


@role_commands.command("remove-default", epilog=EXIT_CODES)
@previewable()
def remove_default(
    rule: Annotated[str, typer.Argument(metavar="ID", help="As `defaults` lists it.")],
) -> None:
    """Let a role follow no longer; whoever had it only so has it no longer."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "default-roles", rule))
    say(f"The default role {rule} follows no longer.")


@role_commands.command("administrators", epilog=EXIT_CODES)
def administrators(*, as_json: AsJson = False) -> None:
    """List who is System Administrator everywhere, by administering the service."""
    empty = "Nobody is stated as an administrator of the service."
    list_rows(
        api_path("platform", "administrators"),
        _ADMINISTRATORS,
        empty=empty,
        rows=None,
        as_json=as_json,
    )


@role_commands.command("add-administrator", epilog=EXIT_CODES)
@previewable()
def add_administrator(
    person: Person,
    *,
    kind: Annotated[
        Administering, typer.Option("--as", help="Which kind of administrator.")
    ] = Administering.SERVICE,
) -> None:
    """State that a person administers the service: System Administrator everywhere."""
    body = {"role": f"{kind.value}Administrator"}
    with open_api() as api:
        api.write("PUT", api_path("platform", "administrators", person), body=body)
    say(f"{person} is System Administrator in every environment, as {kind} administrator.")


@role_commands.command("remove-administrator", epilog=EXIT_CODES)
@previewable()
def remove_administrator(person: Person) -> None:
    """State that a person no longer administers the service."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "administrators", person))
    say(f"{person} no longer administers the service.")


def _role_id(api: Api, text: str, environment: str | None) -> str:
    """The id of a role that is named by its id, or by its name in an environment."""
    try:
        return str(UUID(text))
    except ValueError:
        pass
    if environment is None:
        stop(
            Ending.USAGE,
            f"“{text}” is a name, and each environment has roles of its own: say which with"
            " --environment.",
        )
    query = {"environment": environment}
    for row in api.rows(api_path("platform", "security-roles"), query=query):
        if row["displayName"].casefold() == text.strip().casefold():
            return str(row["id"])
    return stop(
        Ending.REFUSED,
        f"{environment} has no security role “{text}”.",
        small="unknownSecurityRole",
        fix=fix_of("unknownSecurityRole"),
    )


add_file_commands(
    role_commands,
    "security-roles",
    imports="Give security roles to people and group teams from a CSV file; safe to run again.",
    exports="Write who was given which security role as CSV.",
)
