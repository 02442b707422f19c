"""One person's time line: when they held a product, when they waited for it, and when it failed.

What was held is stored as intervals. Waiting and errors are told by the rows of the history where
they began; they end with the next row about the same person and product that is no error itself,
for a change of either is one row (`interfaces.md`, "History row").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from seatwright.domain.assignments import Source, Strategy
from seatwright.domain.history import HistoryAction, HistoryEvent
from seatwright.domain.ids import ServicePlanBits, SkuNo


class SpanKind(StrEnum):
    """What a span of a time line says."""

    HELD = "held"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time from `since` up to, not including, `until`; None: it lasts.

    `enabled` are the service plans while it was held. `reason` is why it waited or failed; `began`
    and `ended` are the reasons of the changes at its ends, where the history tells them.
    """

    sku: SkuNo
    kind: SpanKind
    since: datetime
    until: datetime | None
    enabled: ServicePlanBits | None = None
    strategy: Strategy | None = None
    source: Source | None = None
    reason: str | None = None
    began: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenError:
    """What stands in the way of a product now."""

    sku: SkuNo
    source: Source
    reason: str
    since: datetime


TIMELINE_ACTIONS: Final = (
    HistoryAction.ASSIGNED,
    HistoryAction.UPDATED,
    HistoryAction.REMOVED,
    HistoryAction.GRANTED,
    HistoryAction.REVOKED,
    HistoryAction.WAITING,
    HistoryAction.FAILED,
    HistoryAction.RESOLVED,
    HistoryAction.USER_DELETED,
)
"""The rows that a time line is made of, beside the intervals."""

NO_SEAT: Final = "noSeatLeft"
_BEGINS: Final = {
    HistoryAction.WAITING: SpanKind.WAITING,
    HistoryAction.FAILED: SpanKind.FAILED,
}


def timeline(
    held: Iterable[Span], events: Sequence[HistoryEvent], errors: Iterable[OpenError]
) -> tuple[Span, ...]:
    """All spans of a person, by product and then by time; `events` are oldest first."""
    told = [_told(span, events) for span in held if span.until is None or span.until > span.since]
    spans = [*told, *_troubles(events, errors)]
    return tuple(sorted(spans, key=lambda span: (span.sku, span.since, span.kind)))


def _told(span: Span, events: Sequence[HistoryEvent]) -> Span:
    """A held span with the reasons of the rows that stand at its ends."""
    about = [one for one in events if one.sku == span.sku and one.action not in _BEGINS]
    began = next((e for e in about if e.place.at == span.since and e.after is not None), None)
    ended = next((e for e in reversed(about) if e.place.at == span.until), None)
    return replace(
        span,
        began=None if began is None else began.reason,
        ended=None if ended is None else ended.reason,
        strategy=span.strategy or (None if began is None else began.strategy),
        source=span.source or (None if began is None else began.source),
    )


def _troubles(events: Sequence[HistoryEvent], errors: Iterable[OpenError]) -> list[Span]:
    """Spans of waiting and of errors, the open ones as they are stored now."""
    spans: list[Span] = []
    open_: dict[SkuNo, Span] = {}
    last: dict[SkuNo, datetime] = {}
    for event in events:
        if event.action is HistoryAction.USER_DELETED:
            spans += [_ended(span, event) for span in open_.values()]
            open_.clear()
        if event.sku is None:
            continue
        last[event.sku] = event.place.at
        before = open_.pop(event.sku, None)
        if before is not None:
            spans.append(_ended(before, event))
        if event.action in _BEGINS:
            open_[event.sku] = Span(
                sku=event.sku,
                kind=_BEGINS[event.action],
                since=event.place.at,
                until=None,
                source=event.source,
                reason=event.reason,
            )
    for error in errors:
        told = open_.get(error.sku)
        if told is not None and told.reason == error.reason:
            spans.append(open_.pop(error.sku))
        elif not _has_open(spans, error):
            spans.append(_open(error))
    # Nothing stands in the way any more, and no row said since when: it was over by the last one.
    spans += [replace(span, until=last[sku]) for sku, span in open_.items()]
    return [span for span in spans if span.until is None or span.until > span.since]


def _ended(span: Span, event: HistoryEvent) -> Span:
    return replace(span, until=event.place.at, ended=event.reason)


def _has_open(spans: Iterable[Span], error: OpenError) -> bool:
    """Whether the same cause stands there already, for another source."""
    return any(
        span.until is None and span.sku == error.sku and span.reason == error.reason
        for span in spans
    )


def _open(error: OpenError) -> Span:
    kind = SpanKind.WAITING if error.reason == NO_SEAT else SpanKind.FAILED
    return Span(
        sku=error.sku,
        kind=kind,
        since=error.since,
        until=None,
        source=error.source,
        reason=error.reason,
    )
