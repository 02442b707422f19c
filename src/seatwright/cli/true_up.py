"""`seatwright reports true-up`: seats in use by product and month, beside those bought."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import api_path, open_api
from seatwright.cli.files import save
from seatwright.cli.options import AsJson, OutFile
from seatwright.cli.tables import Column, minute, show_list

_COLUMNS = (
    Column(
        title="Month",
        cell=lambda row: f"{row['month']} so far" if row["isRunning"] else row["month"],
    ),
    Column(title="Product", cell="displayName"),
    Column(title="Peak", cell="peakSeats", is_number=True),
    Column(title="At (UTC)", cell=lambda row: minute(row["peakAt"])),
    Column(title="Average", cell=lambda row: f"{row['averageSeats']:,.2f}", is_number=True),
    Column(title="Bought", cell="boughtSeats", is_number=True),
    Column(title="Over", cell=lambda row: row["overSeats"] or "", is_number=True),
)


def true_up(
    *,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="The first, as 2026-01 (UTC).")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="MONTH", help="The last; without it this month so far.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write it as CSV.")] = False,
    output: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """State the seats in use by product and month: peak, average, and what was bought."""
    path, query = api_path("reports", "true-up"), {"from": from_, "to": to}
    with open_api() as api:
        if csv or output is not None:
            save(api, path, query={**query, "format": "csv"}, output=output)
            return
        rows = api.rows(path, query=query)
    show_list(rows, _COLUMNS, empty="No product was held or bought then.", as_json=as_json)
