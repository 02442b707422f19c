"""`seatwright catalog`: every product that can be bought, with its service plans."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import Content, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.files import read_file
from seatwright.cli.jobs import finish, follow
from seatwright.cli.options import (
    AsJson,
    CsvFile,
    Fields,
    Limit,
    Product,
    Search,
    ShowAll,
    fields_of,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, count_of, show_facts, show_list, show_table

catalog_commands = typer.Typer(
    help="The catalogue: products and their service plans.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

WARNINGS_SHOWN = 5
"""Of Microsoft's table: most of them are names that it spells in several ways."""

_PRODUCTS = (
    Column(title="Product", cell="displayName"),
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Service plans", cell=lambda row: len(row["servicePlans"]), is_number=True),
    Column(title="Origin", cell="origin"),
    Column(title="In scope", cell="inStrategyScope"),
)

_SERVICE_PLANS = (
    Column(title="Service plan", cell="displayName"),
    Column(title="Name", cell="name"),
    Column(title="Not in", cell="prohibitedLocations", is_prose=True, is_optional=True),
)


@catalog_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    search: Search = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List the products."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("catalog", "products"), query={"search": search}, limit=wanted)
    show_list(found, _PRODUCTS, empty="No such product.", as_json=as_json)


@catalog_commands.command("show", epilog=EXIT_CODES)
def show(product: Product, *, as_json: AsJson = False) -> None:
    """Show one product with its service plans."""
    with open_api() as api:
        found = api.read(api_path("catalog", "products", product))
    if as_json:
        print_json(found)
        return
    show_facts(
        [
            ("Product", found["displayName"]),
            ("Part number", found["skuPartNumber"]),
            ("Also called", found["aliases"]),
            ("For", "people" if found["appliesTo"] == "User" else "the whole organization"),
            ("Scope", found["scopeNote"]),
            ("Not in", found["prohibitedLocations"]),
            ("Id", found["skuId"]),
        ]
    )
    say("")
    show_table(found["servicePlans"], _SERVICE_PLANS)


@catalog_commands.command("add", epilog=EXIT_CODES)
@previewable()
def add(
    part_number: Annotated[str, typer.Argument(metavar="PART_NUMBER", help="A name for programs.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for people.")],
    *,
    service_plan: Annotated[
        list[str] | None, typer.Option(help="A service plan, known or new; again for more.")
    ] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another part number for it.")] = None,
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Add a product of your own."""
    body = {
        "skuPartNumber": part_number,
        "displayName": name,
        "servicePlans": [{"name": plan} for plan in service_plan or ()],
        "aliases": alias or [],
        **fields_of(fields),
    }
    with open_api() as api:
        made = api.write("POST", api_path("catalog", "products"), body=body)
    if as_json:
        print_json(made)
        return
    say(f"Added {made['displayName']} ({made['skuPartNumber']}).")


@catalog_commands.command("import", epilog=EXIT_CODES)
@previewable()
def import_(file: CsvFile, *, as_json: AsJson = False) -> None:
    """Take in Microsoft's CSV of products and service plans; safe to run again."""
    content = Content(data=read_file(file))
    with open_api() as api:
        done = api.write("POST", api_path("imports", "catalog"), body=content)
        if as_json:
            print_json(done)
            return
        say(
            f"Read {count_of(done['rows'], 'row', 'rows')} of {done['productsInTable']:,} products:"
            f" {done['productsAdded']:,} new, {done['productsGrown']:,} with more service plans,"
            f" {count_of(done['servicePlansAdded'], 'new service plan', 'new service plans')}."
        )
        warnings = done["warnings"]
        for one in warnings[:WARNINGS_SHOWN]:
            warn(one["message"])
        if len(warnings) > WARNINGS_SHOWN:
            warn(f"{len(warnings) - WARNINGS_SHOWN:,} more like these; --json shows all of them.")
        if done["jobId"]:
            job = follow(api, api.read(api_path("jobs", str(done["jobId"]))))
            finish(api, job, as_json=False)
