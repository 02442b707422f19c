"""`seatwright seats`: the seats of a product over the months to come, and whom to ask for one."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from seatwright.cli.client import Query, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, Product, ShowAll, rows_wanted
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, minute, moment, show_list, show_table

seat_commands = typer.Typer(
    help="Seats over time: what is booked and ends, and whom to ask where too many have one.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

BAR_WIDTH: Final = 30
WORDS_SHOWN: Final = 3


def _what(row: Row) -> str:
    words = [event["words"] for event in row["events"]]
    more = f", and {len(words) - WORDS_SHOWN} more" if len(words) > WORDS_SHOWN else ""
    return ", ".join(words[:WORDS_SHOWN]) + more or "today"


_POINTS: Final = (
    Column(title="From", cell=lambda row: minute(row["at"])[:10]),
    Column(title="Seats", cell="seats", is_number=True),
    Column(title="Needed", cell="needed", is_number=True),
    Column(title="Free", cell="free", is_number=True),
    Column(title="", cell="bar"),
    Column(title="What", cell=_what, is_prose=True),
)
_PEOPLE: Final = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Last sign-in", cell=lambda row: minute(row["lastSignInAt"])[:10] or "never"),
    Column(title="Manager", cell=lambda row: (row["manager"] or {}).get("displayName")),
)
_CHANGES: Final = (
    Column(title="On", cell=lambda row: minute(row["effectiveAt"])[:10]),
    Column(title="Units", cell=lambda row: f"{row['unitsBefore']} → {row['units']}"),
    Column(title="State", cell="state"),
    Column(title="Why", cell="message", is_prose=True, is_optional=True),
    Column(title="Note", cell="note", is_prose=True, is_optional=True),
    Column(title="Booked (UTC)", cell=moment("createdAt")),
    Column(title="Id", cell="id", is_small=True),
)


def _bar(row: Row, most: int) -> str:
    """Needed seats in full blocks, free ones in light, missing ones as crosses."""
    if most == 0:
        return ""
    seats, needed = int(row["seats"]), int(row["needed"])
    covered = min(needed, seats) * BAR_WIDTH // most
    rest = max(needed, seats) * BAR_WIDTH // most - covered
    return "█" * covered + ("░" if row["free"] >= 0 else "▚") * rest


@seat_commands.command("timeline", epilog=EXIT_CODES)
def timeline(
    product: Product,
    *,
    months: Annotated[int, typer.Option(min=1, max=36, help="How far to look ahead.")] = 12,
    as_json: AsJson = False,
) -> None:
    """Show the seats that are there and needed, at every day on which something changes."""
    query: Query = {"months": months}
    with open_api() as api:
        found = api.read(api_path("identity", "licenses", product, "seat-timeline"), query)
    if as_json:
        print_json(found)
        return
    most = max(max(row["seats"], row["needed"]) for row in found["points"])
    until = minute(found["until"])[:10]
    short = found["shortFrom"]
    verdict = f"too few seats from {minute(short)[:10]} on" if short else "enough seats"
    say(f"{found['displayName']} until {until}: {verdict}.")
    show_table([{**row, "bar": _bar(row, most)} for row in found["points"]], _POINTS)


@seat_commands.command("ask", epilog=EXIT_CODES)
def ask(
    product: Product,
    *,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List whom to ask for a seat where too many have one: who signed in longest ago first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("identity", "licenses", product, "to-ask"), limit=wanted)
    empty = "No more seats are in use than were bought: there is nobody to ask."
    show_list(found, _PEOPLE, empty=empty, as_json=as_json)


@seat_commands.command("changes", epilog=EXIT_CODES)
def changes(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List the changes of seats that are booked, and what became of those before."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("seat-changes"), limit=wanted)
    empty = "No change is booked: `seatwright subscriptions book ID UNITS` books one."
    show_list(found, _CHANGES, empty=empty, as_json=as_json)
