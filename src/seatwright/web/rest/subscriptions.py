"""`/api/subscriptions`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import subscriptions
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscription_file import export_subscriptions, import_subscriptions
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import (
    Subscription,
    SubscriptionStatus,
    parse_moment,
    parse_status,
)
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload


class NewSubscription(Body, kw_only=True, frozen=True):
    """A purchase to store: of a product named by `skuId` or `skuPartNumber`.

    Dates are ISO 8601; without `startsAt` it starts now. `unitPrice` is for one license.
    """

    sku_id: str | None = None
    sku_part_number: str | None = None
    units: int
    status: str = SubscriptionStatus.ENABLED.value
    starts_at: str | None = None
    next_lifecycle_at: str | None = None
    unit_price: Decimal | None = None
    currency: str | None = None
    offer_minimum: int = 0
    included_units: int = 0
    is_trial: bool = False
    external_id: str | None = None


class SubscriptionEdit(Body, kw_only=True, frozen=True):
    """What changes about a purchase; fields that are absent stay, null empties.

    `external` says that the change happened at the seller: fewer units than are in use are then
    taken as a fact, and the product is over-assigned instead of the call being refused.
    """

    units: int | msgspec.UnsetType = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET
    starts_at: str | msgspec.UnsetType = msgspec.UNSET
    next_lifecycle_at: str | msgspec.UnsetType | None = msgspec.UNSET
    unit_price: Decimal | msgspec.UnsetType | None = msgspec.UNSET
    currency: str | msgspec.UnsetType | None = msgspec.UNSET
    offer_minimum: int | msgspec.UnsetType = msgspec.UNSET
    included_units: int | msgspec.UnsetType = msgspec.UNSET
    is_trial: bool | msgspec.UnsetType = msgspec.UNSET
    external_id: str | msgspec.UnsetType | None = msgspec.UNSET
    external: bool = False


class SubscriptionShape(Shape, kw_only=True, frozen=True):
    """A purchase; `unitPrice` is a decimal number in text, so that no digit is lost."""

    id: UUID
    sku_id: UUID
    sku_part_number: str
    display_name: str
    units: int
    status: str
    starts_at: datetime
    next_lifecycle_at: datetime | None
    unit_price: Decimal | None
    currency: str | None
    offer_minimum: int
    included_units: int
    is_trial: bool
    external_id: str | None
    created_at: datetime


def _shape(one: Subscription, catalog: TenantCatalog) -> SubscriptionShape:
    sku = catalog.skus[one.sku_no]
    return SubscriptionShape(
        id=one.subscription_id,
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        units=one.units,
        status=one.status.value,
        starts_at=one.starts_at,
        next_lifecycle_at=one.next_lifecycle_at,
        unit_price=one.unit_price,
        currency=one.currency,
        offer_minimum=one.offer_minimum,
        included_units=one.included_units,
        is_trial=one.is_trial,
        external_id=one.external_id,
        created_at=one.created_at,
    )


def named_sku(
    catalog: TenantCatalog, *, sku_id: str | None, sku_part_number: str | None
) -> CatalogSku:
    """The product that a body names by one of its two fields.

    Raises Refusal invalidValue for none or both, and unknownSku.
    """
    if (sku_id is None) == (sku_part_number is None):
        raise Refusal(Reason.INVALID_VALUE, "Name one product: give either skuId or skuPartNumber.")
    return catalog.require_sku(sku_id or sku_part_number or "", is_in_body=True)


def _moment(text: str | None, name: str) -> datetime | None:
    return None if text is None else parse_moment(text, name=name)


async def _answer(call: Call, one: Subscription) -> SubscriptionShape:
    return _shape(one, await catalog_of(call))


@get(
    "/api/subscriptions",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="List subscriptions",
)
async def list_subscriptions(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[SubscriptionShape]:
    """What was bought, product by product."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, str)
    after = (int(keys[0]), _uuid(str(keys[1]))) if keys else None
    rows = await subscriptions.list_page(call, after=after, limit=size)
    catalog = await catalog_of(call)
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        value=[_shape(row, catalog) for row in rows[:size]],
        next_cursor=cursor_of(last.sku_no, str(last.subscription_id)) if last else None,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, "cursor is not one of this list: take nextCursor as it was given."
        ) from None


@post(
    "/api/subscriptions",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Store a subscription",
)
async def create_subscription(call: TheCall, data: JSONBody[NewSubscription]) -> SubscriptionShape:
    """Its seats are there at once, and go first to whoever waits for them."""
    catalog = await catalog_of(call)
    sku = named_sku(catalog, sku_id=data.sku_id, sku_part_number=data.sku_part_number)
    new = Subscription(
        subscription_id=uuid4(),
        sku_no=sku.sku_no,
        units=data.units,
        status=parse_status(data.status),
        starts_at=_moment(data.starts_at, "startsAt") or call.now,
        created_at=call.now,
        next_lifecycle_at=_moment(data.next_lifecycle_at, "nextLifecycleAt"),
        external_id=data.external_id,
        unit_price=data.unit_price,
        currency=data.currency,
        offer_minimum=data.offer_minimum,
        included_units=data.included_units,
        is_trial=data.is_trial,
    )
    return _shape(await subscriptions.add_subscription(call, new), catalog)


@get(
    "/api/subscriptions/{subscription_id:uuid}",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="Read a subscription",
)
async def get_subscription(call: TheCall, subscription_id: FromPath[UUID]) -> SubscriptionShape:
    """One purchase."""
    return await _answer(call, await subscriptions.get_subscription(call, subscription_id))


@patch(
    "/api/subscriptions/{subscription_id:uuid}",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Change a subscription",
)
async def change_subscription(
    call: TheCall, subscription_id: FromPath[UUID], data: JSONBody[SubscriptionEdit]
) -> SubscriptionShape:
    """More seats go to the waiting list at once; fewer than are in use are refused."""
    changes = _changes(data)
    changed = await subscriptions.change_subscription(
        call,
        subscription_id,
        lambda stored: replace(stored, **changes),
        is_external=data.external,
    )
    return await _answer(call, changed)


def _changes(data: SubscriptionEdit) -> dict[str, Any]:
    """What a body changes, by the purchase's own field names."""
    changes = {
        name: value
        for name in data.__struct_fields__
        if (value := getattr(data, name)) is not msgspec.UNSET and name != "external"
    }
    if "status" in changes:
        changes["status"] = parse_status(changes["status"])
    for name, wire in (("starts_at", "startsAt"), ("next_lifecycle_at", "nextLifecycleAt")):
        if name in changes:
            changes[name] = _moment(changes[name], wire)
    return changes


@delete(
    "/api/subscriptions/{subscription_id:uuid}",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Delete a subscription",
)
async def delete_subscription(
    call: TheCall, subscription_id: FromPath[UUID], external: FromQuery[bool] = False
) -> None:
    """Its seats are gone at once; refused while they are in use, unless it happened outside."""
    await subscriptions.remove_subscription(call, subscription_id, is_external=external)


class SubscriptionImportShape(Shape, kw_only=True, frozen=True):
    """What an import did; columns that were not understood are named."""

    rows: int
    created: int
    updated: int
    unchanged: int
    ignored_columns: list[str]


@post(
    "/api/imports/subscriptions",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Import subscriptions",
    status_code=200,
)
async def import_file(call: TheCall, request: Request[Any, Any, Any]) -> SubscriptionImportShape:
    """A CSV file: taken whole, or refused with every row that does not fit; safe to repeat."""
    upload = await read_upload(request)
    done = await import_subscriptions(call, upload.content)
    shape = SubscriptionImportShape(
        rows=done.rows,
        created=done.created,
        updated=done.updated,
        unchanged=done.unchanged,
        ignored_columns=list(done.ignored_columns),
    )
    return tell_result(request, shape)


@get(
    "/api/exports/subscriptions",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="Export subscriptions",
    media_type="text/csv",
)
async def export_file(call: TheCall) -> Response[bytes]:
    """Every subscription as a CSV file that the import takes back unchanged."""
    content = b"".join(await export_subscriptions(call))
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="subscriptions.csv"'},
    )


SUBSCRIPTION_ROUTES = (
    list_subscriptions,
    create_subscription,
    get_subscription,
    change_subscription,
    delete_subscription,
    import_file,
    export_file,
)
