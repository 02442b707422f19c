"""Rows of the history as sentences that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.history import HistoryAction, HistoryEvent
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.history_read import HistoryPage

_VERBS: Final[Mapping[HistoryAction, str]] = {
    HistoryAction.ASSIGNED: "was given",
    HistoryAction.UPDATED: "has other service plans of",
    HistoryAction.REMOVED: "was taken off",
    HistoryAction.GRANTED: "got",
    HistoryAction.REVOKED: "lost",
    HistoryAction.WAITING: "waits for",
    HistoryAction.FAILED: "could not get",
    HistoryAction.RESOLVED: "has no error any more with",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: who, what with which product, when and by whom."""

    at: datetime
    user_id: UUID | None
    subject: str
    verb: str
    product: str | None
    by: str
    reason: str | None
    correlation: UUID


async def events_of(call: Call, rows: HistoryPage) -> tuple[Event, ...]:
    """The rows of a page of the history."""
    catalog = await catalog_of(call)
    return tuple(_event(one, catalog) for one in rows.events)


def _event(one: HistoryEvent, catalog: TenantCatalog) -> Event:
    subject = one.user or one.group
    sku = None if one.sku is None else catalog.skus.get(one.sku)
    name = None if subject is None else subject.display_name or subject.name
    return Event(
        at=one.place.at,
        user_id=None if one.user is None else one.user.id,
        subject=name or "Somebody whose names were erased",
        verb=_VERBS.get(one.action, one.action.wire),
        product=None if sku is None else sku.display_name,
        by=one.principal.name,
        reason=one.reason,
        correlation=one.correlation,
    )
