"""Who held a product at a moment, as pages of `/api/identity/licenses/{sku}/holders` or as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from litestar.response import Stream

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.history_holders import (
    Moment,
    PastHoldersPage,
    all_holders_at,
    count_at,
    holders_at,
)
from seatwright.domain.assignments import SourceKind
from seatwright.domain.csv_text import row_writer
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import NamedSubject
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.history_holders import HeldPlace, PastHolder
from seatwright.web.rest.bodies import Shape, cursor_of, keys_of
from seatwright.web.rest.formats import csv_headers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PastUser(Shape, frozen=True, kw_only=True):
    """A person as the history knows them; the names are null once they were erased."""

    id: UUID
    user_principal_name: str | None
    display_name: str | None


class PastGroup(Shape, frozen=True, kw_only=True):
    """A group that gave a license; the name is null once nobody knows it."""

    id: UUID
    display_name: str | None


class PastSource(Shape, frozen=True, kw_only=True):
    """What gave the license: direct, group, policy, request or hold."""

    kind: str
    group: PastGroup | None = None


class PastHolderShape(Shape, frozen=True, kw_only=True):
    """Somebody who held the product: with these service plans from `since` until `until`.

    `until` is null while they hold it unchanged; strategy and source are null where nobody kept
    them.
    """

    user: PastUser | None
    since: datetime
    until: datetime | None
    strategy: str | None
    source: PastSource | None
    disabled_service_plans: list[str]


class HoldersAt(Shape, frozen=True, kw_only=True):
    """One page of the people who held a product at a moment; `count` where it was asked for."""

    at: datetime
    count: int | None
    value: list[PastHolderShape]
    next_cursor: str | None = None


CSV_HEADER = (
    "at",
    "skuPartNumber",
    "userId",
    "userPrincipalName",
    "displayName",
    "since",
    "until",
    "strategy",
    "source",
    "sourceGroupId",
    "sourceGroupDisplayName",
    "disabledServicePlans",
)


async def holders_page(
    call: Call, moment: Moment, *, cursor: str | None, limit: int, is_counted: bool
) -> HoldersAt:
    """One page, with the count if it is asked for."""
    page = await holders_at(call, moment, after=_place(cursor), limit=limit)
    catalog = await catalog_of(call)
    return HoldersAt(
        at=moment.at,
        count=await count_at(call, moment) if is_counted else None,
        value=[_holder(one, page, moment, catalog) for one in page.holders[:limit]],
        next_cursor=_cursor(page.holders[limit - 1]) if len(page.holders) > limit else None,
    )


async def holders_file(call: Call, moment: Moment) -> Stream:
    """Everybody who held the product, as CSV that is read page by page."""
    return Stream(
        _csv(call, moment, await catalog_of(call)),
        headers=csv_headers("holders.csv"),
    )


async def _csv(call: Call, moment: Moment, catalog: TenantCatalog) -> AsyncIterator[bytes]:
    line_of = row_writer()
    yield line_of(CSV_HEADER).encode()
    async for page in all_holders_at(call, moment):
        lines = [
            line_of(_cells(_holder(one, page, moment, catalog), moment)) for one in page.holders
        ]
        yield "".join(lines).encode()


def _cells(row: PastHolderShape, moment: Moment) -> tuple[str | None, ...]:
    group = None if row.source is None else row.source.group
    return (
        _text(moment.at),
        moment.sku.part_number,
        None if row.user is None else str(row.user.id),
        None if row.user is None else row.user.user_principal_name,
        None if row.user is None else row.user.display_name,
        _text(row.since),
        None if row.until is None else _text(row.until),
        row.strategy,
        None if row.source is None else row.source.kind,
        None if group is None else str(group.id),
        None if group is None else group.display_name,
        "; ".join(row.disabled_service_plans),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _holder(
    one: PastHolder, page: PastHoldersPage, moment: Moment, catalog: TenantCatalog
) -> PastHolderShape:
    off = ServicePlanBits(moment.sku.service_plans & ~one.enabled)
    until = one.place.until
    return PastHolderShape(
        user=past_user(one.user),
        since=one.place.since.astimezone(UTC),
        until=None if until is None else until.astimezone(UTC),
        strategy=None if one.strategy is None else one.strategy.value,
        source=_source(one, page),
        disabled_service_plans=[plan.name for plan in catalog.plans_of(off)],
    )


def past_user(user: NamedSubject | None) -> PastUser | None:
    """A person of the past as answers show them."""
    if user is None:
        return None
    return PastUser(id=user.id, user_principal_name=user.name, display_name=user.display_name)


def _source(one: PastHolder, page: PastHoldersPage) -> PastSource | None:
    if one.source is None:
        return None
    group = page.groups.get(one.source.no) if one.source.kind is SourceKind.GROUP else None
    return PastSource(
        kind=one.source.kind.name.lower(),
        group=None if group is None else PastGroup(id=group.id, display_name=group.display_name),
    )


def _cursor(last: PastHolder) -> str:
    """The place as whole numbers; -1 among those who still hold it."""
    until = -1 if last.place.until is None else _microseconds(last.place.until)
    return cursor_of(until, _microseconds(last.place.since), last.place.user_no)


def _place(cursor: str | None) -> HeldPlace | None:
    keys = keys_of(cursor, int, int, int)
    if keys is None:
        return None
    try:
        until, since, user_no = (int(key) for key in keys)
        if not 0 <= user_no < 2**31:
            raise ValueError(user_no)
        return HeldPlace(
            user_no=user_no,
            since=_EPOCH + since * _MICROSECOND,
            until=None if until < 0 else _EPOCH + until * _MICROSECOND,
        )
    except (OverflowError, ValueError):
        raise Refusal(
            Reason.INVALID_VALUE,
            "cursor is not one of this list: take nextCursor from the page before.",
        ) from None


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
