"""Reads Microsoft's table of products and service plans, with everything that is wrong in it.

The table is what an administrator downloads from Microsoft: one row for each SKU and service plan
(REF-002). Nothing in it is unique but the two ids, so everything is gathered under them and each
name is settled afterwards; what had to be settled is told as a warning (`entra-graph.md` §5.2).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.catalog import (
    AppliesTo,
    CatalogContent,
    ServicePlan,
    ServicePlanId,
    Sku,
    SkuId,
    SkuOrigin,
    lookup_key,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.shipped.reader import load_catalog, marker_of

COLUMNS: Final = (
    "Product_Display_Name",
    "String_Id",
    "GUID",
    "Service_Plan_Name",
    "Service_Plan_Id",
    "Service_Plans_Included_Friendly_Names",
)
BYTES_MAX: Final = 64 * 1024 * 1024
ROWS_MAX: Final = 200_000
"""Far above the real table (1 MB, 5,457 rows), and low enough to refuse a wrong file early."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u00ad"))
# A service plan name of the usual kind; names with blanks in them exist too, in mixed case.
_PLAIN_NAME = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)+")


@unique
class WarningKind(StrEnum):
    """What was settled while reading; the value is the code."""

    ENCODING = "encoding"
    ROW_LEFT_OUT = "rowLeftOut"
    REPEATED_ROW = "repeatedRow"
    PART_NUMBER_SHARED = "partNumberShared"
    PART_NUMBER_VARIES = "partNumberVaries"
    PRODUCT_NAME_VARIES = "productNameVaries"
    SERVICE_PLAN_NAME_VARIES = "servicePlanNameVaries"
    SERVICE_PLAN_NAME_SHARED = "servicePlanNameShared"
    SERVICE_PLAN_LABEL_VARIES = "servicePlanLabelVaries"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWarning:
    """One thing that was settled; `row` counts from 1 with the header, and is null for many."""

    kind: WarningKind
    message: str
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftTable:
    """What the table says: every SKU and every service plan once, in the table's order.

    `rows` counts those that are not empty, without the header.
    """

    content: CatalogContent
    warnings: tuple[TableWarning, ...]
    rows: int


@dataclass(slots=True)
class _SkuCells:
    part_numbers: Counter[str] = field(default_factory=Counter)
    display_names: Counter[str] = field(default_factory=Counter)
    service_plans: dict[ServicePlanId, None] = field(default_factory=dict)


@dataclass(slots=True)
class _PlanCells:
    names: Counter[str] = field(default_factory=Counter)
    display_names: Counter[str] = field(default_factory=Counter)


def read_microsoft_csv(content: bytes) -> MicrosoftTable:
    """Read the table as it was downloaded.

    Raises Refusal (invalidValue) if it is too large or a column is missing.
    """
    reading = _Reading()
    rows = 0
    for row, cells in _rows(reading.decode(content)):
        rows += 1
        reading.take(row, cells)
    content_read = CatalogContent(
        skus=tuple(reading.skus()), service_plans=tuple(reading.service_plans())
    )
    return MicrosoftTable(
        content=content_read,
        warnings=tuple(reading.warnings),
        rows=rows,
    )


def _clean(cell: str | None) -> str:
    """Take out invisible characters and make every run of blanks one space (REF-011, REF-014)."""
    return " ".join((cell or "").translate(_INVISIBLE).split())


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each row that is not empty, by column, with its number in the file."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = ["_".join(_clean(cell).casefold().split()) for cell in next(reader, [])]
    missing = [column for column in COLUMNS if column.casefold() not in header]
    if missing:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file is not Microsoft's table of products: the column {missing[0]} is missing. "
            "Download the CSV file again and send it unchanged.",
        )
    for number, cells in enumerate(reader, start=2):
        if number > ROWS_MAX:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The file has more than {ROWS_MAX:,} rows. Microsoft's table has about 5,500; "
                "check that the right file was sent.",
            )
        if any(_clean(cell) for cell in cells):
            yield number, {name: _clean(cell) for name, cell in zip(header, cells, strict=False)}


class _Reading:
    """What was gathered so far, under the only keys that can be trusted (REF-010)."""

    def __init__(self) -> None:
        self.warnings: list[TableWarning] = []
        self._skus: dict[SkuId, _SkuCells] = {}
        self._plans: dict[ServicePlanId, _PlanCells] = {}

    def decode(self, content: bytes) -> str:
        """Give the text of the file, whichever encoding a spreadsheet has saved it in."""
        if len(content) > BYTES_MAX:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The file is larger than {BYTES_MAX // 1024 // 1024} MB. Microsoft's table has "
                "about 1 MB; check that the right file was sent.",
            )
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16", errors="replace")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._warn(WarningKind.ENCODING, "The file is not UTF-8; it was read as Windows-1252.")
            return content.decode("cp1252", errors="replace")

    def take(self, row: int, cells: dict[str, str]) -> None:
        """Gather one row."""
        guid, plan_guid = cells.get("guid", ""), cells.get("service_plan_id", "")
        if not (_UUID.fullmatch(guid) and _UUID.fullmatch(plan_guid) and cells["string_id"]):
            message = f"Row {row} was left out: it lacks a part number or one of its two ids."
            self._warn(WarningKind.ROW_LEFT_OUT, message, row=row)
            return
        sku = self._skus.setdefault(SkuId(UUID(guid)), _SkuCells())
        plan_id = ServicePlanId(UUID(plan_guid))
        if plan_id in sku.service_plans:
            message = f"Row {row} says again that {cells['string_id']} holds {plan_guid}."
            self._warn(WarningKind.REPEATED_ROW, message, row=row)
        sku.service_plans[plan_id] = None
        sku.part_numbers[cells["string_id"]] += 1
        sku.display_names[cells["product_display_name"]] += 1
        plan = self._plans.setdefault(plan_id, _PlanCells())
        plan.names[cells["service_plan_name"]] += 1
        plan.display_names[cells.get("service_plans_included_friendly_names", "")] += 1

    def skus(self) -> Iterator[Sku]:
        """Settle the products."""
        by_part_number: dict[str, list[SkuId]] = {}
        for sku_id, cells in self._skus.items():
            part_number = _most_common(cells.part_numbers)
            self._warn_if_varied(WarningKind.PART_NUMBER_VARIES, sku_id, cells.part_numbers)
            self._warn_if_varied(WarningKind.PRODUCT_NAME_VARIES, sku_id, cells.display_names)
            by_part_number.setdefault(lookup_key(part_number), []).append(sku_id)
            marker = marker_of(part_number)
            yield Sku(
                sku_id=sku_id,
                part_number=part_number,
                display_name=_most_common(cells.display_names) or part_number,
                applies_to=marker.applies_to if marker else AppliesTo.USER,
                origin=SkuOrigin.IMPORTED,
                service_plan_ids=tuple(cells.service_plans),
                in_strategy_scope=marker is None,
                scope_note=marker.scope_note if marker else None,
            )
        for part_number, ids in by_part_number.items():
            self._warn_if_shared(WarningKind.PART_NUMBER_SHARED, part_number.upper(), ids)

    def service_plans(self) -> Iterator[ServicePlan]:
        """Settle the service plans."""
        known = {plan.service_plan_id: plan for plan in load_catalog().service_plans}
        names = self._plan_names()
        by_name: dict[str, list[ServicePlanId]] = {}
        for plan_id, cells in self._plans.items():
            name = names[plan_id]
            by_name.setdefault(lookup_key(name), []).append(plan_id)
            self._warn_if_varied(WarningKind.SERVICE_PLAN_NAME_VARIES, plan_id, cells.names)
            self._warn_if_varied(
                WarningKind.SERVICE_PLAN_LABEL_VARIES, plan_id, cells.display_names
            )
            shipped = known.get(plan_id)
            yield ServicePlan(
                service_plan_id=plan_id,
                name=name,
                display_name=_most_common(cells.display_names) or name,
                applies_to=shipped.applies_to if shipped else AppliesTo.USER,
                counts_as_duplicate=shipped.counts_as_duplicate if shipped else True,
            )
        for name, ids in by_name.items():
            self._warn_if_shared(WarningKind.SERVICE_PLAN_NAME_SHARED, name.upper(), ids)

    def _plan_names(self) -> dict[ServicePlanId, str]:
        """Give each service plan its name; a cell with two names is shared out (REF-011, REF-012).

        The plan that bears one of the two elsewhere has that one; the other gets what is left.
        """
        single = {
            plan_id: _most_common(Counter({n: c for n, c in cells.names.items() if not _two(n)}))
            for plan_id, cells in self._plans.items()
        }
        taken = {name for name in single.values() if name}
        names = {}
        for plan_id, cells in self._plans.items():
            first = _most_common(cells.names)
            left = [word for word in first.split() if word not in taken]
            name = single[plan_id] or (left[0] if left else first)
            names[plan_id] = name.rstrip(")") if "(" not in name else name
        return names

    def _warn(self, kind: WarningKind, message: str, *, row: int | None = None) -> None:
        self.warnings.append(TableWarning(kind=kind, message=message, row=row))

    def _warn_if_varied(self, kind: WarningKind, key: UUID, spellings: Counter[str]) -> None:
        if len(spellings) > 1:
            used, *others = spellings.most_common()
            listed = ", ".join(repr(text) for text, _ in others)
            self._warn(kind, f"{key} is called {used[0]!r} here; the table also has {listed}.")

    def _warn_if_shared(
        self, kind: WarningKind, name: str, ids: list[SkuId] | list[ServicePlanId]
    ) -> None:
        if len(ids) > 1:
            listed = ", ".join(map(str, ids))
            self._warn(kind, f"{name} stands for {len(ids)} ids: {listed}. Use the id instead.")


def _two(name: str) -> bool:
    """Whether a cell holds two service plan names instead of one (REF-011)."""
    words = name.split()
    return len(words) > 1 and all(_PLAIN_NAME.fullmatch(word) for word in words)


def _most_common(spellings: Counter[str]) -> str:
    """Give the spelling of most rows, of several the first; empty if there is none."""
    return next((text for text, _ in spellings.most_common(1)), "")
