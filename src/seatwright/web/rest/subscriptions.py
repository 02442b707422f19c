"""`/api/subscriptions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import subscriptions
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seat_changes import next_billing
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.offers import OfferType
from seatwright.domain.roles import Permission
from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.settings import semantics_in
from seatwright.domain.subscription_life import next_step
from seatwright.domain.subscription_states import RIGHTS, gives_seats
from seatwright.domain.subscriptions import (
    Subscription,
    SubscriptionStatus,
    parse_moment,
    parse_offer_type,
    parse_status,
)
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class NewSubscription(Body, kw_only=True, frozen=True):
    """A purchase to store: of a product named by `skuId` or `skuPartNumber`.

    Dates are ISO 8601; without `startsAt` it starts now. `unitPrice` is for one license.
    `offerType` decides how long it stays in each state after its term ends at `nextLifecycleAt`;
    one that `renews` then begins another `termMonths` instead. Fewer units take effect when a
    billing cycle of `billingMonths` begins.
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
    offer_type: str | None = None
    renews: bool = False
    term_months: int = 12
    billing_months: int = 1


class SubscriptionEdit(Body, kw_only=True, frozen=True):
    """What changes about a purchase; fields that are absent stay, null empties.

    More units are there at once; fewer are booked for the next billing cycle. A new `status` is a
    fact, and lasts as long as the offer says unless `nextLifecycleAt` comes with it.
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
    offer_type: str | msgspec.UnsetType = msgspec.UNSET
    renews: bool | msgspec.UnsetType = msgspec.UNSET
    term_months: int | msgspec.UnsetType = msgspec.UNSET
    billing_months: int | msgspec.UnsetType = msgspec.UNSET
    external: bool = False


class BookedChange(Shape, kw_only=True, frozen=True):
    """A number of units that is booked for a moment."""

    id: UUID
    units: int
    effective_at: datetime


class Allowed(Shape, kw_only=True, frozen=True):
    """What the state of a purchase allows.

    Whether it serves those who have a license and takes new people, and what can be done with it.
    """

    serves_people: bool
    takes_people: bool
    actions: list[str]


class SubscriptionShape(Shape, kw_only=True, frozen=True):
    """A purchase; `unitPrice` is a decimal number in text, so that no digit is lost.

    `nextStatus` is what it comes to at `nextLifecycleAt`. `started` is false before `startsAt`.
    """

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
    offer_type: str
    renews: bool
    term_months: int
    billing_months: int
    next_billing_at: datetime
    next_status: str | None
    cancelled_at: datetime | None
    started: bool
    allows: Allowed
    scheduled: list[BookedChange]


def allowed(call: Call, one: Subscription) -> Allowed:
    """What the state of a purchase allows in this tenant."""
    counts = semantics_in(call.tenant.settings).warning_units_are_assignable
    rights = RIGHTS[one.status]
    return Allowed(
        serves_people=one.has_started and rights.serves,
        takes_people=one.has_started and gives_seats(one.status, warning_counts=counts),
        actions=sorted(action.name.lower() for action in rights.actions),
    )


def _shape(
    call: Call, one: Subscription, catalog: TenantCatalog, booked: Sequence[SeatChange]
) -> SubscriptionShape:
    sku = catalog.skus[one.sku_no]
    step = next_step(one) if one.has_started else None
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
        offer_type=one.offer_type.value,
        renews=one.renews,
        term_months=one.term_months,
        billing_months=one.billing_months,
        next_billing_at=next_billing(one, after=call.now),
        next_status=None if step is None else step.after.status.value,
        cancelled_at=one.cancelled_at,
        started=one.has_started,
        allows=allowed(call, one),
        scheduled=[
            BookedChange(id=change.id, units=change.units, effective_at=change.effective_at)
            for change in booked
            if change.subscription_id == one.subscription_id
        ],
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


async def subscription_answer(call: Call, one: Subscription) -> SubscriptionShape:
    """One purchase as the surface shows it, with what is booked for it."""
    booked = await subscriptions.booked_for(call, [one])
    return _shape(call, one, await catalog_of(call), booked)


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
    after = (int(keys[0]), uuid_in(str(keys[1]))) if keys else None
    rows = await subscriptions.list_page(call, after=after, limit=size)
    catalog = await catalog_of(call)
    booked = await subscriptions.booked_for(call, rows)
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        value=[_shape(call, row, catalog, booked) for row in rows[:size]],
        next_cursor=cursor_of(last.sku_no, str(last.subscription_id)) if last else None,
    )


def uuid_in(text: str) -> UUID:
    """The id in a cursor.

    Raises Refusal invalidValue for a cursor that seatwright did not make for this list.
    """
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
        offer_type=_offer_type(data),
        renews=data.renews,
        term_months=data.term_months,
        billing_months=data.billing_months,
    )
    return await subscription_answer(call, await subscriptions.add_subscription(call, new))


def _offer_type(data: NewSubscription) -> OfferType:
    if data.offer_type is not None:
        return parse_offer_type(data.offer_type)
    return OfferType.TRIAL if data.is_trial else OfferType.BUSINESS


@get(
    "/api/subscriptions/{subscription_id:uuid}",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="Read a subscription",
)
async def get_subscription(call: TheCall, subscription_id: FromPath[UUID]) -> SubscriptionShape:
    """One purchase."""
    one = await subscriptions.get_subscription(call, subscription_id)
    return await subscription_answer(call, one)


@patch(
    "/api/subscriptions/{subscription_id:uuid}",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Change a subscription",
)
async def change_subscription(
    call: TheCall, subscription_id: FromPath[UUID], data: JSONBody[SubscriptionEdit]
) -> SubscriptionShape:
    """More seats go to the waiting list at once; fewer are booked for the next billing cycle.

    Fewer than are in use are refused. `scheduled` of the answer says what is booked.
    """
    changes = _changes(data)
    changed = await subscriptions.change_subscription(
        call,
        subscription_id,
        lambda stored: replace(stored, **changes),
        is_external=data.external,
    )
    return await subscription_answer(call, changed)


def _changes(data: SubscriptionEdit) -> dict[str, Any]:
    """What a body changes, by the purchase's own field names."""
    changes = {
        name: value
        for name in data.__struct_fields__
        if (value := getattr(data, name)) is not msgspec.UNSET and name != "external"
    }
    if "status" in changes:
        changes["status"] = parse_status(changes["status"])
    if "offer_type" in changes:
        changes["offer_type"] = parse_offer_type(changes["offer_type"])
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


SUBSCRIPTION_ROUTES = (
    list_subscriptions,
    create_subscription,
    get_subscription,
    change_subscription,
    delete_subscription,
)
