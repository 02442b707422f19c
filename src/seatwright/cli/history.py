"""`seatwright history`: what happened to licenses, newest first, and the commands beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.assignment import Moment, instant
from seatwright.cli.client import open_api, path_of
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.files import save
from seatwright.cli.history_seals import checker, export, heads, verify
from seatwright.cli.history_timeline import timeline
from seatwright.cli.options import AsJson, Limit, OutFile, ShowAll, rows_wanted
from seatwright.cli.tables import Column, Row, moment, show_list


def _subject(row: Row) -> str:
    user, group = row["user"], row["group"]
    if user is not None:
        return user["userPrincipalName"] or user["displayName"] or "(erased)"
    return (group["displayName"] or "(deleted group)") if group is not None else ""


def _reason(row: Row) -> str:
    """The reason, and the group: the one that gives, or the one that a person came into or left."""
    group = (row["source"] or {}).get("group") or (row["group"] if row["user"] else None)
    by_group = f"group {group['displayName'] or '(deleted)'}" if group else ""
    return ", ".join(part for part in (row["reason"], by_group) if part)


_COLUMNS = (
    Column(title="When (UTC)", cell=moment("at"), is_small=True),
    Column(title="What", cell="action"),
    Column(title="For", cell=_subject),
    Column(
        title="Product", cell=lambda row: (row["sku"] or {}).get("skuPartNumber"), is_optional=True
    ),
    Column(title="By", cell=lambda row: row["principal"]["name"]),
    Column(title="Why", cell=_reason, is_prose=True),
)


history_commands = typer.Typer(invoke_without_command=True, epilog=EXIT_CODES)
for command in (timeline, verify, heads, export, checker):
    history_commands.command(epilog=EXIT_CODES)(command)


@history_commands.callback()
def history(
    context: typer.Context,
    *,
    user: Annotated[str | None, typer.Option(help="Only this person: name or id.")] = None,
    group: Annotated[str | None, typer.Option(help="Only this group: name or id.")] = None,
    product: Annotated[str | None, typer.Option(help="Only this product.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this: assigned, removed, granted, waiting, …")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Only what this principal did.")] = None,
    since: Moment = None,
    until: Moment = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also people, groups, settings, purchases.")
    ] = False,
    limit: Limit = None,
    show_all: ShowAll = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write all of it as CSV.")] = False,
    output: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed: what, for whom, by whom, when and why."""
    if context.invoked_subcommand is not None:
        return
    query = {
        "user": user,
        "group": group,
        "sku": product,
        "action": action,
        "principal": by,
        "since": instant(since, "--since"),
        "until": instant(until, "--until", is_end=True),
        "kind": "all" if everything else None,
    }
    path = path_of("licenses", "assignment-history")
    with open_api() as api:
        if csv or output is not None:
            save(api, path, query={**query, "format": "csv"}, output=output)
            return
        wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
        found = api.listing(path, query=query, limit=wanted)
    show_list(found, _COLUMNS, empty="Nothing of that kind happened.", as_json=as_json)
