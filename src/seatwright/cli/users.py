"""`seatwright users`: the people of the directory."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Json, open_api, path_of
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.imports import ImportChoices, export_kind, import_kind, tell_import
from seatwright.cli.licenses import source_of
from seatwright.cli.options import (
    AsJson,
    Confirm,
    CsvFile,
    Fields,
    Filter,
    Limit,
    OutFile,
    Person,
    Search,
    ShowAll,
    UsageLocation,
    fields_of,
    given,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, minute, show_facts, show_list, show_table

FIELDS = (
    "Fields for --set: displayName, mail, givenName, surname, jobTitle, department, companyName,"
    " costCenter, employeeId, externalId, usageLocation, userType (Member or Guest),"
    " accountEnabled (true or false), manager, lastSignInAt, mailNickname, otherMails,"
    " businessPhone, mobilePhone, faxNumber, officeLocation, streetAddress, city, state,"
    " postalCode, country, preferredLanguage, division, employeeType, employeeHireDate,"
    " extensionAttribute1 to extensionAttribute15; null empties one. "
)

user_commands = typer.Typer(help="People.", epilog=EXIT_CODES, no_args_is_help=True)


def _state(row: Row) -> str:
    if row["deletedAt"]:
        return "deleted"
    return "" if row["accountEnabled"] else "disabled"


_USERS = (
    Column(title="Name", cell="displayName"),
    Column(title="User principal name", cell="userPrincipalName"),
    Column(title="Department", cell="department"),
    Column(title="Location", cell="usageLocation"),
    Column(
        title="Type",
        cell=lambda row: "" if row["userType"] == "Member" else row["userType"],
        is_optional=True,
    ),
    Column(title="State", cell=_state, is_optional=True),
)


def _plans_off(row: Row) -> str:
    if row["since"] is None:
        return ""
    return ", ".join(plan["name"] for plan in row["servicePlans"] if not plan["enabled"])


_LICENSES = (
    Column(title="Product", cell="displayName"),
    Column(title="State", cell="state"),
    Column(title="From", cell=lambda row: [source_of(one) for one in row["sources"]]),
    Column(title="Since (UTC)", cell=lambda row: minute(row["since"])),
    Column(
        title="Trouble",
        cell=lambda row: [one["reason"] for one in row["sources"] if one["reason"]],
        is_prose=True,
        is_optional=True,
    ),
    Column(title="Off", cell=_plans_off, is_prose=True, is_optional=True),
)


@user_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    search: Search = None,
    department: Annotated[str | None, typer.Option(help="Only of this department.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Only accounts that are so.")
    ] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Those who were deleted and can be restored.")
    ] = False,
    filter_text: Filter = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List people by name; --filter takes what Graph's $filter does: "city eq 'Oslo'"."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    query = {
        "search": search,
        "department": department,
        "enabled": enabled,
        "deleted": deleted or None,
        "filter": filter_text,
    }
    with open_api() as api:
        found = api.listing(path_of("users"), query=query, limit=wanted)
    show_list(found, _USERS, empty="No such person.", as_json=as_json)


@user_commands.command("show", epilog=EXIT_CODES)
def show(person: Person, *, as_json: AsJson = False) -> None:
    """Show one person and what they have."""
    with open_api() as api:
        found = api.read(path_of("users", person))
        licenses = api.read(path_of("users", person, "licenses"))["value"]
    if as_json:
        print_json({**found, "licenses": licenses})
        return
    show_facts(_facts(found))
    say("")
    if licenses:
        show_table(licenses, _LICENSES)
    else:
        say(f"No licenses: `seatwright assign {found['userPrincipalName']} PRODUCT`.")


@user_commands.command("create", epilog=FIELDS + EXIT_CODES)
@previewable()
def create(
    upn: Annotated[str, typer.Argument(metavar="UPN", help="The user principal name.")],
    *,
    name: Annotated[str | None, typer.Option(help="The display name.")] = None,
    usage_location: UsageLocation = None,
    department: Annotated[str | None, typer.Option(help="The department.")] = None,
    product: Annotated[
        list[str] | None, typer.Option("--product", help="Assign this at once; again for more.")
    ] = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Create a person, with licenses in the same step if you like."""
    body = {
        "userPrincipalName": upn,
        **given(displayName=name, usageLocation=usage_location, department=department),
        **fields_of(fields),
    }
    if product:
        body["licenses"] = [sku_field(one) for one in product]
    with open_api() as api:
        made = api.write("POST", path_of("users"), body=body)
    if as_json:
        print_json(made)
        return
    say(f"Created {made['displayName']}, {made['userPrincipalName']}.")
    for one in made["licenses"]:
        say(f"Assigned {one['displayName']}; {one['free']:,} seats of it are left.")


@user_commands.command("update", epilog=FIELDS + EXIT_CODES)
@previewable()
def update(
    person: Person,
    *,
    usage_location: UsageLocation = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Let the account sign in, or not.")
    ] = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Change a person; what is not named stays."""
    body = {
        **given(usageLocation=usage_location, accountEnabled=enabled),
        **fields_of(fields),
    }
    if not body:
        stop(Ending.USAGE, "Say what to change: --usage-location CC, or --set FIELD=VALUE.")
    with open_api() as api:
        changed = api.write("PATCH", path_of("users", person), body=body)
    if as_json:
        print_json(changed)
        return
    say(f"Changed {changed['displayName']}, {changed['userPrincipalName']}.")


@user_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(person: Person) -> None:
    """Delete a person; their seats are free at once, and they can be restored for a while."""
    with open_api() as api:
        api.write("DELETE", path_of("users", person))
    say(f"Deleted {person}; `seatwright users list --deleted` shows who can be restored.")


@user_commands.command("restore", epilog=EXIT_CODES)
@previewable()
def restore(person: Person, *, as_json: AsJson = False) -> None:
    """Bring a deleted person back with what they had."""
    with open_api() as api:
        found = api.write("POST", path_of("users", person, "restore"))
    if as_json:
        print_json(found)
        return
    say(f"Restored {found['displayName']}, {found['userPrincipalName']}.")


@user_commands.command("reprocess", epilog=EXIT_CODES)
@previewable()
def reprocess(person: Person) -> None:
    """Look at a person's licenses again, after the cause of an error is gone."""
    with open_api() as api:
        api.write("POST", path_of("users", person, "reprocess"))
    say(f"Looked at {person} again: `seatwright users show {person}`.")


@user_commands.command("import", epilog=EXIT_CODES)
@previewable(tell_import)
def import_(
    file: CsvFile,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Disable whoever is not in the file.")
    ] = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    """Create and change people from a CSV file; safe to run again.

    People are matched by externalId, then userPrincipalName: a changed one is a rename. The
    columns are those of `seatwright users export`.
    """
    choices = ImportChoices(replace=replace, confirm=confirm)
    import_kind("users", file, choices, as_json=as_json)


@user_commands.command("export", epilog=EXIT_CODES)
def export(*, output: OutFile = None) -> None:
    """Write everybody as CSV."""
    export_kind("users", output=output)


def _facts(user: Json) -> list[tuple[str, object]]:
    manager = user["manager"]
    return [
        ("Name", user["displayName"]),
        ("User principal name", user["userPrincipalName"]),
        ("Mail", user["mail"]),
        ("Job title", user["jobTitle"]),
        ("Department", user["department"]),
        ("Company", user["companyName"]),
        ("Cost center", user["costCenter"]),
        ("Manager", None if manager is None else manager["displayName"]),
        ("Usage location", user["usageLocation"]),
        ("Type", user["userType"]),
        ("Account", "enabled" if user["accountEnabled"] else "disabled"),
        ("Last sign-in (UTC)", minute(user["lastSignInAt"])),
        ("Deleted (UTC)", minute(user["deletedAt"])),
        ("Id", user["id"]),
    ]
