"""`seatwright subscriptions`: what was bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from seatwright.cli.assignment import Moment, instant, sku_field
from seatwright.cli.client import api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.imports import ImportChoices, export_kind, import_kind, tell_import
from seatwright.cli.options import (
    AsJson,
    CsvFile,
    Fields,
    Limit,
    OutFile,
    Product,
    ShowAll,
    fields_of,
    given,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, minute, show_list

subscription_commands = typer.Typer(
    help="Subscriptions: how many seats of which product were bought, and until when.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


def _price(row: Row) -> str:
    if row["unitPrice"] is None:
        return ""
    return f"{Decimal(str(row['unitPrice'])):,.2f} {row['currency'] or ''}".rstrip()


def _until(row: Row) -> str:
    return minute(row["nextLifecycleAt"])[:10]


def _booked(row: Row) -> str:
    return ", ".join(
        f"{one['units']} on {minute(one['effectiveAt'])[:10]}" for one in row["scheduled"]
    )


_COLUMNS = (
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Units", cell="units", is_number=True),
    Column(title="Status", cell="status"),
    Column(title="Until", cell=_until, is_optional=True),
    Column(title="Booked", cell=_booked, is_optional=True),
    Column(title="Price", cell=_price, is_number=True, is_optional=True),
    Column(title="Id", cell="id", is_small=True),
)


@subscription_commands.command("list", epilog=EXIT_CODES)
def list_(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List what was bought, product by product."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("subscriptions"), limit=wanted)
    empty = "Nothing was bought yet: `seatwright subscriptions create PRODUCT UNITS`."
    show_list(found, _COLUMNS, empty=empty, as_json=as_json)


@subscription_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    product: Product,
    units: Annotated[int, typer.Argument(metavar="UNITS", min=0, help="How many seats.")],
    *,
    until: Moment = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Store a purchase; its seats are there at once and go first to whoever waits."""
    body = {
        **sku_field(product),
        "units": units,
        **given(nextLifecycleAt=instant(until, "--until", is_end=True)),
        **fields_of(fields),
    }
    with open_api() as api:
        made = api.write("POST", api_path("subscriptions"), body=body)
    if as_json:
        print_json(made)
        return
    say(f"Added {count_of(made['units'], 'seat', 'seats')} of {made['displayName']}.")


@subscription_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The subscription's id.")],
    *,
    units: Annotated[int | None, typer.Option(min=0, help="How many seats from now on.")] = None,
    until: Moment = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Change a purchase; fewer seats, if not in use, are booked for the next billing cycle."""
    body = {
        **given(units=units, nextLifecycleAt=instant(until, "--until", is_end=True)),
        **fields_of(fields),
    }
    with open_api() as api:
        changed = api.write("PATCH", api_path("subscriptions", id_), body=body)
    if as_json:
        print_json(changed)
        return
    seats = count_of(changed["units"], "seat", "seats")
    say(f"{changed['displayName']} now has {seats} by this subscription, {changed['status']}.")
    for booked in changed["scheduled"]:
        later = count_of(booked["units"], "seat", "seats")
        say(f"From {minute(booked['effectiveAt'])[:10]} on: {later}.")


@subscription_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The subscription's id.")],
) -> None:
    """Delete a purchase; refused while its seats are in use."""
    with open_api() as api:
        api.write("DELETE", api_path("subscriptions", id_))
    say("Deleted the subscription; its seats are gone.")


@subscription_commands.command("import", epilog=EXIT_CODES)
@previewable(tell_import)
def import_(file: CsvFile, *, as_json: AsJson = False) -> None:
    """Create and change subscriptions from a CSV file, whole or not at all; safe to run again."""
    import_kind("subscriptions", file, ImportChoices(), as_json=as_json)


@subscription_commands.command("export", epilog=EXIT_CODES)
def export(*, output: OutFile = None) -> None:
    """Write every subscription as CSV."""
    export_kind("subscriptions", output=output)
