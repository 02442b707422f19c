"""Auto-claim policies: what a person who opens an app and lacks a license is given, and on what
terms.

Facts: `strategies.md` §1. A policy is for one auto-claim app, has a primary product and up to four
backups in order, and each has its own choice of service plans (A-09, A-14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Final, NewType
from uuid import UUID

from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo
from seatwright.domain.platform import (
    POWER_APPS,
    POWER_AUTOMATE,
    POWER_AUTOMATE_RPA,
    AutoClaimApp,
)

PolicyNo = NewType("PolicyNo", int)

BACKUPS_MAX: Final = 4
"""A policy has one primary product and at most this many behind it (A-09)."""

NAME_LENGTH_MAX: Final = 120
CLAIMS_MAX_MAX: Final = 1_000_000
RELEASE_DAYS_MAX: Final = 3650
NOTICE_DAYS_DEFAULT: Final = 7
NOTICE_DAYS_MAX: Final = 90


@unique
class EnvironmentScope(StrEnum):
    """In which environments a policy gives licenses: exactly two values (A-34, T-113)."""

    ALL_ENVIRONMENTS = "allEnvironments"
    ONLY_MANAGED_ENVIRONMENTS = "onlyManagedEnvironments"


@unique
class PolicyOrigin(StrEnum):
    """Who made a policy: an administrator, or seatwright when the tenant first had the fact."""

    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


@unique
class TenantFact(StrEnum):
    """What brings default policies when it first holds (A-29, A-31 to A-33)."""

    MANAGED_ENVIRONMENT = "managedEnvironment"
    PREMIUM_SUBSCRIPTION = "premiumSubscription"


@unique
class PolicyStatus(StrEnum):
    """What the list says of a policy; while the feature is off, that is what counts."""

    ON = "on"
    OFF = "off"
    FEATURE_OFF = "feature off"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoClaimPair:
    """An app of Microsoft's with the one product that its policy begins with (T-100, T-101)."""

    app: AutoClaimApp
    title: str
    part_number: str
    default_name: str


PAIRS: Final = (
    AutoClaimPair(
        app=POWER_APPS,
        title="Power Apps per User Plan",
        part_number="POWERAPPS_PER_USER",
        default_name="Auto-Created Policy for PowerApps",
    ),
    AutoClaimPair(
        app=POWER_AUTOMATE,
        title="Power Automate per User Plan",
        part_number="FLOW_PER_USER",
        default_name="Auto-Created Policy for Power Automate",
    ),
    AutoClaimPair(
        app=POWER_AUTOMATE_RPA,
        title="Power Automate RPA Attended",
        part_number="POWER_AUTOMATE_ATTENDED_RPA",
        default_name="Auto-Created Policy for Power Automate RPA",
    ),
)
"""Microsoft's three, in the order in which they are listed; part numbers may be aliases (T-119)."""

PAIR_OF: Final = {pair.app: pair for pair in PAIRS}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProduct:
    """One product of a policy and the service plans that a claim of it leaves off."""

    sku: SkuNo
    disabled: ServicePlanBits


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An auto-claim policy as it is stored.

    `products` are in order: the first is the primary, the number of a backup is its place.
    `group` is where claims are delivered by membership; None: to the person directly.
    `limited_to`: only members of any of these groups claim; none: everybody. `claims_max` is how
    many people may hold what it gave at once. `release_after_days` without use take a claim back,
    announced `notice_days` before. Claims begin at `effective_from` (A-36, T-124).
    """

    policy_no: PolicyNo
    policy_id: UUID
    name: str
    app: AutoClaimApp
    products: tuple[PolicyProduct, ...]
    is_on: bool
    scope: EnvironmentScope
    group: GroupNo | None = None
    limited_to: frozenset[GroupNo] = frozenset()
    grants_requests: bool = True
    claims_max: int | None = None
    release_after_days: int | None = None
    notice_days: int = NOTICE_DAYS_DEFAULT
    alert_below: int | None = None
    effective_from: datetime
    origin: PolicyOrigin = PolicyOrigin.ADMINISTRATOR
    has_default_scope: bool = False
    created_at: datetime

    def status(self, *, is_feature_on: bool) -> PolicyStatus:
        """What the list says of it."""
        if not is_feature_on:
            return PolicyStatus.FEATURE_OFF
        return PolicyStatus.ON if self.is_on else PolicyStatus.OFF

    def backup_of(self, sku: SkuNo) -> int | None:
        """The place of a product: 0 is the primary; None when the policy does not have it."""
        places = (place for place, one in enumerate(self.products) if one.sku == sku)
        return next(places, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The tenant's switch, off until somebody turns it on (A-01).

    `version` rises with every change of the switch or of a policy, so that a process knows when
    what it keeps of them is old.
    """

    is_on: bool = False
    version: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One product of a policy moved by one place (A-11)."""

    sku: SkuNo
    is_up: bool


def moved(products: Sequence[PolicyProduct], step: Step) -> tuple[PolicyProduct, ...] | None:
    """The products after a step; None when the product is not there or is at that end already."""
    place = next((at for at, one in enumerate(products) if one.sku == step.sku), None)
    if place is None:
        return None
    other = place - 1 if step.is_up else place + 1
    if not 0 <= other < len(products):
        return None
    changed = list(products)
    changed[place], changed[other] = changed[other], changed[place]
    return tuple(changed)
