"""Bulk rows as CSV: what a header may say, and what a cell may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.app.bulk.orders import BulkLine
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.csv_text import NO_BLANK_ROWS, BlankRows, TableRow, read_table
from seatwright.domain.errors import Reason, Refusal

BULK_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "userPrincipalName": ("UPN", "User", "User Id", "Sign-in name", "User name"),
    "userEmail": ("Email", "Mail", "E-mail", "Email address"),
    "skuPartNumber": ("Sku", "SkuId", "Product", "License", "Licence"),
    "action": ("Operation",),
    "disabledServicePlans": ("Disabled plans", "Service plans off", "Disabled"),
    "usageLocation": ("Location", "Country"),
    "startsAt": ("Start", "Starts", "Start date"),
    "expiresAt": ("Expiry", "Expires", "Expiry date", "End date"),
}
HOLDINGS_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "userPrincipalName": BULK_COLUMNS["userPrincipalName"],
    "userEmail": BULK_COLUMNS["userEmail"],
    "skuPartNumber": BULK_COLUMNS["skuPartNumber"],
    "disabledServicePlans": BULK_COLUMNS["disabledServicePlans"],
    "since": ("Since date", "Assigned", "Assigned at", "Assigned on"),
}
_BETWEEN_PLANS = re.compile(r"[;|,\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkTable:
    """The rows of a file, the headers that it names in vain, and its empty rows."""

    lines: Sequence[BulkLine]
    ignored_columns: tuple[str, ...] = ()
    blank: BlankRows = NO_BLANK_ROWS


def read_bulk_table(content: bytes) -> BulkTable:
    """The rows of a bulk file.

    A person is named in `UserPrincipalName` or `UserEmail`; the product in `SkuPartNumber`, unless
    the call names one for all rows. Raises Refusal invalidValue as `read_table` does.
    """
    return _read(content, BULK_COLUMNS)


def read_holdings_table(content: bytes) -> BulkTable:
    """The rows of a file of what people hold today.

    Raises Refusal invalidValue as `read_table` does.
    """
    return _read(content, HOLDINGS_COLUMNS, required=("skuPartNumber",))


def _read(
    content: bytes, columns: Mapping[str, tuple[str, ...]], *, required: tuple[str, ...] = ()
) -> BulkTable:
    table = read_table(content, columns=columns, required=required, rows_max=ROWS_MAX)
    if not table.columns & {"userPrincipalName", "userEmail"}:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The header names no person: row 1 needs the column UserPrincipalName or UserEmail."
            f" It has: {', '.join((*sorted(table.columns), *table.ignored_columns))[:300]}.",
        )
    return BulkTable(
        lines=[_line(row) for row in table.rows],
        ignored_columns=table.ignored_columns,
        blank=table.blank,
    )


def _line(row: TableRow) -> BulkLine:
    cell = row.values.get
    plans = cell("disabledServicePlans")
    return BulkLine(
        row_no=row.row_no,
        user=cell("userPrincipalName") or cell("userEmail") or "",
        sku=cell("skuPartNumber") or None,
        action=cell("action") or None,
        disabled=service_plan_texts(plans) if plans else None,
        usage_location=cell("usageLocation") or None,
        starts_at=cell("startsAt") or None,
        expires_at=cell("expiresAt") or None,
        since=cell("since") or None,
    )


def service_plan_texts(cell: str) -> tuple[str, ...]:
    """The service plans that a cell names, between `;`, `|`, `,` or blanks."""
    return tuple(text for text in _BETWEEN_PLANS.split(cell) if text)
