"""Rows of the history for a file, with the filters of their page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.history import EXPORT_PAGE_ROWS, Question, all_history, understand
from seatwright.domain.history import HistoryEvent
from seatwright.domain.reports.columns import Cells
from seatwright.domain.tenant_catalog import TenantCatalog

FILTERS: Final = ("user", "sku", "action", "principal", "since", "until", "kind", "correlation")
"""What the address of the history may say, as its form has it."""

HISTORY_COLUMNS: Final = (
    "action",
    "userPrincipalName",
    "displayName",
    "group",
    "skuPartNumber",
    "strategy",
    "reason",
    "principal",
    "correlationId",
)
"""What a row of the file holds after its moment."""

_FIELDS: Final = {"correlation": "correlation_id"}


def chosen_of(asked: Mapping[str, str]) -> dict[str, str]:
    """The filters that an address has, without empty ones."""
    return {name: value for name in FILTERS if (value := (asked.get(name) or "").strip())}


def question_of(chosen: Mapping[str, str]) -> Question:
    """The question that these filters ask."""
    return Question(**{_FIELDS.get(name, name): value for name, value in chosen.items()})


async def history_rows(call: Call, asked: Mapping[str, str]) -> AsyncIterator[Sequence[Cells]]:
    """Every row that meets the filters, newest first, in slices."""
    catalog = await catalog_of(call)
    wanted = await understand(call, question_of(chosen_of(asked)))
    rows: list[Cells] = []
    async for event in all_history(call, wanted):
        rows.append(_cells(event, catalog))
        if len(rows) == EXPORT_PAGE_ROWS:
            yield rows
            rows = []
    yield rows


def _cells(event: HistoryEvent, catalog: TenantCatalog) -> Cells:
    sku = None if event.sku is None else catalog.skus.get(event.sku)
    return (
        event.place.at,
        event.action.wire,
        None if event.user is None else event.user.name,
        None if event.user is None else event.user.display_name,
        None if event.group is None else event.group.display_name,
        None if sku is None else sku.part_number,
        None if event.strategy is None else event.strategy.value,
        event.reason,
        event.principal.name,
        str(event.correlation),
    )
