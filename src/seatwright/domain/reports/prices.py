"""What a product's seats cost a month: several currencies are kept apart and never added up.

A purchase that is over (suspended, locked out, deleted) costs nothing. Units without a price are
counted and never taken for free: they carry no amount, and everything that shows an amount shows
beside it how many units or seats have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

LIVING: Final = frozenset({SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING})
"""Purchases that give seats, and so cost something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchased:
    """Units of a product bought in one currency, or without a price (`currency` None).

    `spend` is what all of them cost a month; None for units without a price.
    """

    currency: str | None
    units: int
    spend: Decimal | None

    @property
    def price(self) -> Decimal | None:
        """What one unit costs a month, on average over these purchases."""
        return self.spend / self.units if self.spend is not None and self.units else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPrice:
    """What the seats of one product cost: by currency, those without a price last."""

    purchased: tuple[Purchased, ...] = ()

    @property
    def seat_prices(self) -> Mapping[str, Decimal]:
        """What one seat costs, in each currency that the product is paid in.

        A seat is nobody's unit in particular, so each carries its share of every currency: the
        seats of a product, all in use, cost together exactly what was spent on it. Units without
        a price take the average of those with one; a product without any price has no currency.
        """
        priced = [one for one in self.purchased if one.spend is not None and one.units]
        units = sum(one.units for one in priced)
        return {
            one.currency: one.spend / units
            for one in priced
            if one.currency is not None and one.spend is not None
        }

    @property
    def is_priced(self) -> bool:
        """Whether any unit of it has a price."""
        return bool(self.seat_prices)

    @property
    def one_price(self) -> Decimal | None:
        """What one seat costs where that is one amount: not with several currencies, or none."""
        prices = list(self.seat_prices.values())
        return prices[0] if len(prices) == 1 else None

    @property
    def currencies(self) -> str | None:
        """The currency, or all of them: `EUR`, `EUR + USD`; None without a price."""
        return " + ".join(self.seat_prices) or None


def price_of(subscriptions: Iterable[Subscription]) -> ProductPrice:
    """What the living purchases of one product cost together."""
    units: dict[str | None, int] = defaultdict(int)
    spend: dict[str, Decimal] = defaultdict(Decimal)
    for one in subscriptions:
        if one.status not in LIVING:
            continue
        currency = None if one.unit_price is None else one.currency
        units[currency] += one.units
        if currency is not None and one.unit_price is not None:
            spend[currency] += one.unit_price * one.units
    ordered = sorted(units, key=lambda currency: (currency is None, currency or ""))
    return ProductPrice(
        purchased=tuple(
            Purchased(
                currency=currency,
                units=units[currency],
                spend=None if currency is None else spend[currency],
            )
            for currency in ordered
        )
    )


NO_PRICE: Final = ProductPrice()
"""A product that nobody bought, or that has no price."""
