"""`seatwright licenses`, `holders` and `waiting`: products, their seats, who has or wants one."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import Json, Listing, open_api, path_of
from seatwright.cli.files import save
from seatwright.cli.options import AsJson, Limit, OutFile, Product, Search, ShowAll, rows_wanted
from seatwright.cli.screen import say
from seatwright.cli.tables import Column, Row, count_of, minute, moment, show_list
from seatwright.domain.assignments import PRIORITY_DEFAULT

_PRODUCTS = (
    Column(title="Product", cell="displayName"),
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Bought", cell="assignable", is_number=True),
    Column(title="Assigned", cell="consumed", is_number=True),
    Column(
        title="Reserved", cell=lambda row: row["reserved"] or "", is_number=True, is_optional=True
    ),
    Column(title="Waiting", cell=lambda row: row["waiting"] or "", is_number=True),
    Column(title="Free", cell="free", is_number=True),
)

_HOLDERS = (
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="From", cell=lambda row: source_of(row["source"])),
    Column(title="Since (UTC)", cell=moment("since")),
    Column(title="Off", cell="disabledServicePlans", is_prose=True, is_optional=True),
)

_PAST_HOLDERS = (
    Column(title="Person", cell=lambda row: (row["user"] or {}).get("displayName") or "(erased)"),
    Column(
        title="User principal name",
        cell=lambda row: (row["user"] or {}).get("userPrincipalName") or row["user"]["id"],
    ),
    Column(title="From", cell=lambda row: source_of(row["source"]) if row["source"] else ""),
    Column(title="Since (UTC)", cell=moment("since")),
    Column(title="Until (UTC)", cell=lambda row: minute(row["until"]) or "now"),
    Column(title="Off", cell="disabledServicePlans", is_prose=True, is_optional=True),
)


def _priority(row: Row) -> int | None:
    return None if row["priority"] == PRIORITY_DEFAULT else int(row["priority"])


_WAITING = (
    Column(title="Place", cell="place", is_number=True),
    Column(title="Person", cell=lambda row: row["user"]["displayName"]),
    Column(title="User principal name", cell=lambda row: row["user"]["userPrincipalName"]),
    Column(title="Priority", cell=_priority, is_number=True, is_optional=True),
    Column(title="Since (UTC)", cell=moment("waitingSince")),
    Column(
        title="Wanted by",
        cell=lambda row: [source_of(source) for source in row["sources"]],
        is_prose=True,
    ),
)


def licenses(
    *,
    search: Search = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every product of the catalogue, also without seats.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the products with their seats: bought, assigned, waiting, free."""
    query = {"search": search, "all": True if every else None}
    with open_api() as api:
        rows = api.rows(path_of("licenses"), query=query)
    empty = (
        f"No product that you have matches “{search}”: --all looks in the whole catalogue."
        if search
        else "No product has seats yet: `seatwright subscriptions create PRODUCT UNITS` adds some."
    )
    show_list(rows, _PRODUCTS, empty=empty, as_json=as_json)
    for row in [] if as_json else rows:
        if row["hint"]:
            say(f"→ {row['hint']}")


def holders(
    product: Product,
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Who held it then: 2026-06-01 or 2026-06-01T08:00Z."),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="WAY", help="Only by manual, bulk, group, request or on_demand (claimed)."
        ),
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write all of them as CSV.")] = False,
    output: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """List who holds a product, or held it at a moment, and what gives it to them."""
    path = path_of("licenses", product, "holders")
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        if csv or output is not None:
            query = {"at": at, "strategy": strategy, "format": "csv"}
            save(api, path, query=query, output=output)
            return
        found = api.listing(path, query={"at": at, "strategy": strategy}, limit=wanted)
        count = None
        if at is not None and not as_json:
            count = api.read(path, {"at": at, "count": True, "limit": 1})["count"]
    empty = f"Nobody held {product} then." if at else f"Nobody holds {product}."
    if strategy:
        empty = f"Nobody holds {product} by {strategy}."
    show_list(found, _HOLDERS if at is None else _PAST_HOLDERS, empty=empty, as_json=as_json)
    if count:
        say(f"{count_of(count, 'person', 'people')} held {product} at {at}.")


def waiting(
    product: Product,
    *,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List who waits for a seat of a product, in the order in which they will get one."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    found = _people(product, "waiting-list", wanted)
    show_list(found, _WAITING, empty=f"Nobody waits for {product}.", as_json=as_json)


def source_of(source: Json) -> str:
    """What is behind an assignment, in a word or by the group's name."""
    name = source.get("groupName") or (source.get("group") or {}).get("displayName")
    return f"group {name}" if name else str(source["kind"])


def _people(product: str, list_: str, limit: int | None) -> Listing:
    with open_api() as api:
        return api.listing(path_of("licenses", product, list_), limit=limit)
