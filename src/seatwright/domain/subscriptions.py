"""Subscriptions: commercial purchases of a SKU, and how they add up to its prepaid units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.catalog import PrepaidUnits, SkuId


@unique
class SubscriptionStatus(StrEnum):
    """The states of a purchase, in the order it passes them without renewal (SUB-002)."""

    ENABLED = "Enabled"
    WARNING = "Warning"
    SUSPENDED = "Suspended"
    LOCKED_OUT = "LockedOut"
    DELETED = "Deleted"


ASSIGNABLE_STATUSES: Final = frozenset({SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING})
"""Only units of these states are seats: Warning is grace, in which all works (SUB-012, CON-07)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One commercial purchase of a SKU.

    `units` counts licenses; `unit_price` is for one license and `currency` its ISO 4217 code.
    Fewer than `offer_minimum` units cannot be kept; `included_units` come with the offer.
    """

    subscription_id: UUID
    sku_id: SkuId
    units: int
    status: SubscriptionStatus
    starts_at: datetime
    created_at: datetime
    next_lifecycle_at: datetime | None = None
    external_id: str | None = None
    unit_price: Decimal | None = None
    currency: str | None = None
    offer_minimum: int = 0
    included_units: int = 0
    is_trial: bool = False


def units_assignable(status: SubscriptionStatus, units: int) -> int:
    """Give how many of a purchase's units are seats, given its status."""
    return units if status in ASSIGNABLE_STATUSES else 0


def prepaid_units(subscriptions: Iterable[Subscription]) -> PrepaidUnits:
    """Add the purchases of one SKU up by state (SKU-013); deleted ones are gone (SUB-015)."""
    totals = dict.fromkeys(SubscriptionStatus, 0)
    for one in subscriptions:
        totals[one.status] += one.units
    return PrepaidUnits(
        enabled=totals[SubscriptionStatus.ENABLED],
        warning=totals[SubscriptionStatus.WARNING],
        suspended=totals[SubscriptionStatus.SUSPENDED],
        locked_out=totals[SubscriptionStatus.LOCKED_OUT],
    )
