"""The true-up statement: how many seats of each product were in use, month by month.

Months are calendar months in UTC. A peak is the highest number of people who held the product at
one moment; the average weighs each number with the time that it lasted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

MONTHS_MAX: Final = 60
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def following(self) -> Month:
        """The month after it."""
        if self.month == 12:
            return Month(year=self.year + 1, month=1)
        return Month(year=self.year, month=self.month + 1)

    def __str__(self) -> str:
        """As `2026-11`."""
        return f"{self.year:04}-{self.month:02}"


def month_of(moment: datetime) -> Month:
    """The month that a moment is in."""
    moment = moment.astimezone(UTC)
    return Month(year=moment.year, month=moment.month)


def parse_month(text: str, *, name: str) -> Month:
    """Read a month.

    Raises Refusal invalidValue, naming the parameter, for anything else.
    """
    found = _MONTH.fullmatch(text.strip())
    if found is None or not 1970 <= int(found[1]) < 9999:
        raise Refusal(
            Reason.INVALID_VALUE, f"{name} is “{text[:40]}”: give a month such as 2026-01."
        )
    return Month(year=int(found[1]), month=int(found[2]))


def months_between(first: Month, last: Month, *, now: datetime) -> tuple[Month, ...]:
    """The months of a statement, both ends included.

    Raises Refusal invalidValue for an end before the beginning, a month that has not begun, and
    too many months.
    """
    if last.begins > now:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"to is {last}, which has not begun: the last month that can be told is"
            f" {month_of(now)}.",
        )
    months: list[Month] = []
    month = first
    while month <= last and len(months) <= MONTHS_MAX:
        months.append(month)
        month = month.following
    if not 1 <= len(months) <= MONTHS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"from {first} to {last} are no 1 to {MONTHS_MAX} months: give an earlier month first,"
            f" and at most {MONTHS_MAX} of them.",
        )
    return tuple(months)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStep:
    """From this moment on a product had so many more seats bought, or fewer."""

    sku: SkuNo
    at: datetime
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseChange:
    """A row of the history about a purchase: its changed fields before and after, as text."""

    sku: SkuNo
    subscription_id: str
    at: datetime
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]

    @property
    def is_creation(self) -> bool:
        """Whether the purchase had nothing before."""
        return self.before.get("status", "") is None


def seat_steps(
    changes: Sequence[PurchaseChange],
    stored: Iterable[Subscription],
    *,
    counts: Callable[[SubscriptionStatus], bool],
) -> tuple[SeatStep, ...]:
    """When seats were bought and given back, from the history of the purchases, oldest first.

    A purchase that the history does not tell the making of counts from when it was stored.
    """
    by_purchase: dict[str, list[PurchaseChange]] = defaultdict(list)
    for change in changes:
        by_purchase[change.subscription_id].append(change)
    steps: list[SeatStep] = []
    for one in stored:
        own = by_purchase.get(str(one.subscription_id), [])
        if not own or not own[0].is_creation:
            own.insert(0, _made(one, own))
            by_purchase[str(one.subscription_id)] = own
    for own in by_purchase.values():
        steps += _steps_of(own, counts)
    return tuple(sorted(steps, key=lambda step: (step.sku, step.at)))


def _made(one: Subscription, later: Sequence[PurchaseChange]) -> PurchaseChange:
    """The making of a purchase: what it is now, but for what the rows since say it was before."""
    first: dict[str, str | None] = {"units": str(one.units), "status": one.status.value}
    for change in reversed(later):
        first |= {name: value for name, value in change.before.items() if name in first}
    return PurchaseChange(
        sku=one.sku_no,
        subscription_id=str(one.subscription_id),
        at=one.created_at,
        before={},
        after=first,
    )


def _steps_of(
    changes: Sequence[PurchaseChange], counts: Callable[[SubscriptionStatus], bool]
) -> Iterator[SeatStep]:
    units, status, before = 0, SubscriptionStatus.ENABLED, 0
    for change in changes:
        units = int(change.after.get("units", str(units)) or 0)
        text = change.after.get("status", status.value)
        status = SubscriptionStatus(text) if text else SubscriptionStatus.DELETED
        seats = units if counts(status) else 0
        if seats != before:
            yield SeatStep(sku=change.sku, at=change.at, seats=seats - before)
        before = seats


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfSeats:
    """A product in a month; in a month that runs, all of it is about the time until now.

    `over_seats` is by how many the seats in use were more than those bought, at the worst moment;
    `bought_seats` are those bought at the month's end.
    """

    sku: SkuNo
    month: Month
    peak_seats: int
    peak_at: datetime
    average_seats: float
    bought_seats: int
    over_seats: int
    over_at: datetime | None
    is_running: bool
