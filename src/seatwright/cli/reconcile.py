"""`seatwright reconcile`: look at everybody now, and see what such looks found."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.jobs import follow
from seatwright.cli.options import AsJson, Limit, ShowAll, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, count_of, moment, show_list

reconcile_commands = typer.Typer(
    help="Look at everybody, and mend what is not as it should be.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

_RUNS = (
    Column(title="Started (UTC)", cell=moment("startedAt")),
    Column(title="Why", cell=lambda row: "each day" if row["isPeriodic"] else "asked for"),
    Column(title="State", cell="state"),
    Column(title="People", cell="people", is_number=True),
    Column(title="Licenses", cell="licenses", is_number=True),
    Column(title="Errors", cell="errors", is_number=True),
    Column(title="Pools recounted", cell="poolsRecounted", is_number=True),
)


@reconcile_commands.command("now", epilog=EXIT_CODES)
@previewable()
def now(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everybody now; people who wait or are in error are tried again."""
    with open_api() as api:
        job = api.write("POST", api_path("reconcile"))
        if wait:
            job = follow(api, job)
    if as_json:
        print_json(job)
    elif wait:
        people = count_of(job["done"], "person was", "people were")
        say(f"{people} looked at. `seatwright reconcile runs` says what was found.")
    else:
        people = count_of(job["total"], "person is", "people are")
        say(f"{people} being looked at. `seatwright jobs show {job['id']} --wait` waits for it.")


@reconcile_commands.command("runs", epilog=EXIT_CODES)
def runs(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List looks at everybody, newest first, and what was not as it should be."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("reconcile", "runs"), limit=wanted)
    show_list(found, _RUNS, empty="Nobody has looked at everybody yet.", as_json=as_json)
