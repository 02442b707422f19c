"""Purchases add up to the units of a SKU, and only some of them are seats."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from seatwright.domain.catalog import PrepaidUnits, SkuId, seats_assignable
from seatwright.domain.subscriptions import (
    Subscription,
    SubscriptionStatus,
    prepaid_units,
    units_assignable,
)


def _purchase(number: int, units: int, status: SubscriptionStatus) -> Subscription:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Subscription(
        subscription_id=UUID(int=number),
        sku_id=SkuId(UUID(int=1)),
        units=units,
        status=status,
        starts_at=moment,
        created_at=moment,
    )


@pytest.mark.parametrize(
    ("status", "units"),
    [
        (SubscriptionStatus.ENABLED, 100),
        (SubscriptionStatus.WARNING, 100),
        (SubscriptionStatus.SUSPENDED, 0),
        (SubscriptionStatus.LOCKED_OUT, 0),
        (SubscriptionStatus.DELETED, 0),
    ],
)
def test_enabled_and_warning_purchases_are_seats(status: SubscriptionStatus, units: int) -> None:
    assert units_assignable(status, 100) == units


def test_purchases_of_a_product_add_up_by_state() -> None:
    purchases = [
        _purchase(1, 300, SubscriptionStatus.ENABLED),
        _purchase(2, 100, SubscriptionStatus.ENABLED),
        _purchase(3, 25, SubscriptionStatus.WARNING),
        _purchase(4, 7, SubscriptionStatus.SUSPENDED),
        _purchase(5, 50, SubscriptionStatus.DELETED),
    ]
    units = prepaid_units(purchases)
    assert units == PrepaidUnits(enabled=400, warning=25, suspended=7)
    assert seats_assignable(enabled=units.enabled, warning=units.warning) == sum(
        units_assignable(one.status, one.units) for one in purchases
    )


def test_a_product_without_purchases_has_no_units() -> None:
    assert prepaid_units([]) == PrepaidUnits()
