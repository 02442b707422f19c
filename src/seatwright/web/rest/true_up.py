"""`/api/reports/true-up`: peak and average seats by product and month, as pages or CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from seatwright.app.catalog import catalog_of
from seatwright.app.true_up import true_up
from seatwright.domain.csv_text import row_writer
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.true_up import MonthOfSeats
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, page_of
from seatwright.web.rest.formats import Format, csv_headers, wants_csv


class TrueUpRow(Shape, frozen=True, kw_only=True):
    """A product in a month (UTC); with `isRunning` in the month so far.

    `averageSeats` weighs each number with the time that it lasted; `boughtSeats` are those of the
    month's end; `overSeats` is by how many more were in use than were bought, at the worst moment.
    """

    month: str
    sku_id: UUID
    sku_part_number: str
    display_name: str
    peak_seats: int
    peak_at: datetime
    average_seats: float
    bought_seats: int
    over_seats: int
    over_at: datetime | None
    is_running: bool


CSV_HEADER = (
    "month",
    "skuId",
    "skuPartNumber",
    "displayName",
    "peakSeats",
    "peakAt",
    "averageSeats",
    "boughtSeats",
    "overSeats",
    "overAt",
    "isRunning",
)


@get(
    "/api/reports/true-up",
    opt=needs(Permission.READ_LICENSES),
    summary="State the seats in use by month",
)
async def read_true_up(
    call: TheCall,
    *,
    request: Request[Any, Any, Any],
    from_: Annotated[str | None, QueryParameter(name="from")] = None,
    to: FromQuery[str | None] = None,
    format_: Format = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[TrueUpRow] | Stream:
    """For each product and month the peak with its moment, the average, and what was bought.

    Without months it is this month so far.
    """
    catalog = await catalog_of(call)
    found = await true_up(call, first=from_, last=to)
    rows = [_row(one, catalog) for one in found]
    if wants_csv(request, format_):
        return Stream([_csv(rows)], headers=csv_headers("true-up.csv"))
    return page_of(rows, cursor=cursor, limit=limit)


def _row(one: MonthOfSeats, catalog: TenantCatalog) -> TrueUpRow:
    sku = catalog.skus[one.sku]
    return TrueUpRow(
        month=str(one.month),
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        peak_seats=one.peak_seats,
        peak_at=one.peak_at.astimezone(UTC),
        average_seats=round(one.average_seats, 2),
        bought_seats=one.bought_seats,
        over_seats=one.over_seats,
        over_at=None if one.over_at is None else one.over_at.astimezone(UTC),
        is_running=one.is_running,
    )


def _csv(rows: list[TrueUpRow]) -> bytes:
    line_of = row_writer()
    return "".join(map(line_of, (CSV_HEADER, *map(_cells, rows)))).encode()


def _cells(row: TrueUpRow) -> tuple[str | None, ...]:
    return (
        row.month,
        str(row.sku_id),
        row.sku_part_number,
        row.display_name,
        str(row.peak_seats),
        _text(row.peak_at),
        f"{row.average_seats:.2f}",
        str(row.bought_seats),
        str(row.over_seats),
        None if row.over_at is None else _text(row.over_at),
        "true" if row.is_running else "false",
    )


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


TRUE_UP_ROUTES = (read_true_up,)
