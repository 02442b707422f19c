"""`seatwright groups`: groups, their members, and what they give."""

from __future__ import annotations

import shlex
from typing import Annotated
from uuid import UUID

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Api, Json, api_path, open_api, path_of
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.fixes import fix_of
from seatwright.cli.imports import ImportChoices, export_kind, import_kind, tell_import
from seatwright.cli.jobs import follow
from seatwright.cli.options import (
    AsJson,
    Confirm,
    CsvFile,
    Disabled,
    Fields,
    Filter,
    Group,
    Limit,
    OutFile,
    Person,
    Product,
    Search,
    ShowAll,
    WaitOption,
    fields_of,
    given,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import (
    Column,
    Row,
    count_of,
    moment,
    show_facts,
    show_list,
    show_table,
)

group_commands = typer.Typer(
    help="Groups, their members, and the products they give.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


def _licenses(row: Row) -> list[str]:
    return [license_["displayName"] for license_ in row["licenses"]]


_GROUPS = (
    Column(title="Group", cell="displayName"),
    Column(title="License", cell=_licenses, is_prose=True),
    Column(title="Members", cell="memberCount", is_number=True),
    Column(title="Status", cell="status"),
)

_PRODUCTS = (
    Column(title="Product", cell="displayName"),
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Priority", cell="priority", is_number=True),
    Column(title="Off", cell=lambda row: row["disabledServicePlans"] or "nothing", is_prose=True),
)

_MEMBERS = (
    Column(title="Name", cell="displayName"),
    Column(title="User principal name", cell=lambda row: row["userPrincipalName"] or "(group)"),
)

_ERRORS = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Product", cell="skuPartNumber"),
    Column(title="Reason", cell="reason"),
    Column(title="Since (UTC)", cell=moment("since")),
)


@group_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    search: Search = None,
    licensed: Annotated[
        bool | None, typer.Option("--licensed/--unlicensed", help="Only groups that are so.")
    ] = None,
    filter_text: Filter = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List groups with the products they give, how many are in them, and whether all is well."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    query = {"search": search, "licensed": licensed, "filter": filter_text}
    with open_api() as api:
        found = api.listing(path_of("groups"), query=query, limit=wanted)
    empty = (
        "No such group."
        if search or filter_text
        else "There is no group yet: `groups create NAME`."
    )
    show_list(found, _GROUPS, empty=empty, as_json=as_json)


@group_commands.command("show", epilog=EXIT_CODES)
def show(group: Group, *, as_json: AsJson = False) -> None:
    """Show one group and the products that it gives."""
    with open_api() as api:
        id_ = group_id(api, group)
        found = api.read(path_of("groups", id_))
        licenses = api.read(path_of("groups", id_, "licenses"))["value"]
    if as_json:
        print_json({**found, "licenses": licenses})
        return
    show_facts(_facts(found))
    say("")
    if licenses:
        show_table(licenses, _PRODUCTS)
    else:
        say(f"It gives nothing yet: `seatwright groups assign '{group}' PRODUCT`.")


@group_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Create a group."""
    body = {"displayName": name, **given(description=description), **fields_of(fields)}
    with open_api() as api:
        made = api.write("POST", path_of("groups"), body=body)
    if as_json:
        print_json(made)
        return
    say(f"Created the group {made['displayName']}.")


@group_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    group: Group,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Change a group; what is not named stays."""
    body = {**given(displayName=name, description=description), **fields_of(fields)}
    if not body:
        stop(Ending.USAGE, "Say what to change: --name, --description, or --set FIELD=VALUE.")
    with open_api() as api:
        changed = api.write("PATCH", path_of("groups", group_id(api, group)), body=body)
    if as_json:
        print_json(changed)
        return
    say(f"Changed the group {changed['displayName']}.")


@group_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(group: Group) -> None:
    """Delete a group; one that gives products is refused."""
    with open_api() as api:
        api.write("DELETE", path_of("groups", group_id(api, group)))
    say(f"Deleted the group {group}.")


@group_commands.command("members", epilog=EXIT_CODES)
def members(
    group: Group,
    *,
    nested: Annotated[
        bool, typer.Option("--nested", help="Also who is in the groups inside it.")
    ] = False,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List who is in a group."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "members")
        found = api.listing(path, query={"transitive": nested or None}, limit=wanted)
    show_list(found, _MEMBERS, empty=f"Nobody is in {group}.", as_json=as_json)


@group_commands.command("add-member", epilog=EXIT_CODES)
@previewable()
def add_member(
    group: Group,
    people: Annotated[
        list[str] | None, typer.Argument(metavar="[PERSON]...", help="Who is to join.")
    ] = None,
    *,
    inner: Annotated[
        list[str] | None, typer.Option("--group", help="A group to put into it; again for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put people, or groups, into a group; they get what it gives."""
    body = given(users=people or None, groups=inner or None)
    if not body:
        stop(Ending.USAGE, "Say who is to join: name people, or a group with --group.")
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "members")
        joined = api.write("POST", path, body=body)
    if as_json:
        print_json(joined)
        return
    added, before = joined["added"], joined["alreadyMembers"]
    say(f"{_named(added)} in {group} now." if added else f"Nobody new is in {group}.")
    if before:
        say(f"{_named(before)} in it already.")


@group_commands.command("remove-member", epilog=EXIT_CODES)
@previewable()
def remove_member(group: Group, person: Person) -> None:
    """Take a person out of a group, or a group by its id; what only it gave goes with them."""
    with open_api() as api:
        api.write("DELETE", path_of("groups", group_id(api, group), "members", person))
    say(f"{person} is no longer in {group}.")


@group_commands.command("assign", epilog=EXIT_CODES)
@previewable()
def assign(
    group: Group,
    product: Product,
    *,
    disable: Disabled = None,
    priority: Annotated[
        int | None, typer.Option(min=0, max=255, help="Who is served first: 0 is, 255 is last.")
    ] = None,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Give a product to everybody in a group, now and as they join."""
    body = {**sku_field(product), **given(disabledServicePlans=disable, priority=priority)}
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "licenses")
        taken = api.write("POST", path, body=body)
        done = f"{group} gives {product}."
        _report(api, taken, done, group=group, wait=wait, as_json=as_json)


@group_commands.command("unassign", epilog=EXIT_CODES)
@previewable()
def unassign(
    group: Group, product: Product, *, wait: WaitOption = True, as_json: AsJson = False
) -> None:
    """Stop a group from giving a product; who has it from nowhere else loses it."""
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "licenses", product)
        taken = api.write("DELETE", path)
        done = f"{group} no longer gives {product}."
        _report(api, taken, done, group=group, wait=wait, as_json=as_json)


@group_commands.command("errors", epilog=EXIT_CODES)
def errors(
    group: Group, *, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False
) -> None:
    """List the members who do not get what the group gives, and why."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "errors")
        found = api.listing(path, limit=wanted)
    show_list(found, _ERRORS, empty=f"Everybody in {group} has what it gives.", as_json=as_json)


@group_commands.command("reprocess", epilog=EXIT_CODES)
@previewable()
def reprocess(group: Group, *, wait: WaitOption = True, as_json: AsJson = False) -> None:
    """Try again for the members who wait or are in error."""
    with open_api() as api:
        taken = api.write("POST", path_of("groups", group_id(api, group), "reprocess"))
        done = f"Looked at {group} again: `seatwright groups errors '{group}'`."
        _report(api, taken, done, group=group, wait=wait, as_json=as_json)


@group_commands.command("import", epilog=EXIT_CODES)
@previewable(tell_import)
def import_(
    file: CsvFile,
    *,
    members_: Annotated[
        bool, typer.Option("--members", help="The file says who is in which group.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="With --members: take out whoever is not in the file."),
    ] = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    """Create and change groups, or their members, from a CSV file; safe to run again."""
    if replace and not members_:
        stop(Ending.USAGE, "--replace goes with --members: no file of groups removes a group.")
    choices = ImportChoices(replace=replace, confirm=confirm and members_)
    import_kind("members" if members_ else "groups", file, choices, as_json=as_json)


@group_commands.command("export", epilog=EXIT_CODES)
def export(
    *,
    members_: Annotated[
        bool, typer.Option("--members", help="Who is in which group, instead of the groups.")
    ] = False,
    output: OutFile = None,
) -> None:
    """Write groups, or their members, as CSV."""
    export_kind("members" if members_ else "groups", output=output)


def group_id(api: Api, text: str) -> str:
    """The id of a group that is named by its id or its name, whatever the case.

    The API knows groups by id alone, because names need not be unique.
    """
    try:
        return str(UUID(text))
    except ValueError:
        pass
    rows = api.rows(path_of("groups"), query={"search": text})
    found = [row for row in rows if row["displayName"].casefold() == text.strip().casefold()]
    if len(found) == 1:
        return str(found[0]["id"])
    if found:
        ids = ", ".join(row["id"] for row in found)
        stop(Ending.REFUSED, f"{len(found)} groups are called “{text}”: give the id, one of {ids}.")
    return stop(
        Ending.REFUSED,
        f"There is no group “{text}”.",
        small="unknownGroup",
        fix=fix_of("unknownGroup"),
    )


def _named(members_: list[str]) -> str:
    return f"{members_[0]} is" if len(members_) == 1 else f"{len(members_):,} are"


def _report(api: Api, taken: Json, done: str, *, group: str, wait: bool, as_json: bool) -> None:
    """Say what a change of a group's licenses came to, after the job that carries it out."""
    job_id = taken["jobId"]
    if job_id is not None and wait:
        follow(api, api.read(api_path("jobs", job_id)))
    if as_json:
        print_json(taken)
        return
    if taken["warning"]:
        warn(taken["warning"])
    if job_id is not None and not wait:
        say(f"{done} The members follow: `seatwright jobs show {job_id} --wait`.")
        return
    say(done)
    in_error = api.read(path_of("groups", taken["groupId"]))["errorCount"]
    if in_error:
        people = count_of(in_error, "member does", "members do")
        warn(f"{people} not get it: `seatwright groups errors {shlex.quote(group)}` says why.")


def _facts(group: Json) -> list[tuple[str, object]]:
    return [
        ("Group", group["displayName"]),
        ("For", group.get("description")),
        ("Kind", group.get("kind")),
        ("Members", group["memberCount"]),
        ("Status", group["status"]),
        ("Id", group["id"]),
    ]
