"""Subscriptions: commercial purchases of a SKU, and how they add up to its prepaid units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.catalog import PrepaidUnits
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.offers import OfferType


@unique
class SubscriptionStatus(StrEnum):
    """The states of a purchase, in the order it passes them without renewal (SUB-002)."""

    ENABLED = "Enabled"
    WARNING = "Warning"
    SUSPENDED = "Suspended"
    LOCKED_OUT = "LockedOut"
    DELETED = "Deleted"


SUBSCRIPTIONS_MAX: Final = 300
"""Microsoft's own limit for a tenant (SUB-005)."""

UNITS_MAX: Final = 10_000_000
"""Above any organization, and low enough that seats of all subscriptions never overflow."""

MONTHS_MAX: Final = 60
"""The longest term and billing cycle."""

YEAR_MIN, YEAR_MAX = 1970, 9900
"""Years of a purchase's dates: terms after the last of them still have dates."""

RESOLVE_WITHIN: Final = timedelta(days=90)
"""How long an over-assigned product may stay so: nobody loses service before (SKU-014)."""

_LIVING: Final = frozenset({SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING})
_CURRENCY = re.compile(r"[A-Z]{3}")
_PRICE_MAX: Final = Decimal(10) ** 10
_PRICE_STEP: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One commercial purchase of a SKU.

    `units` counts licenses; `unit_price` is for one license and `currency` its ISO 4217 code.
    Fewer than `offer_minimum` units cannot be kept, nor fewer than the `included_units` that come
    with the offer (T-144). `next_lifecycle_at` is when the state changes next; while it is Enabled
    that is the end of its term, which then begins anew if it `renews`. `has_started` is false
    before `starts_at`: its units are no seats until then.
    """

    subscription_id: UUID
    sku_no: SkuNo
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
    offer_type: OfferType = OfferType.BUSINESS
    renews: bool = False
    term_months: int = 12
    billing_months: int = 1
    term_starts_at: datetime | None = None
    cancelled_at: datetime | None = None
    has_started: bool = True

    @property
    def units_min(self) -> int:
        """How few units the offer allows (T-140, T-144)."""
        return max(self.offer_minimum, self.included_units)


def prepaid_units(subscriptions: Iterable[Subscription]) -> PrepaidUnits:
    """Add the purchases of one SKU up by state (SKU-013); deleted ones are gone (SUB-015)."""
    totals = dict.fromkeys(SubscriptionStatus, 0)
    for one in subscriptions:
        if one.has_started:
            totals[one.status] += one.units
    return PrepaidUnits(
        enabled=totals[SubscriptionStatus.ENABLED],
        warning=totals[SubscriptionStatus.WARNING],
        suspended=totals[SubscriptionStatus.SUSPENDED],
        locked_out=totals[SubscriptionStatus.LOCKED_OUT],
    )


def last_end(bought: Iterable[Subscription]) -> datetime | None:
    """When the last of what was bought of a SKU ends; None where some goes on, or nothing is left.

    A purchase goes on that renews by itself, or has no end. One that begins later counts too.
    """
    ends: list[datetime] = []
    for one in bought:
        if one.status not in _LIVING:
            continue
        if one.next_lifecycle_at is None or one.renews:
            return None
        ends.append(one.next_lifecycle_at)
    return max(ends, default=None)


def check_subscription(one: Subscription, *, is_external: bool = False) -> Subscription:
    """Give back a subscription that can be.

    What happened outside, at the seller, may have fewer units than the offer asks for.

    Raises Refusal invalidValue for a value out of its range, and belowOfferMinimum for fewer
    units than the offer allows.
    """
    problem = _misfit(one) or _misdated(one)
    if problem is not None:
        raise Refusal(Reason.INVALID_VALUE, problem)
    if one.units < one.units_min and one.status in _LIVING and not is_external:
        asks = "asks for" if one.offer_minimum == one.units_min else "includes"
        raise Refusal(
            Reason.BELOW_OFFER_MINIMUM,
            f"{one.units} units are fewer than the {one.units_min} that the offer {asks}:"
            f" keep at least {one.units_min}.",
            context={
                "units": one.units,
                "offerMinimum": one.offer_minimum,
                "includedUnits": one.included_units,
            },
        )
    return one


def _misfit(one: Subscription) -> str | None:
    counts = (
        ("units", one.units),
        ("offerMinimum", one.offer_minimum),
        ("includedUnits", one.included_units),
    )
    for name, count in counts:
        if not 0 <= count <= UNITS_MAX:
            return f"{name} is {count}: give a whole number from 0 to {UNITS_MAX}."
    for name, months in (("termMonths", one.term_months), ("billingMonths", one.billing_months)):
        if not 1 <= months <= MONTHS_MAX:
            return f"{name} is {months}: give a whole number from 1 to {MONTHS_MAX}."
    if one.unit_price is not None and not _is_price(one.unit_price):
        return (
            f"unitPrice is {one.unit_price}: give the price of one license, 0 or more, with at"
            " most four digits after the point."
        )
    if one.currency is not None and not _CURRENCY.fullmatch(one.currency):
        return f"currency is “{one.currency}”: give a code of three letters such as EUR."
    if one.unit_price is not None and one.currency is None:
        return "unitPrice has no currency: give its code of three letters such as EUR."
    return None


def _misdated(one: Subscription) -> str | None:
    for name, at in (("startsAt", one.starts_at), ("nextLifecycleAt", one.next_lifecycle_at)):
        if at is not None and not YEAR_MIN <= at.year <= YEAR_MAX:
            day = at.date().isoformat()
            return f"{name} is {day}: give a year from {YEAR_MIN} to {YEAR_MAX}."
    if one.next_lifecycle_at is not None and one.next_lifecycle_at < one.starts_at:
        return "nextLifecycleAt is before startsAt: give the date on which the status changes next."
    return None


def _is_price(price: Decimal) -> bool:
    in_range = price.is_finite() and 0 <= price < _PRICE_MAX
    return in_range and price == price.quantize(_PRICE_STEP)


def parse_status(text: str) -> SubscriptionStatus:
    """Read a status, whatever the case; commerce's own names are taken too (SUB-010).

    Raises Refusal invalidValue for another word.
    """
    status = _STATUS_OF_WORD.get(text.strip().casefold().replace(" ", ""))
    if status is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"status is “{text}”: give one of {', '.join(SubscriptionStatus)}.",
        )
    return status


_STATUS_OF_WORD = {status.value.casefold(): status for status in SubscriptionStatus} | {
    "active": SubscriptionStatus.ENABLED,
    "expired": SubscriptionStatus.WARNING,
    "disabled": SubscriptionStatus.SUSPENDED,
}


def parse_offer_type(text: str) -> OfferType:
    """Read a kind of offer, whatever the case.

    Raises Refusal invalidValue for another word.
    """
    try:
        return OfferType(text.strip().casefold())
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"offerType is “{text}”: give one of {', '.join(OfferType)}.",
        ) from None


def parse_moment(text: str, *, name: str) -> datetime:
    """Read a date or a time in ISO 8601; what names no offset is UTC.

    Raises Refusal invalidValue, naming the field, for anything else.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is “{text}”: give a date such as 2026-11-21, or a time such as"
            " 2026-11-21T09:00:00Z.",
        ) from None
