"""`/api/identity/licenses/assignment-history`: what happened, newest first, as pages or CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.history import Question, all_history, history_page, understand
from seatwright.domain.assignments import SourceKind
from seatwright.domain.csv_text import CHUNK_CHARACTERS, row_writer
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryEvent, HistoryFilter, HistoryPlace, NamedSubject
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.formats import Format, csv_headers, wants_csv

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class HistoryUser(Shape, frozen=True, kw_only=True):
    """The person a row is about; the names are null once they were erased."""

    id: UUID
    user_principal_name: str | None
    display_name: str | None


class HistoryGroup(Shape, frozen=True, kw_only=True):
    """A group that a row is about, or that a license came from."""

    id: UUID
    display_name: str | None


class HistorySku(Shape, frozen=True, kw_only=True):
    """The product a row is about."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class HistoryPrincipal(Shape, frozen=True, kw_only=True):
    """Who acted; kind is system, token, client or person."""

    id: UUID
    name: str
    kind: str


class HistorySource(Shape, frozen=True, kw_only=True):
    """What gave the license: direct, group, policy or request; a group is named."""

    kind: str
    group: HistoryGroup | None = None


class HistoryServicePlans(Shape, frozen=True, kw_only=True):
    """A license's service plans: those that were on, and those that were off."""

    enabled_service_plans: list[str]
    disabled_service_plans: list[str]


class HistoryRow(Shape, frozen=True, kw_only=True):
    """One thing that happened; before and after are null where the product was or is not held."""

    id: str
    at: datetime
    action: str
    user: HistoryUser | None
    group: HistoryGroup | None
    sku: HistorySku | None
    principal: HistoryPrincipal
    strategy: str | None
    source: HistorySource | None
    reason: str | None
    before: HistoryServicePlans | None
    after: HistoryServicePlans | None
    detail: Mapping[str, Any] | None
    correlation_id: UUID


CSV_HEADER = (
    "id",
    "at",
    "action",
    "userId",
    "userPrincipalName",
    "displayName",
    "groupId",
    "groupDisplayName",
    "skuId",
    "skuPartNumber",
    "principalId",
    "principalName",
    "principalKind",
    "strategy",
    "source",
    "sourceGroupId",
    "sourceGroupDisplayName",
    "reason",
    "enabledBefore",
    "disabledBefore",
    "enabledAfter",
    "disabledAfter",
    "detail",
    "correlationId",
)


def _row(event: HistoryEvent, catalog: TenantCatalog) -> HistoryRow:
    sku = None if event.sku is None else catalog.skus.get(event.sku)
    return HistoryRow(
        id=str(event.place.event_no),
        at=event.place.at.astimezone(UTC),
        action=event.action.wire,
        user=None if event.user is None else _user(event.user),
        group=_group(event.group),
        sku=None
        if sku is None
        else HistorySku(
            sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
        ),
        principal=HistoryPrincipal(
            id=event.principal.id, name=event.principal.name, kind=event.principal.kind
        ),
        strategy=None if event.strategy is None else event.strategy.value,
        source=_source(event),
        reason=event.reason,
        before=_plans(event, event.before, catalog),
        after=_plans(event, event.after, catalog),
        detail=event.detail,
        correlation_id=event.correlation,
    )


def _user(user: NamedSubject) -> HistoryUser:
    return HistoryUser(id=user.id, user_principal_name=user.name, display_name=user.display_name)


def _group(group: NamedSubject | None) -> HistoryGroup | None:
    return None if group is None else HistoryGroup(id=group.id, display_name=group.display_name)


def _source(event: HistoryEvent) -> HistorySource | None:
    if event.source is None:
        return None
    is_group = event.source.kind is SourceKind.GROUP
    return HistorySource(
        kind=event.source.kind.name.lower(), group=_group(event.source_group) if is_group else None
    )


def _plans(
    event: HistoryEvent, enabled: ServicePlanBits | None, catalog: TenantCatalog
) -> HistoryServicePlans | None:
    """By name, as an assignment takes them; off is what the product has today and was not on."""
    if enabled is None:
        return None
    sku = None if event.sku is None else catalog.skus.get(event.sku)
    held = enabled if sku is None else sku.service_plans
    off = ServicePlanBits(held & ~enabled)
    return HistoryServicePlans(
        enabled_service_plans=[plan.name for plan in catalog.plans_of(enabled)],
        disabled_service_plans=[plan.name for plan in catalog.plans_of(off)],
    )


def _cells(row: HistoryRow) -> tuple[str | None, ...]:
    source_group = None if row.source is None else row.source.group
    return (
        row.id,
        row.at.isoformat().replace("+00:00", "Z"),
        row.action,
        None if row.user is None else str(row.user.id),
        None if row.user is None else row.user.user_principal_name,
        None if row.user is None else row.user.display_name,
        None if row.group is None else str(row.group.id),
        None if row.group is None else row.group.display_name,
        None if row.sku is None else str(row.sku.sku_id),
        None if row.sku is None else row.sku.sku_part_number,
        str(row.principal.id),
        row.principal.name,
        row.principal.kind,
        row.strategy,
        None if row.source is None else row.source.kind,
        None if source_group is None else str(source_group.id),
        None if source_group is None else source_group.display_name,
        row.reason,
        *_plan_cells(row.before),
        *_plan_cells(row.after),
        None if row.detail is None else msgspec.json.encode(row.detail).decode(),
        str(row.correlation_id),
    )


def _plan_cells(plans: HistoryServicePlans | None) -> tuple[str | None, str | None]:
    if plans is None:
        return (None, None)
    return ("; ".join(plans.enabled_service_plans), "; ".join(plans.disabled_service_plans))


async def _csv(call: Call, wanted: HistoryFilter) -> AsyncIterator[bytes]:
    """The whole answer in pieces, read page by page: its size never matters."""
    catalog = await catalog_of(call)
    line_of = row_writer()
    pieces, size = [line_of(CSV_HEADER)], 0
    async for event in all_history(call, wanted):
        pieces.append(line_of(_cells(_row(event, catalog))))
        size += len(pieces[-1])
        if size >= CHUNK_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()


def _place(cursor: str | None) -> HistoryPlace | None:
    keys = keys_of(cursor, int, int)
    if keys is None:
        return None
    try:
        return HistoryPlace(at=_EPOCH + int(keys[0]) * _MICROSECOND, event_no=_event_no(keys[1]))
    except (OverflowError, ValueError):
        raise Refusal(
            Reason.INVALID_VALUE,
            "cursor is not one of this list: take nextCursor from the page before.",
        ) from None


def _event_no(key: str | int) -> int:
    number = int(key)
    if not 0 <= number < 2**63:
        raise ValueError(number)
    return number


def _cursor(place: HistoryPlace) -> str:
    return cursor_of((place.at - _EPOCH) // _MICROSECOND, place.event_no)


Asked = FromQuery[str | None]
CorrelationId = Annotated[str | None, QueryParameter(name="correlationId")]


@get(
    "/api/identity/licenses/assignment-history",
    opt=needs(Permission.READ_HISTORY),
    summary="Read the history",
)
async def read_assignment_history(
    call: TheCall,
    *,
    request: Request[Any, Any, Any],
    user: Asked = None,
    group: Asked = None,
    sku: Asked = None,
    action: Asked = None,
    strategy: Asked = None,
    principal: Asked = None,
    reason: Asked = None,
    since: Asked = None,
    until: Asked = None,
    correlation_id: CorrelationId = None,
    job: Asked = None,
    kind: Asked = None,
    format_: Format = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[HistoryRow] | Stream:
    """Every change: what, for whom, by whom, when, why, by which strategy, before and after.

    Newest first. Without `kind=all` or an `action` it shows what happened to licenses. A page of
    a rare reason or strategy may have few rows or none and a `nextCursor` all the same.
    """
    size = page_limit(limit)
    wanted = await understand(
        call,
        Question(
            kind=kind,
            action=action,
            user=user,
            group=group,
            sku=sku,
            strategy=strategy,
            principal=principal,
            reason=reason,
            correlation_id=correlation_id,
            job=job,
            since=since,
            until=until,
        ),
    )
    if wants_csv(request, format_):
        return Stream(
            _csv(call, wanted),
            headers=csv_headers("assignment-history.csv"),
        )
    page = await history_page(call, wanted, before=_place(cursor), limit=size)
    catalog = await catalog_of(call)
    return Page(
        value=[_row(event, catalog) for event in page.events],
        next_cursor=None if page.resume is None else _cursor(page.resume),
    )


HISTORY_ROUTES = (read_assignment_history,)
