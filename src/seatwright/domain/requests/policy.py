"""Request policies: who decides about a product, by when, and what needs nobody's decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum, unique
from fractions import Fraction
from typing import Final

from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.roles import Permission, Role, permissions_of
from seatwright.domain.settings import setting_value

DEFAULT_SKU: Final = SkuNo(0)
"""Under which the policy of all products without one of their own is stored."""

PENDING_DAYS_DEFAULT: Final = 365
"""Twelve months, as Microsoft's later documentation has it (C-09)."""

MANAGER_LEVEL_MAX: Final = 5
PEOPLE_MAX: Final = 50
"""Approvers by name; more belong into a group."""


@unique
class ApproverKind(StrEnum):
    """What kind of people decide."""

    MANAGER = "manager"
    PEOPLE = "people"
    GROUP = "group"
    ROLES = "roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Who decides: the manager some levels up, people by name, a group, or who has a role."""

    kind: ApproverKind
    level: int = 1
    users: tuple[UserNo, ...] = ()
    group: GroupNo | None = None
    roles: tuple[Role, ...] = ()


@unique
class Part(IntEnum):
    """Which of a policy's approvers; the number is how it is stored."""

    APPROVERS = 0
    FALLBACK = 1
    ALTERNATE = 2


@unique
class DeciderKind(IntEnum):
    """Who decides about a line, as it is stored."""

    ADMINISTRATORS = 0
    PERSON = 1
    POLICY = 2


@dataclass(frozen=True, slots=True, order=True)
class Decider:
    """Who decides about a line, beside the administrators who always may."""

    kind: DeciderKind
    no: int = 0


ADMINISTRATORS: Final = Decider(DeciderKind.ADMINISTRATORS)


def part_decider(sku: SkuNo, part: Part) -> Decider:
    """Whom a part of the policy stored under a product says, whoever that is when it is asked."""
    return Decider(DeciderKind.POLICY, sku * 4 + part)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPolicy:
    """How requests for a product are decided; `sku` is `DEFAULT_SKU` for all others' policy.

    `is_open`: it can be asked for at all (C-11). `approves_while_free`: nobody needs to decide
    while so many seats would stay free; `approves_within`: nor while what requests gave of the
    product costs no more than this each month. `license_days`: for how long an approval gives it
    (T-037).
    """

    sku: SkuNo = DEFAULT_SKU
    is_open: bool = True
    needs_justification: bool = True
    approvers: Approvers = field(
        default_factory=lambda: Approvers(kind=ApproverKind.MANAGER, level=1)
    )
    fallback: Approvers | None = None
    alternate: Approvers | None = None
    alternate_after_hours: int | None = None
    approves_while_free: int | None = None
    approves_within: Decimal | None = None
    pending_days: int = PENDING_DAYS_DEFAULT
    license_days: int | None = None
    changed_at: datetime | None = None

    def part(self, part: Part) -> Approvers | None:
        """The approvers of a part, None where it says none."""
        return (self.approvers, self.fallback, self.alternate)[part]

    def parts(self) -> Mapping[Part, Approvers]:
        """The parts that say somebody."""
        said = {part: self.part(part) for part in Part}
        return {part: one for part, one in said.items() if one is not None}

    def due_at(self, now: datetime, *, wished_end: datetime | None = None) -> datetime:
        """When a request that is made now expires without a decision: with what it wishes."""
        due = now + timedelta(days=self.pending_days)
        return due if wished_end is None else min(due, wished_end)

    def escalates_at(self, now: datetime) -> datetime | None:
        """When its alternate may decide too."""
        hours = self.alternate_after_hours
        return None if hours is None else now + timedelta(hours=hours)

    def ends_at(self, begins: datetime, asked: datetime | None) -> datetime | None:
        """When what is given now ends: as asked, but never later than the policy's days allow."""
        if self.license_days is None:
            return asked
        most = begins + timedelta(days=self.license_days)
        return most if asked is None else min(asked, most)


SHIPPED: Final = RequestPolicy()
"""What counts in a tenant that has changed nothing: the manager, else the administrators."""


def deciding_roles() -> tuple[Role, ...]:
    """The roles that may always decide (C-10)."""
    return tuple(r for r in Role if Permission.DECIDE_ANY_REQUEST in permissions_of((r,)))


def hold_time(settings: Mapping[str, object]) -> timedelta:
    """For how long a seat is held; zero: none is."""
    hours = setting_value(settings, "requestHoldHours")
    assert isinstance(hours, int), "the setting's check lets only numbers by"
    return timedelta(hours=hours)


def open_max(settings: Mapping[str, object]) -> int:
    """How many requests somebody may have open who cannot decide about everybody's."""
    most = setting_value(settings, "requestsOpenMax")
    assert isinstance(most, int), "the setting's check lets only numbers by"
    return most


def hold_share(settings: Mapping[str, object]) -> Fraction:
    """The most of a pool's free seats that holds of requests may take together."""
    percent = setting_value(settings, "requestHoldPercentMax")
    assert isinstance(percent, int), "the setting's check lets only numbers by"
    return Fraction(percent, 100)
