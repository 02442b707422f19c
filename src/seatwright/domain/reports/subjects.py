"""The columns that several reports share: who, which product, what it costs."""

from __future__ import annotations

from typing import Final

from seatwright.domain.reports.columns import ColumnKind, ReportColumn
from seatwright.domain.reports.parameters import ParameterKind, ReportParameter

DAYS_MAX: Final = 3650
NONE_NAMED: Final = "(none)"
"""What stands for people without a department or cost center."""

PERSON: Final = (
    ReportColumn(name="userId", title="User id"),
    ReportColumn(name="displayName", title="Name"),
    ReportColumn(name="userPrincipalName", title="User principal name", is_detail=True),
    ReportColumn(name="department", title="Department", is_detail=True),
    ReportColumn(name="costCenter", title="Cost center", is_detail=True),
    ReportColumn(name="manager", title="Manager", is_detail=True),
    ReportColumn(
        name="lastSignInAt",
        title="Last sign-in",
        kind=ColumnKind.MOMENT,
        meaning="Empty: never, or not known.",
        is_detail=True,
    ),
    ReportColumn(
        name="accountEnabled", title="Account enabled", kind=ColumnKind.FLAG, is_detail=True
    ),
)
"""A person, with everything that a list for a manager or for finance needs."""

NAMED: Final = PERSON[:3]
"""A person, only named."""

PRODUCT: Final = (
    ReportColumn(name="product", title="Product"),
    ReportColumn(name="skuPartNumber", title="Part number"),
    ReportColumn(name="skuId", title="SKU id"),
)

CURRENCY: Final = ReportColumn(
    name="currency",
    title="Currency",
    meaning="Empty: what the row counts has no price.",
)

SEAT_CURRENCY: Final = ReportColumn(
    name="currency",
    title="Currency",
    meaning="Empty: the product has no price. Several (EUR + USD): the product is bought in each,"
    " so one amount would mix them, and there is none.",
)

INACTIVE_DAYS: Final = ReportParameter(
    name="inactiveDays",
    kind=ParameterKind.NUMBER,
    meaning="Who did not sign in for so many days does not use what they hold.",
    default=90,
    low=1,
    high=DAYS_MAX,
)

NEWCOMER_DAYS: Final = ReportParameter(
    name="newcomerDays",
    kind=ParameterKind.NUMBER,
    meaning="Whose account or license is younger than so many days is too new to tell.",
    default=30,
    low=0,
    high=DAYS_MAX,
)

SKU: Final = ReportParameter(
    name="sku",
    kind=ParameterKind.TEXT,
    meaning="Only this product, by id, part number or alias.",
)
