"""Where another strategy would serve better (T-014)."""

from __future__ import annotations

from seatwright.app.reports.scene import Scene, whole
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.settings import setting_value
from seatwright.postgres.reports.totals import manual_counts


async def strategy_advice(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Products that are handled by hand for more people than the tenant's threshold says."""
    threshold = setting_value(scene.call.tenant.settings, "bulkAdviceAbove")
    assert isinstance(threshold, int), "the setting is a number"
    rows: list[Cells] = [
        (*scene.product(sku), people, _advice(people, scene.catalog.sku_name(sku)))
        for sku, people in await manual_counts(scene.call.tx)
        if people > threshold
    ]
    return whole(rows, after=after, limit=limit)


def _advice(people: int, product: str) -> str:
    return (
        f"{people} people have {product} by hand. License a group that they share, or use a bulk"
        " job with a template: both follow when people come and go, and neither forgets anyone."
    )
