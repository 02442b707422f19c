"""`seatwright inbox`: what one was told."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.options import AsJson, Limit, ShowAll, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import say
from seatwright.cli.tables import Column, count_of, moment, show_list

inbox_commands = typer.Typer(
    help="The inbox: what you, or the administrators, were told.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

_ROWS = (
    Column(title="Id", cell="id", is_small=True),
    Column(title="What", cell="subject", is_prose=True),
    Column(title="At (UTC)", cell=moment("at")),
    Column(title="Read (UTC)", cell=moment("readAt"), is_optional=True),
)


@inbox_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    unread: Annotated[
        bool, typer.Option("--unread", help="Only what nobody has read yet.")
    ] = False,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List what was told, newest first: to yourself, or else to the administrators."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        query = {"unread": "true" if unread else None}
        found = api.listing(api_path("inbox"), query=query, limit=wanted)
    show_list(found, _ROWS, empty="Nothing was told.", as_json=as_json)


@inbox_commands.command("read", epilog=EXIT_CODES)
@previewable()
def read(
    id_: Annotated[str | None, typer.Argument(metavar="ID", help="One thing in the inbox.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Everything in the inbox.")] = False,
) -> None:
    """Mark as read."""
    if (id_ is None) is not everything:
        stop(Ending.USAGE, "Give an id, or --all for everything.")
    with open_api() as api:
        if id_ is not None:
            api.write("POST", api_path("inbox", id_, "read"))
            say("It is read.")
            return
        answer = api.write("POST", api_path("inbox", "read"))
        marked = answer["marked"]
        while answer.get("hasMore"):
            answer = api.write("POST", api_path("inbox", "read"))
            marked += answer["marked"]
    say(f"{count_of(marked, 'thing is', 'things are')} read.")
