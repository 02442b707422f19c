"""`seatwright auto-claim report` and its neighbours: what policies gave, and taking it back."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.auto_claim import Policy
from seatwright.cli.auto_claim_order import auto_claim_commands
from seatwright.cli.client import Query, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.files import save
from seatwright.cli.jobs import finish, follow
from seatwright.cli.options import AsJson, Limit, OutFile, People, ShowAll, WaitOption, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, moment, show_list, show_table

__all__ = ("auto_claim_commands",)  # With the commands of this file in it.

Days: TypeAlias = Annotated[
    int | None, typer.Option("--days", help="The past 1, 7, 30 or 90 days. Default: 90.")
]


def _person(row: Row) -> object:
    user = row["user"]
    return None if user is None else user["displayName"] or "erased"


def _what(row: Row) -> str:
    if row["kind"] == "seats":
        return f"{count_of(row['seatsFree'], 'seat', 'seats')} left"
    return f"{row['product']} is released on {str(row['dueAt'])[:10]} unless kept or used"


_OUTCOMES = {
    "unassigned": "taken back",
    "stillGiven": "claim taken back; something else gives it",
    "heldForApproval": "waits for a second administrator",
    "notClaimed": "had claimed nothing",
}
_CLAIMS = (
    Column(title="When (UTC)", cell=moment("at")),
    Column(title="Who", cell=_person),
    Column(title="Product", cell="product"),
    Column(
        title="Place", cell=lambda row: f"backup {row['backup']}" if row["backup"] else "primary"
    ),
    Column(title="Event", cell="event"),
    Column(title="Through", cell="group", is_optional=True),
    Column(title="Now", cell="state"),
)
_DAYS = (
    Column(title="Day", cell="day"),
    Column(title="Claims", cell="claims", is_number=True),
    Column(title="", cell=lambda row: "▇" * row["bar"]),
)
_TAKEN = (
    Column(title="Who", cell=_person),
    Column(title="Product", cell="product"),
    Column(title="Outcome", cell=lambda row: _OUTCOMES.get(row["outcome"], row["outcome"])),
)
_ENDED = {None: "open", "heldForApproval": "held for approval"}
_NOTICES = (
    Column(title="When (UTC)", cell=moment("at")),
    Column(title="Policy", cell="policy", is_prose=True),
    Column(title="Who", cell=_person),
    Column(title="What", cell=_what, is_prose=True),
    Column(title="Ended", cell=lambda row: _ENDED.get(row["outcome"], row["outcome"])),
    Column(title="Id", cell="id", is_small=True),
)
BAR_WIDTH = 40


def _claims(policy: str, *more: str) -> str:
    return api_path("auto-claim", "policies", policy, *more)


@auto_claim_commands.command("report", epilog=EXIT_CODES)
def report(
    policy: Policy,
    *,
    days: Days = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write all of it as CSV.")] = False,
    output: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Say who got what when through which event."""
    query: Query = {} if days is None else {"days": days}
    path = _claims(policy, "claims")
    with open_api() as api:
        if csv or output is not None:
            save(api, path, query={**query, "format": "csv"}, output=output)
            return
        found = api.listing(
            path, query=query, limit=rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
        )
    show_list(found, _CLAIMS, empty="Nobody claimed anything in that time.", as_json=as_json)


@auto_claim_commands.command("days", epilog=EXIT_CODES)
def claims_a_day(policy: Policy, *, days: Days = None, as_json: AsJson = False) -> None:
    """Count the claims of each day, in UTC; days without any are left out of the table."""
    query: Query = {} if days is None else {"days": days}
    with open_api() as api:
        found = api.read(_claims(policy, "claims-a-day"), query)
    if as_json:
        print_json(found)
        return
    claims = count_of(found["claims"], "claim", "claims")
    say(f"{found['policy']}, {found['period'].lower()}: {claims}.")
    most = max((row["claims"] for row in found["value"]), default=0)
    rows = [
        {**row, "bar": max(1, row["claims"] * BAR_WIDTH // most)}
        for row in found["value"]
        if row["claims"]
    ]
    if rows:
        say("")
        show_table(rows, _DAYS)


@auto_claim_commands.command("unassign", epilog=EXIT_CODES)
@previewable()
def unassign(policy: Policy, people: People, *, as_json: AsJson = False) -> None:
    """Take what a policy gave from some people; what else gives it stays."""
    with open_api() as api:
        answer = api.write("POST", _claims(policy, "unassign"), body={"users": people})
    if as_json:
        print_json(answer)
        return
    show_table(answer["value"], _TAKEN)


@auto_claim_commands.command("move", epilog=EXIT_CODES)
@previewable()
def move(
    policy: Policy,
    people: People,
    *,
    group: Annotated[str, typer.Option("--group", help="The licensed group, by name or id.")],
    product: Annotated[
        str | None, typer.Option("--product", help="Which product. Default: the primary.")
    ] = None,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Move people to a licensed group, without a gap."""
    body = {"users": people, "group": group, "product": product}
    with open_api() as api:
        started = api.write("POST", _claims(policy, "move"), body=body)
        job = api.read(api_path("jobs", str(started["jobId"])))
        if wait:
            finish(api, follow(api, job), as_json=as_json)
        elif as_json:
            print_json(job)
        else:
            say(f"Started: `seatwright jobs show {job['id']} --wait` waits for the result.")


@auto_claim_commands.command("notices", epilog=EXIT_CODES)
def notices(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List what people were told: licenses to be released, and seats that run out."""
    with open_api() as api:
        found = api.listing(
            api_path("auto-claim", "notices"),
            limit=rows_wanted(limit=limit, show_all=show_all, as_json=as_json),
        )
    show_list(found, _NOTICES, empty="Nobody was told anything yet.", as_json=as_json)


@auto_claim_commands.command("keep", epilog=EXIT_CODES)
@previewable()
def keep(
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="The notice's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Keep a license that would be released: its time without use begins anew."""
    with open_api() as api:
        kept = api.write("POST", api_path("auto-claim", "notices", notice, "keep"))
    if as_json:
        print_json(kept)
        return
    say(f"Kept: {kept['product']} stays with {_person(kept)}.")
