"""`seatwright reports`: questions about many people; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from seatwright.cli.client import Query, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, ShowAll, rows_wanted
from seatwright.cli.tables import Column, Row, minute, show_list

report_commands = typer.Typer(
    help="Who has what twice, nothing, or without need; nothing is changed by asking.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

_PERSON = (
    Column(title="Name", cell="displayName"),
    Column(title="User principal name", cell="userPrincipalName"),
)

_LAST_SEEN = Column(title="Signed in", cell=lambda row: minute(row["lastSignInAt"])[:10] or "never")

_HOLDERS = (
    *_PERSON,
    Column(title="Product", cell="skuPartNumber"),
)

_ADVICE = (
    Column(title="Product", cell="displayName"),
    Column(title="By hand", cell="people", is_number=True),
    Column(title="Advice", cell="advice", is_prose=True),
)


def _overlaps(row: Row) -> list[str]:
    return [
        f"{one['servicePlan']} of {one['product']['skuPartNumber']} by"
        f" {one['coveredByProduct']['skuPartNumber']}"
        for one in row["overlaps"]
    ]


_DUPLICATES = (
    Column(title="User principal name", cell="userPrincipalName"),
    Column(title="Covered twice", cell=_overlaps, is_prose=True),
    Column(
        title="Could go",
        cell=lambda row: [one["skuPartNumber"] for one in row["removable"]],
        is_optional=True,
    ),
)


@report_commands.command("duplicates", epilog=EXIT_CODES)
def duplicates(
    *,
    user: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List who has the same service by two products, and which one could go."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    _report(
        "duplicate-services",
        _DUPLICATES,
        query={"user": user},
        limit=wanted,
        empty="Nobody has a service twice.",
        as_json=as_json,
    )


@report_commands.command("unlicensed", epilog=EXIT_CODES)
def unlicensed(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List enabled people who hold nothing."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    _report(
        "users-without-license",
        (*_PERSON, Column(title="Department", cell="department", is_optional=True), _LAST_SEEN),
        limit=wanted,
        empty="Every enabled person holds something.",
        as_json=as_json,
    )


@report_commands.command("direct", epilog=EXIT_CODES)
def direct(
    *,
    product: Annotated[str | None, typer.Option(help="Only this product.")] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List products that stand on people themselves, the exceptions beside the groups."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    _report(
        "direct-assignments",
        (
            *_HOLDERS,
            Column(title="By", cell="strategy"),
            Column(title="By group too", cell="alsoInherited"),
        ),
        query={"sku": product},
        limit=wanted,
        empty="Nothing stands on people themselves.",
        as_json=as_json,
    )


@report_commands.command("inactive", epilog=EXIT_CODES)
def inactive(
    *,
    days: Annotated[int, typer.Option(min=1, help="Not signed in for so many days.")] = 90,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List holders who do not sign in; nothing is taken from them by itself."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    _report(
        "inactive-holders",
        (*_HOLDERS, _LAST_SEEN),
        query={"inactiveDays": days},
        limit=wanted,
        empty=f"Every holder signed in within {days} days.",
        as_json=as_json,
    )


@report_commands.command("advice", epilog=EXIT_CODES)
def advice(*, as_json: AsJson = False) -> None:
    """List products that another way of assigning would serve better."""
    with open_api() as api:
        rows = api.read(api_path("reports", "strategy-advice"))["value"]
    empty = "No product is assigned by hand to too many people."
    show_list(rows, _ADVICE, empty=empty, as_json=as_json)


def _report(
    name: str,
    columns: Sequence[Column],
    *,
    limit: int | None,
    empty: str,
    as_json: bool,
    query: Query | None = None,
) -> None:
    with open_api() as api:
        found = api.listing(api_path("reports", name), query=query, limit=limit)
    show_list(found, columns, empty=empty, as_json=as_json)
