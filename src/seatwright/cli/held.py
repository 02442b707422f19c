"""`seatwright held`: removals that wait for a second administrator, and deciding about them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, ShowAll, given, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, count_of, moment, show_facts, show_list, show_table

held_commands = typer.Typer(
    help="Large removals that wait for a second administrator.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

HeldId: TypeAlias = Annotated[str, typer.Argument(metavar="HELD", help="The held change's id.")]
Count: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="PEOPLE",
        help="How many people it concerns: typed in by an administrator who is alone.",
    ),
]

PEOPLE_SHOWN = 10
"""People of a held change beside its facts: enough to know them, and --people shows all."""

_HELD = (
    Column(title="Held change", cell="id", is_small=True),
    Column(title="State", cell="state"),
    Column(title="By", cell=lambda row: row["madeBy"]["name"]),
    Column(title="Since (UTC)", cell=moment("madeAt")),
    Column(title="What was done", cell="sentence", is_prose=True),
)

_PEOPLE = (
    Column(title="Name", cell="displayName"),
    Column(
        title="User principal name", cell=lambda row: row["userPrincipalName"] or "(was purged)"
    ),
    Column(title="What became of it", cell="message", is_prose=True, is_optional=True),
)


@held_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only pending, approved, rejected or ended.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List held changes, newest first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("held-changes"), query={"state": state}, limit=wanted)
    show_list(found, _HELD, empty="No removal waits for approval.", as_json=as_json)


@held_commands.command("show", epilog=EXIT_CODES)
def show(
    held: HeldId,
    *,
    people: Annotated[bool, typer.Option("--people", help="Everybody in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a held change is about, whom it concerns, and what each decision would do."""
    with open_api() as api:
        found = api.read(api_path("held-changes", held))
        wanted = None if people or as_json else PEOPLE_SHOWN
        listed = api.listing(api_path("held-changes", held, "people"), limit=wanted)
    if as_json:
        print_json({**found, "concerned": listed.rows})
        return
    show_facts(_facts(found))
    say("")
    show_table(listed.rows, _PEOPLE)
    if listed.next_cursor is not None:
        warn(f"These are the first {PEOPLE_SHOWN} of {found['people']:,}; --people shows all.")


@held_commands.command("approve", epilog=EXIT_CODES)
@previewable()
def approve(held: HeldId, *, count: Count = None, as_json: AsJson = False) -> None:
    """Let the removals happen; the seats go to whoever waits for them."""
    decided = _decide(held, "approve", count=count, as_json=as_json)
    if decided is not None:
        kept = decided["kept"] + decided["gone"]
        others = f" {count_of(kept, 'person needs', 'people need')} no removal." if kept else ""
        _say_done(decided, f"Approved: {_people(decided['revoked'])} lost", others=others)


@held_commands.command("reject", epilog=EXIT_CODES)
@previewable()
def reject(held: HeldId, *, count: Count = None, as_json: AsJson = False) -> None:
    """Put back what the removals took."""
    decided = _decide(held, "reject", count=count, as_json=as_json)
    if decided is not None:
        own = decided["ownNow"]
        others = ""
        if own:
            others = (
                f" {_people(own)} {'has' if own == 1 else 'have'} it by name now, because what gave"
                " it could not be put back."
            )
        _say_done(decided, f"Rejected: {_people(decided['putBack'])} kept", others=others)


def _decide(held: str, how: str, *, count: int | None, as_json: bool) -> Json | None:
    with open_api() as api:
        path = api_path("held-changes", held, how)
        decided = api.write("POST", path, body=given(count=count))
    if as_json:
        print_json(decided)
        return None
    return decided


def _say_done(decided: Json, done: str, *, others: str) -> None:
    say(f"{done} {decided['displayName']}.{others}")
    if decided["pending"]:
        warn(
            f"{_people(decided['pending'])} more follow as a job:"
            f" `seatwright held show {decided['id']}`."
        )


def _people(count: int) -> str:
    return count_of(count, "person", "people")


def _facts(held: Json) -> list[tuple[str, object]]:
    by = held["decidedBy"]
    is_open = held["state"] == "pending"
    return [
        ("Held change", held["id"]),
        ("State", held["state"]),
        ("Product", held["displayName"]),
        ("People", held["people"]),
        ("What was done", held["sentence"]),
        ("By", held["madeBy"]["name"]),
        ("Since (UTC)", moment("madeAt")(held)),
        ("Decided by", None if by is None else by["name"]),
        ("Decided (UTC)", moment("decidedAt")(held)),
        ("If approved", _if_approved(held) if is_open else None),
        ("If rejected", held["ifRejected"] if is_open else None),
        ("To undo it", f"seatwright undo {held['correlationId']}" if is_open else None),
    ]


def _if_approved(held: Json) -> str:
    seats = count_of(held["seatsFreed"], "seat comes free", "seats come free")
    waiting = count_of(held["waiting"], "person waits", "people wait")
    return f"{seats}; {waiting} for one."
