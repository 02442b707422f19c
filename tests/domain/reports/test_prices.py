"""What seats cost: exact by currency, never mixed, and never free for want of a price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from seatwright.domain.ids import SkuNo
from seatwright.domain.reports.prices import NO_PRICE, price_of
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

AT = datetime(2026, 11, 21, tzinfo=UTC)


def bought(
    units: int,
    price: str | None = None,
    currency: str | None = None,
    status: SubscriptionStatus = SubscriptionStatus.ENABLED,
) -> Subscription:
    return Subscription(
        subscription_id=UUID(int=units),
        sku_no=SkuNo(1),
        units=units,
        status=status,
        starts_at=AT,
        created_at=AT,
        unit_price=None if price is None else Decimal(price),
        currency=currency,
    )


def test_units_of_one_currency_cost_their_average() -> None:
    price = price_of([bought(3, "10", "EUR"), bought(1, "14", "EUR")])
    assert price.seat_prices == {"EUR": Decimal(11)}
    assert (price.one_price, price.currencies) == (Decimal(11), "EUR")


def test_seats_in_full_use_cost_in_each_currency_what_was_spent() -> None:
    price = price_of([bought(30, "22.5", "EUR"), bought(10, "31", "USD")])
    assert {name: each * 40 for name, each in price.seat_prices.items()} == {
        one.currency: one.spend for one in price.purchased
    }
    assert price.one_price is None
    assert price.currencies == "EUR + USD"


def test_units_without_a_price_are_counted_and_not_free() -> None:
    price = price_of([bought(3, "10", "EUR"), bought(2)])
    assert price.seat_prices == {"EUR": Decimal(10)}
    assert [(one.currency, one.units, one.spend) for one in price.purchased] == [
        ("EUR", 3, Decimal(30)),
        (None, 2, None),
    ]
    only = price_of([bought(2)])
    assert (only.is_priced, only.one_price, only.currencies) == (False, None, None)


def test_a_price_of_nothing_is_a_price() -> None:
    assert price_of([bought(5, "0", "EUR")]).seat_prices == {"EUR": Decimal(0)}


def test_purchases_that_are_over_cost_nothing() -> None:
    over = [
        bought(5, "10", "EUR", status)
        for status in (
            SubscriptionStatus.SUSPENDED,
            SubscriptionStatus.LOCKED_OUT,
            SubscriptionStatus.DELETED,
        )
    ]
    assert price_of(over) == NO_PRICE
    grace = price_of([bought(5, "10", "EUR", SubscriptionStatus.WARNING)])
    assert grace.one_price == Decimal(10)
