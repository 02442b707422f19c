"""Rows of the history as sentences that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.domain_names import shown_domain_name
from seatwright.domain.exports import ListName
from seatwright.domain.history import HistoryAction, HistoryEvent, NamedSubject
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.history_read import HistoryPage
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.rendering import list_words
from seatwright.web.portal.frame.stories import STORIES, SWITCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What a sentence names: its words, and the page about it unless it is gone.

    `rows` are those of a file, whose name may have a day in it.
    """

    name: str
    path: str | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: its sentence with what it names, when, by whom and why.

    `reason` is a code, which pages turn into words.
    """

    at: datetime
    action: HistoryAction
    story: str
    who: Thing
    group: Thing
    what: Thing
    by: str
    reason: str | None
    correlation: UUID


async def events_of(call: Call, rows: HistoryPage) -> tuple[Event, ...]:
    """The rows of a page of the history."""
    catalog = await catalog_of(call)
    return tuple(_event(one, catalog) for one in rows.events)


def _event(one: HistoryEvent, catalog: TenantCatalog) -> Event:
    group = _subject(one.group, "/groups/")
    sku = None if one.sku is None else catalog.skus.get(one.sku)
    return Event(
        at=one.place.at,
        action=one.action,
        story=gettext(_story(one)),
        who=group if one.user is None else _subject(one.user, "/users/"),
        group=group,
        what=_what(one, sku),
        by=one.principal.name,
        reason=one.reason,
        correlation=one.correlation,
    )


def _what(one: HistoryEvent, sku: CatalogSku | None) -> Thing:
    detail = one.detail or {}
    if one.action is HistoryAction.EXPORTED and "list" in detail:
        return _file(detail)
    if "domain" in detail:
        return Thing(name=shown_domain_name(str(detail["domain"])))
    if sku is None:
        return Thing(name=gettext("a product"))
    return Thing(name=sku.display_name, path=f"/licenses/{sku.part_number}")


def _file(detail: Mapping[str, object]) -> Thing:
    """A list that was taken, of which day and with how many rows."""
    code, rows = str(detail["list"]), detail.get("rows")
    name = list_words(code) if code in set(ListName) else code
    if "day" in detail:
        name = f"{name} ({detail['day']})"
    return Thing(name=name, rows=rows if isinstance(rows, int) else None)


def _story(one: HistoryEvent) -> str:
    switch = (one.detail or {}).get("enabled")
    if one.action is HistoryAction.AUTO_CLAIM_SWITCHED and isinstance(switch, dict):
        return SWITCHED[switch["after"] is True]
    return STORIES[one.action]


def _subject(one: NamedSubject | None, head: str) -> Thing:
    """A person or group; who was erased or is gone has a page no more."""
    if one is None:
        return Thing(name=gettext("somebody"))
    name = one.display_name or one.name
    if name is None:
        return Thing(name=gettext("somebody whose names were erased"))
    return Thing(name=name, path=f"{head}{one.id}")
