"""The catalogue: SKUs, their service plans, what is known about both, and the seats of a SKU.

Here everything goes by its public UUID. The engine's dense numbers are given out per tenant, when
the catalogue is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import NewType
from uuid import UUID

SkuId = NewType("SkuId", UUID)
ServicePlanId = NewType("ServicePlanId", UUID)


@unique
class AppliesTo(StrEnum):
    """Who has it: a person or the whole organization. Only User SKUs are assigned (SKU-003)."""

    USER = "User"
    COMPANY = "Company"


@unique
class SkuOrigin(StrEnum):
    """Where a product of the catalogue came from."""

    SHIPPED = "shipped"
    IMPORTED = "imported"
    OWN = "own"


@unique
class CapabilityStatus(StrEnum):
    """The state of all units of a SKU together (SKU-004)."""

    ENABLED = "Enabled"
    WARNING = "Warning"
    SUSPENDED = "Suspended"
    DELETED = "Deleted"
    LOCKED_OUT = "LockedOut"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """One capability inside a SKU that an assignment may switch off.

    `counts_as_duplicate` is false for what every organization has anyway (T-179, REF-018).
    """

    service_plan_id: ServicePlanId
    name: str
    display_name: str
    applies_to: AppliesTo = AppliesTo.USER
    counts_as_duplicate: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A product that can be bought.

    `in_strategy_scope` says whether the assignment strategies of the sources apply to it, and
    `scope_note` why or why not (T-005 to T-011). `aliases` are other part numbers that people
    use for it (T-119). `service_plan_ids` are in the order in which they are shown.
    """

    sku_id: SkuId
    part_number: str
    display_name: str
    applies_to: AppliesTo
    origin: SkuOrigin
    service_plan_ids: tuple[ServicePlanId, ...]
    is_legacy: bool = False
    in_strategy_scope: bool = True
    scope_note: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def is_assignable_to_users(self) -> bool:
        """Whether people can have it at all (SKU-003)."""
        return self.applies_to is AppliesTo.USER


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTier:
    """Where a service plan stands within its service: a higher tier covers the lower ones."""

    service: str
    tier: int
    service_plan_id: ServicePlanId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionSet:
    """Service plans of which a person may hold at most one (PLN-001)."""

    name: str
    service_plan_ids: frozenset[ServicePlanId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlanDependency:
    """Whoever has the service plan needs any one of `needs_any_of` (PLN-020 to PLN-027)."""

    service_plan_id: ServicePlanId
    needs_any_of: frozenset[ServicePlanId]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogContent:
    """Everything a catalogue holds: what ships with seatwright, or what a tenant has."""

    skus: tuple[Sku, ...]
    service_plans: tuple[ServicePlan, ...]
    service_tiers: tuple[ServiceTier, ...] = ()
    exclusions: tuple[ExclusionSet, ...] = ()
    dependencies: tuple[ServicePlanDependency, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidUnits:
    """Units bought, by state (SKU-005, SKU-006): `warning` is expired and in grace."""

    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0


def lookup_key(text: str) -> str:
    """Give the form in which part numbers, aliases and service plan names are compared.

    Case never matters, and neither do blanks around it or of another kind: Microsoft's own table
    has part numbers that end in a non-breaking space (REF-014).
    """
    return " ".join(text.split()).casefold()


def seats_assignable(*, enabled: int, warning: int) -> int:
    """Give the seats that may be in use: units in grace still work (CON-07, SUB-012)."""
    return enabled + warning


def seats_free(*, assignable: int, consumed: int, reserved: int) -> int:
    """Give the seats that are left; below zero when a SKU is over-assigned (SKU-014).

    This is the one place that knows the formula: assignable - consumed - reserved.
    """
    return assignable - consumed - reserved


def capability_status(units: PrepaidUnits) -> CapabilityStatus:
    """Sum up the units of a SKU: the best state that any unit is in (SKU-004)."""
    if units.enabled > 0:
        return CapabilityStatus.ENABLED
    if units.warning > 0:
        return CapabilityStatus.WARNING
    if units.suspended > 0:
        return CapabilityStatus.SUSPENDED
    if units.locked_out > 0:
        return CapabilityStatus.LOCKED_OUT
    return CapabilityStatus.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuGrowth:
    """A known SKU and the service plans that it gained."""

    sku_id: SkuId
    service_plan_ids: tuple[ServicePlanId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogAdditions:
    """What a table brings to a catalogue that it did not have."""

    skus: tuple[Sku, ...]
    service_plans: tuple[ServicePlan, ...]
    growths: tuple[SkuGrowth, ...]


def additions_of(table: CatalogContent, *, to: CatalogContent) -> CatalogAdditions:
    """Give what a table adds to a catalogue, by id: never a second SKU for a known one (REF-010).

    Names, scope and origin of what is known stay, and so does every service plan that it holds:
    Microsoft's table may lag behind (REF-007), and taking a service plan out of a product would
    take it from people.
    """
    known = {sku.sku_id: frozenset(sku.service_plan_ids) for sku in to.skus}
    known_plans = {plan.service_plan_id for plan in to.service_plans}
    growths = (
        SkuGrowth(
            sku_id=sku.sku_id,
            service_plan_ids=tuple(
                plan for plan in sku.service_plan_ids if plan not in known[sku.sku_id]
            ),
        )
        for sku in table.skus
        if sku.sku_id in known
    )
    return CatalogAdditions(
        skus=tuple(sku for sku in table.skus if sku.sku_id not in known),
        service_plans=tuple(
            plan for plan in table.service_plans if plan.service_plan_id not in known_plans
        ),
        growths=tuple(growth for growth in growths if growth.service_plan_ids),
    )
