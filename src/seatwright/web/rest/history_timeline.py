"""`/api/identity/users/{user}/timeline`: when a person held what, waited for it, or could not."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from seatwright.app.catalog import catalog_of
from seatwright.app.history_timeline import Timeline, timeline_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.history_timeline import Span
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.history_holders import PastGroup, PastSource, PastUser, past_user


class SpanShape(Shape, frozen=True, kw_only=True):
    """A stretch of time: held, waiting or failed; `until` is null while it lasts.

    `reason` is why it waited or failed. `began` and `ended` are the reasons of the changes at its
    ends, null where the history does not tell.
    """

    kind: str
    since: datetime
    until: datetime | None
    strategy: str | None
    source: PastSource | None
    reason: str | None
    began: str | None
    ended: str | None
    enabled_service_plans: list[str] | None
    disabled_service_plans: list[str] | None


class ProductSpans(Shape, frozen=True, kw_only=True):
    """A product with its spans, oldest first."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    spans: list[SpanShape]


class TimelineShape(Shape, frozen=True, kw_only=True):
    """A person's time line up to `at`, which is now; names are null once they were erased.

    `isComplete` is false for a history so long that older waits and errors are left out.
    """

    at: datetime
    user: PastUser | None
    products: list[ProductSpans]
    is_complete: bool


@get(
    "/api/identity/users/{user:str}/timeline",
    opt=needs(Permission.READ_HISTORY),
    summary="Read a person's time line",
)
async def read_timeline(call: TheCall, user: FromPath[str]) -> TimelineShape:
    """For each product when the person held it, how, waited for it, or could not have it.

    People who were deleted are there by name, and people who were purged by their id.
    """
    found = await timeline_of(call, user)
    catalog = await catalog_of(call)
    return TimelineShape(
        at=call.now,
        user=past_user(found.user),
        products=[
            _product(sku, list(spans), found, catalog)
            for sku, spans in groupby(found.spans, key=lambda span: span.sku)
        ],
        is_complete=found.is_complete,
    )


def _product(
    sku_no: SkuNo, spans: list[Span], found: Timeline, catalog: TenantCatalog
) -> ProductSpans:
    sku = catalog.skus[sku_no]
    return ProductSpans(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        spans=[_span(span, sku.service_plans, found, catalog) for span in spans],
    )


def _span(span: Span, plans: ServicePlanBits, found: Timeline, catalog: TenantCatalog) -> SpanShape:
    on, off = None, None
    if span.enabled is not None:
        on = [plan.name for plan in catalog.plans_of(span.enabled)]
        off = [plan.name for plan in catalog.plans_of(ServicePlanBits(plans & ~span.enabled))]
    return SpanShape(
        kind=span.kind.value,
        since=span.since.astimezone(UTC),
        until=None if span.until is None else span.until.astimezone(UTC),
        strategy=None if span.strategy is None else span.strategy.value,
        source=_source(span, found),
        reason=span.reason,
        began=span.began,
        ended=span.ended,
        enabled_service_plans=on,
        disabled_service_plans=off,
    )


def _source(span: Span, found: Timeline) -> PastSource | None:
    if span.source is None:
        return None
    group = found.groups.get(span.source.no) if span.source.kind is SourceKind.GROUP else None
    return PastSource(
        kind=span.source.kind.name.lower(),
        group=None if group is None else PastGroup(id=group.id, display_name=group.display_name),
    )


HISTORY_TIMELINE_ROUTES = (read_timeline,)
