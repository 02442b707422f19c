"""What happened as a file: the history, who held what on a day, one person's past, and seals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.exports.lists import (
    COUNT,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    moment_of_number,
    needed,
    number_of_moment,
    page_of_list,
    whole,
)
from seatwright.app.history import Question, history_page, understand
from seatwright.app.history_holders import holders_at, moment_of
from seatwright.app.history_timeline import timeline_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import ListName
from seatwright.domain.history import HistoryEvent, HistoryPlace
from seatwright.domain.history_timeline import Span
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.history_holders import HeldPlace, PastHolder
from seatwright.postgres.history_seal import read_heads

HISTORY_FILTERS: Final = (
    "user",
    "sku",
    "action",
    "principal",
    "since",
    "until",
    "kind",
    "correlation",
)
"""What the address of the history may say, as its form has it."""

_FIELDS: Final = {"correlation": "correlation_id"}
_LASTS: Final = ""
"""In a place: somebody who still holds it."""


def chosen_of(asked: Mapping[str, str]) -> dict[str, str]:
    """The filters of the history that an address has, without empty ones."""
    return {name: value for name in HISTORY_FILTERS if (value := (asked.get(name) or "").strip())}


def question_of(chosen: Mapping[str, str]) -> Question:
    """The question that these filters ask of the history."""
    return Question(**{_FIELDS.get(name, name): value for name, value in chosen.items()})


def end_of_day(call: Call, day: str | None) -> datetime:
    """The last moment of a day in UTC, or now if that is earlier; no day means now.

    Raises Refusal invalidValue for a text that is no day.
    """
    if not day:
        return call.now
    try:
        end = datetime.combine(date.fromisoformat(day.strip()), time.max, UTC)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, f"“{day[:40]}” is no day: give one as 2026-01-31."
        ) from None
    return min(end, call.now) if end.date() == call.now.date() else end


async def _history(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    catalog = await catalog_of(call)
    before = None
    if after is not None:
        before = HistoryPlace(at=moment_of_number(after[0]), event_no=int(after[1]))
    wanted = await understand(call, question_of(asked))
    found = await history_page(call, wanted, before=before, limit=limit)
    resume = found.resume
    return ReportSlice(
        rows=tuple(_event(one, catalog) for one in found.events),
        place=None if resume is None else (number_of_moment(resume.at), resume.event_no),
    )


def _event(event: HistoryEvent, catalog: TenantCatalog) -> Cells:
    return (
        event.place.at,
        event.action.wire,
        None if event.user is None else event.user.name,
        None if event.user is None else event.user.display_name,
        None if event.group is None else event.group.display_name,
        None if event.sku is None else catalog.skus[event.sku].part_number,
        None if event.strategy is None else event.strategy.value,
        event.reason,
        event.principal.name,
        str(event.correlation),
    )


async def _past_holders(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    at = end_of_day(call, asked.get("day"))
    moment = await moment_of(call, needed(asked, "sku"), at.isoformat())
    found = await holders_at(call, moment, after=_held_after(after), limit=limit)

    def cells(one: PastHolder) -> Cells:
        source = one.source
        is_group = source is not None and source.kind is SourceKind.GROUP
        group = found.groups.get(source.no) if source is not None and is_group else None
        return (
            None if one.user is None else one.user.name,
            None if one.user is None else one.user.display_name,
            moment.sku.part_number,
            None if one.strategy is None else one.strategy.value,
            None if group is None else group.display_name,
            one.place.since,
            one.place.until,
        )

    def place(one: PastHolder) -> Place:
        until = one.place.until
        ends = _LASTS if until is None else number_of_moment(until)
        return (one.place.user_no, number_of_moment(one.place.since), ends)

    return page_of_list(found.holders, limit, cells=cells, place=place)


def _held_after(place: Place | None) -> HeldPlace | None:
    if place is None:
        return None
    return HeldPlace(
        user_no=int(place[0]),
        since=moment_of_number(place[1]),
        until=None if place[2] == _LASTS else moment_of_number(place[2]),
    )


async def _timeline(call: Call, asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    line = await timeline_of(call, needed(asked, "user"))
    day = asked.get("day")
    at = end_of_day(call, day)
    skus = (await catalog_of(call)).skus
    return whole(
        (
            skus[one.sku].part_number,
            one.kind.value,
            one.since,
            one.until,
            None if one.strategy is None else one.strategy.value,
            one.reason,
            one.began,
            one.ended,
        )
        for one in line.spans
        if day is None or lasts_at(one, at)
    )


def lasts_at(span: Span, at: datetime) -> bool:
    """Whether a moment is within a span."""
    return span.since <= at and (span.until is None or span.until > at)


async def _seals(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    return whole(
        (one.month, one.block_no, one.last_no, one.digest, one.sealed_at)
        for one in await read_heads(call.tx)
    )


HISTORY_LISTS: Final = (
    ListFile(
        name=ListName.HISTORY,
        permission=Permission.READ_HISTORY,
        columns=columns_of(
            ("at", MOMENT),
            "action",
            "userPrincipalName",
            "displayName",
            "group",
            "skuPartNumber",
            "strategy",
            "reason",
            "principal",
            "correlationId",
        ),
        filters=HISTORY_FILTERS,
        read=_history,
    ),
    ListFile(
        name=ListName.PAST_HOLDERS,
        permission=Permission.READ_HISTORY,
        columns=columns_of(
            "userPrincipalName",
            "displayName",
            "skuPartNumber",
            "strategy",
            "group",
            ("since", MOMENT),
            ("until", MOMENT),
        ),
        filters=("sku", "day"),
        read=_past_holders,
    ),
    ListFile(
        name=ListName.TIMELINE,
        permission=Permission.READ_HISTORY,
        columns=columns_of(
            "skuPartNumber",
            "kind",
            ("since", MOMENT),
            ("until", MOMENT),
            "strategy",
            "reason",
            "began",
            "ended",
        ),
        filters=("user", "day"),
        read=_timeline,
    ),
    ListFile(
        name=ListName.SEALS,
        permission=Permission.READ_HISTORY,
        columns=columns_of(
            "month", ("block", COUNT), ("lastRow", COUNT), "digest", ("sealedAt", MOMENT)
        ),
        filters=(),
        read=_seals,
    ),
)
