"""What the page of a product changes about what was bought: each with a preview."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Response, post
from litestar.params import FromPath

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscription_life import cancel, cancel_booked, renew
from seatwright.app.subscriptions import (
    add_subscription,
    change_subscription,
    get_subscription,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.fields import moment_of
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import own_path, see
from seatwright.web.portal.frame.purchases import PurchaseMoved, tell_purchase
from seatwright.web.portal.seats.units import units_of


def _price(form: Form) -> Decimal | None:
    text = form.text("unitPrice")
    try:
        price = None if text is None else Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if price is not None and not price.is_finite():
        raise Refusal(
            Reason.INVALID_VALUE, f"“{(text or '')[:40]}” is no price: give a number such as 33.60."
        )
    return price


async def _back(call: Call, sku: str, done: str) -> Response[None]:
    product = (await catalog_of(call)).require_sku(sku)
    return see(f"/licenses/{product.part_number}?done={done}")


@post(
    "/licenses/{sku:str}/subscriptions",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    status_code=303,
)
async def buy(call: TheCall, request: AnyRequest, sku: FromPath[str]) -> Response[None]:
    """Note what was bought; whoever waits gets a seat, and the page says where to go on."""
    form = form_of(request)
    product = (await catalog_of(call)).require_sku(sku)
    price = _price(form)
    bought = await add_subscription(
        call,
        Subscription(
            subscription_id=uuid4(),
            sku_no=product.sku_no,
            units=units_of(form.text("units")),
            status=SubscriptionStatus.ENABLED,
            starts_at=moment_of(form, "startsAt") or call.now,
            created_at=call.now,
            next_lifecycle_at=moment_of(form, "endsAt"),
            unit_price=price,
            currency=None if price is None else (form.text("currency") or "").upper() or None,
            renews=form.text("renews") is not None,
        ),
    )
    tell_purchase(request, _moved(bought, before=0))
    query = {"done": "bought"}
    if then := form.text("then"):
        query["then"] = own_path(then)
    return see(f"/licenses/{product.part_number}?{urlencode(query)}")


@post(
    "/licenses/{sku:str}/subscriptions/{subscription:uuid}/units",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    status_code=303,
)
async def set_units(
    call: TheCall, request: AnyRequest, sku: FromPath[str], subscription: FromPath[UUID]
) -> Response[None]:
    """More seats at once; fewer from the next billing cycle on."""
    units = units_of(form_of(request).text("units"))
    before = (await get_subscription(call, subscription)).units
    stored = await change_subscription(
        call, subscription, lambda one: replace(one, units=units), is_external=False
    )
    tell_purchase(request, _moved(replace(stored, units=units), before=before))
    return await _back(call, sku, "changed")


def _moved(bought: Subscription, *, before: int) -> PurchaseMoved:
    return PurchaseMoved(
        before=before, after=bought.units, price=bought.unit_price, currency=bought.currency
    )


@post(
    "/licenses/{sku:str}/subscriptions/{subscription:uuid}/renew",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    status_code=303,
)
async def renew_purchase(
    call: TheCall, request: AnyRequest, sku: FromPath[str], subscription: FromPath[UUID]
) -> Response[None]:
    """Begin a new term, until the day of the form if there is one."""
    await renew(call, subscription, until=moment_of(form_of(request), "until"))
    return await _back(call, sku, "renewed")


@post(
    "/licenses/{sku:str}/subscriptions/{subscription:uuid}/cancel",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    status_code=303,
)
async def cancel_purchase(
    call: TheCall, sku: FromPath[str], subscription: FromPath[UUID]
) -> Response[None]:
    """End it: at once within seven days of a term's beginning, else at the term's end."""
    await cancel(call, subscription, is_external=False)
    return await _back(call, sku, "cancelled")


@post(
    "/licenses/{sku:str}/booked/{change:uuid}/cancel",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    status_code=303,
)
async def cancel_change(
    call: TheCall, sku: FromPath[str], change: FromPath[UUID]
) -> Response[None]:
    """Leave the number of seats as it is."""
    await cancel_booked(call, change)
    return await _back(call, sku, "kept")


SUBSCRIPTION_PAGES = (buy, set_units, renew_purchase, cancel_purchase, cancel_change)
