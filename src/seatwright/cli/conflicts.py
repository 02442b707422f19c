"""`seatwright conflicts` and `mend`: what is at odds, what would end it, and ending all at once."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Annotated, Final

import typer
from rich.text import Text

from seatwright.cli.bulk import tell_started
from seatwright.cli.client import Json, Listing, api_path, open_api
from seatwright.cli.imports import tell_rows
from seatwright.cli.options import AsJson, Limit, ShowAll, WaitOption, given, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, result_screen, say, visible, warn
from seatwright.cli.suggestions import command_of
from seatwright.cli.tables import Column, count_of, minute, show_table

_TITLES: Final = {
    "insufficientSeats": "Too few seats",
    "exclusion": "Products that exclude each other",
    "dependencyMissing": "What a product needs is missing",
    "usageLocationMissing": "No usage location",
    "usageLocationProhibited": "Prohibited where they are",
    "duplicate": "A service from two products",
    "directBesideInherited": "Direct assignments that a group gives too",
}

_COUNTS = (
    Column(title="Conflict", cell=lambda row: _TITLES.get(row["kind"], row["kind"])),
    Column(title="--kind", cell="kind"),
    Column(title="How many", cell="count", is_number=True),
)

PEOPLE_TOLD = 5

Kind = Annotated[
    str | None, typer.Option(help=f"Only this kind: {', '.join(_TITLES)}.", metavar="KIND")
]


def conflicts(
    *,
    kind: Kind = None,
    user: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    product: Annotated[str | None, typer.Option(help="Only about this product.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only how many of each kind.")] = False,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List what is at odds, each with the command that would end it; nothing is done by itself."""
    with open_api() as api:
        if summary:
            found = api.read(api_path("conflicts", "summary"))
            _show_summary(found, as_json=as_json)
            return
        wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
        query = {"kind": kind, "user": user, "product": product}
        listing = api.listing(api_path("conflicts"), query=query, limit=wanted)
    if as_json:
        print_json({"value": listing.rows, "nextCursor": listing.next_cursor})
    elif listing.rows:
        _show(listing)
    else:
        say("Nothing is at odds.")


def _tell_mending(result: Json) -> None:
    """Print what would become of the rows, and what is left out."""
    tell_rows(result)
    for kept in result["keptThrough"]:
        say(f"They keep {kept['product']} through {' and '.join(kept['groups'])}.")
    _tell_rest(result, say)


def _tell_rest(answer: Json, tell: Callable[[str], None]) -> None:
    """Print what is left out, and what is still to be mended."""
    if answer["losing"]:
        what = count_of(answer["losing"], "assignment is", "assignments are")
        tell(f"{what} left out: without the direct assignment service plans would go.")
    if answer["hasMore"]:
        warn("One job takes no more than these: mend again after it for the others.")
    if answer["searchEndedAfter"] is not None:
        ended = f"The search ended after {answer['searchEndedAfter']:,}"
        warn(f"{ended}: --product PRODUCT looks at the others of a product.")


@previewable(_tell_mending)
def mend(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="directBesideInherited or duplicate.")
    ] = "directBesideInherited",
    *,
    product: Annotated[str | None, typer.Option(help="Only assignments of this product.")] = None,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Take away all direct assignments that can go: a group gives the same, or other products do.

    Whoever would lose anything by it is left out. One change with one undo; --preview looks first.
    """
    with open_api() as api:
        body = given(kind=kind, product=product)
        answer = api.write("POST", api_path("conflicts", "mend"), body=body)
        try:
            tell_started(api, answer, wait=wait, as_json=as_json)
        finally:
            # The report of a job with failures ends the command; with --json it is all of stdout.
            _tell_rest(answer, warn if as_json else say)


def _show_summary(found: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [row for row in found["kinds"] if row["count"]]
    if not rows:
        say("Nothing is at odds.")
        return
    show_table(rows, _COUNTS)
    if found["seatsToBuy"]:
        who = count_of(found["peopleWaiting"], "person waits", "people wait")
        say(f"→ {who}: {count_of(found['seatsToBuy'], 'seat is', 'seats are')} missing in all.")


def _show(listing: Listing) -> None:
    """Print conflicts under a title for each kind, each with its fixes."""
    screen = result_screen()
    shown = ""
    for row in listing.rows:
        if row["kind"] != shown:
            screen.print(Text(str(_TITLES.get(row["kind"], row["kind"])), style="bold"))
            shown = row["kind"]
        _show_conflict(row)
        say("")
    if listing.next_cursor is not None:
        warn(f"These are the first {len(listing.rows):,}; --all shows every one.")


def _show_conflict(row: Json) -> None:
    screen = result_screen()
    sentences: list[str] = [row["sentence"], *_people(row["seats"])]
    for sentence in sentences:
        screen.print(Text(textwrap.fill(visible(sentence), screen.width)))
    fixes = [*row["fixes"], *(one["fix"] for one in _givers(row))]
    for fix in fixes:
        # Not wrapped by us, so that the command can be copied whole.
        screen.print(f"  → {visible(command_of(fix))}", soft_wrap=True)
    if not fixes and row["user"] is not None:
        command = f"seatwright why {row['user']['userPrincipalName']}"
        product = row["product"]["skuPartNumber"]
        screen.print(f"  No single call would end it: {command} {product}", soft_wrap=True)


def _givers(row: Json) -> list[Json]:
    return list(row["seats"]["couldGiveBack"]) if row["seats"] else []


def _people(seats: Json | None) -> list[str]:
    """Who waits, and who could give a seat back."""
    if seats is None or not seats["first"]:
        return []
    first = [one["displayName"] for one in seats["first"][:PEOPLE_TOLD]]
    more = seats["waiting"] - len(first)
    told = [f"First in line: {', '.join(first)}" + (f" and {more:,} more." if more > 0 else ".")]
    idle = [f"{one['user']['displayName']} ({_idleness(one)})" for one in seats["couldGiveBack"]]
    return [*told, *([f"Could give one back: {', '.join(idle)}."] if idle else [])]


def _idleness(giver: Json) -> str:
    if not giver["accountEnabled"]:
        return "disabled"
    seen = minute(giver["lastSignInAt"])[:10]
    return f"last signed in {seen}" if seen else "never signed in"
