"""`seatwright subscriptions renew` and its neighbours: the life of purchases."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.assignment import Moment, instant
from seatwright.cli.client import api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.subscriptions import subscription_commands
from seatwright.cli.tables import Row, count_of, minute

__all__ = ("subscription_commands",)  # With the commands of this file in it.

SubscriptionId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The subscription's id.")
]


def _told(row: Row) -> str:
    seats = count_of(row["units"], "seat", "seats")
    text = f"{row['displayName']}, {seats}: {row['status']}"
    if row["nextLifecycleAt"]:
        text += f" until {minute(row['nextLifecycleAt'])[:10]}"
    if row["nextStatus"] and row["nextStatus"] != row["status"]:
        text += f", then {row['nextStatus']}"
    return f"{text}."


@subscription_commands.command("renew", epilog=EXIT_CODES)
@previewable()
def renew(
    id_: SubscriptionId,
    *,
    units: Annotated[
        int | None, typer.Option(min=0, help="How many seats the new term has.")
    ] = None,
    until: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Begin a new term, or bring a purchase back that has expired or is suspended."""
    body = given(units=units, until=instant(until, "--until", is_end=True))
    with open_api() as api:
        done = api.write("POST", api_path("subscriptions", id_, "renew"), body=body)
    if as_json:
        print_json(done)
        return
    say(_told(done))


@subscription_commands.command("cancel", epilog=EXIT_CODES)
@previewable()
def cancel(id_: SubscriptionId, *, as_json: AsJson = False) -> None:
    """Cancel a purchase: at once in a term's first seven days, else when the term ends."""
    with open_api() as api:
        done = api.write("POST", api_path("subscriptions", id_, "cancel"))
    if as_json:
        print_json(done)
        return
    say(_told(done))


@subscription_commands.command("book", epilog=EXIT_CODES)
@previewable()
def book(
    id_: SubscriptionId,
    units: Annotated[int, typer.Argument(metavar="UNITS", min=0, help="How many seats.")],
    *,
    on: Annotated[
        str | None,
        typer.Option(help="From this day on. Default: when the next billing cycle begins."),
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why, for whoever reads it later.")] = None,
    as_json: AsJson = False,
) -> None:
    """Book another number of seats; whether fewer fit is looked at again on the day."""
    body = {"units": units, **given(effectiveAt=instant(on, "--on"), note=note)}
    with open_api() as api:
        booked = api.write("POST", api_path("subscriptions", id_, "seat-changes"), body=body)
    if as_json:
        print_json(booked)
        return
    day = minute(booked["effectiveAt"])[:10]
    say(f"From {day} on: {count_of(units, 'seat', 'seats')} instead of {booked['unitsBefore']}.")


@subscription_commands.command("unbook", epilog=EXIT_CODES)
@previewable()
def unbook(
    id_: Annotated[str, typer.Argument(metavar="CHANGE", help="The id of the booked change.")],
) -> None:
    """Cancel a booked change of seats."""
    with open_api() as api:
        api.write("DELETE", api_path("seat-changes", id_))
    say("Cancelled; the number of seats stays as it is.")
