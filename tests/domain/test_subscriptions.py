"""Purchases add up to the units of a SKU, and only some of them are seats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from seatwright.domain.catalog import PrepaidUnits
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.subscription_states import units_assignable
from seatwright.domain.subscriptions import (
    Subscription,
    SubscriptionStatus,
    check_subscription,
    last_end,
    parse_moment,
    parse_status,
    prepaid_units,
)


def _purchase(number: int, units: int, status: SubscriptionStatus) -> Subscription:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Subscription(
        subscription_id=UUID(int=number),
        sku_no=SkuNo(1),
        units=units,
        status=status,
        starts_at=moment,
        created_at=moment,
    )


PURCHASE = _purchase(1, 100, SubscriptionStatus.ENABLED)


def test_enabled_and_warning_purchases_are_seats() -> None:
    units = PrepaidUnits(enabled=400, warning=25, suspended=7, locked_out=3)
    assert units_assignable(units, warning_counts=True) == 425


def test_a_tenant_may_leave_units_in_grace_out() -> None:
    assert units_assignable(PrepaidUnits(enabled=400, warning=25), warning_counts=False) == 400


def test_purchases_of_a_product_add_up_by_state() -> None:
    purchases = [
        _purchase(1, 300, SubscriptionStatus.ENABLED),
        _purchase(2, 100, SubscriptionStatus.ENABLED),
        _purchase(3, 25, SubscriptionStatus.WARNING),
        _purchase(4, 7, SubscriptionStatus.SUSPENDED),
        _purchase(5, 50, SubscriptionStatus.DELETED),
    ]
    assert prepaid_units(purchases) == PrepaidUnits(enabled=400, warning=25, suspended=7)


def test_a_product_without_purchases_has_no_units() -> None:
    assert prepaid_units([]) == PrepaidUnits()


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        (replace(PURCHASE, units=-1), "units"),
        (replace(PURCHASE, units=10_000_001), "units"),
        (replace(PURCHASE, included_units=-1), "includedUnits"),
        (replace(PURCHASE, unit_price=Decimal(-1), currency="EUR"), "unitPrice"),
        (replace(PURCHASE, unit_price=Decimal("NaN"), currency="EUR"), "unitPrice"),
        (replace(PURCHASE, unit_price=Decimal("0.00001"), currency="EUR"), "unitPrice"),
        (replace(PURCHASE, unit_price=Decimal("1e-9999"), currency="EUR"), "unitPrice"),
        (replace(PURCHASE, unit_price=Decimal("1e10"), currency="EUR"), "unitPrice"),
        (replace(PURCHASE, unit_price=Decimal(1)), "currency"),
        (replace(PURCHASE, currency="euro"), "currency"),
        (replace(PURCHASE, next_lifecycle_at=datetime(2025, 1, 1, tzinfo=UTC)), "nextLifecycleAt"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(broken: Subscription, word: str) -> None:
    with pytest.raises(Refusal, match=word) as refused:
        check_subscription(broken)
    assert refused.value.reason is Reason.INVALID_VALUE
    assert check_subscription(PURCHASE) == PURCHASE


def test_fewer_units_than_the_offer_asks_for_are_refused() -> None:
    with pytest.raises(Refusal, match="300") as refused:
        check_subscription(replace(PURCHASE, offer_minimum=300))
    assert refused.value.reason is Reason.BELOW_OFFER_MINIMUM


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("enabled", SubscriptionStatus.ENABLED),
        ("Locked Out", SubscriptionStatus.LOCKED_OUT),
        ("Active", SubscriptionStatus.ENABLED),
        ("Expired", SubscriptionStatus.WARNING),
        ("Disabled", SubscriptionStatus.SUSPENDED),
    ],
)
def test_states_are_read_in_graphs_and_in_commerces_words(
    text: str, status: SubscriptionStatus
) -> None:
    assert parse_status(text) is status


def test_another_state_is_refused() -> None:
    with pytest.raises(Refusal, match="paused"):
        parse_status("paused")


@pytest.mark.parametrize(
    "text", ["2026-11-21", "2026-11-21T00:00:00", "2026-11-21T00:00:00Z", "2026-11-21T01:00+01:00"]
)
def test_dates_and_times_are_read_as_utc(text: str) -> None:
    assert parse_moment(text, name="startsAt") == datetime(2026, 11, 21, tzinfo=UTC)


def test_a_time_before_the_calendar_is_refused() -> None:
    with pytest.raises(Refusal, match="startsAt"):
        parse_moment("0001-01-01T00:00:00+14:00", name="startsAt")


def test_another_date_is_refused_by_field() -> None:
    with pytest.raises(Refusal, match=r"startsAt is “21\.11\.2026”"):
        parse_moment("21.11.2026", name="startsAt")


def test_the_seats_of_a_product_end_with_the_last_purchase_unless_one_goes_on() -> None:
    first, last = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    ending = [
        replace(PURCHASE, next_lifecycle_at=first),
        replace(PURCHASE, next_lifecycle_at=last, status=SubscriptionStatus.WARNING),
    ]
    gone = replace(PURCHASE, status=SubscriptionStatus.DELETED)
    assert last_end([*ending, gone]) == last
    assert last_end([*ending, PURCHASE]) is None
    assert last_end([*ending, replace(PURCHASE, next_lifecycle_at=first, renews=True)]) is None
    assert last_end([gone]) is None
