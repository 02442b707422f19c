"""The audit trail as a report: who was given or lost what, by whom and why (T-003)."""

from __future__ import annotations

from datetime import timedelta

from seatwright.app.history import history_page
from seatwright.app.reports.scene import Scene
from seatwright.domain.assignments import SourceKind, Strategy
from seatwright.domain.history import HistoryAction, HistoryEvent, HistoryFilter, HistoryPlace
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.subscriptions import parse_moment

ACTIONS = (
    HistoryAction.ASSIGNED,
    HistoryAction.UPDATED,
    HistoryAction.REMOVED,
    HistoryAction.GRANTED,
    HistoryAction.REVOKED,
)


async def grants(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """What changed about anybody's licenses, newest first."""
    strategy = scene.asked["strategy"]
    wanted = HistoryFilter(
        actions=ACTIONS,
        sku=scene.sku,
        strategy=None if strategy is None else Strategy(str(strategy)),
        since=scene.call.now - timedelta(days=scene.number("sinceDays")),
    )
    before = None
    if after is not None:
        at, number = after
        before = HistoryPlace(at=parse_moment(str(at), name="cursor"), event_no=int(number))
    page = await history_page(scene.call, wanted, before=before, limit=limit)
    place = page.resume
    return ReportSlice(
        rows=tuple(_row(scene, event) for event in page.events),
        place=None if place is None else (place.at.isoformat(), place.event_no),
    )


def _row(scene: Scene, event: HistoryEvent) -> Cells:
    user, group, source = event.user, event.source_group, event.source
    is_group = source is not None and source.kind is SourceKind.GROUP
    return (
        event.place.at,
        event.action.wire,
        None if user is None else str(user.id),
        None if user is None else user.display_name,
        None if user is None else user.name,
        *scene.product(event.sku),
        None if event.strategy is None else event.strategy.value,
        None if source is None else source.kind.name.lower(),
        group.display_name if is_group and group is not None else None,
        str(group.id) if is_group and group is not None else None,
        event.principal.name,
        event.principal.kind,
        event.reason,
        str(event.correlation),
    )
