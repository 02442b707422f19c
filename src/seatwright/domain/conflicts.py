"""Conflicts: what people have twice, lack, or have in two ways.

What is had twice (the same service, or a lower tier of it, from two products, T-179) is a warning,
never a refusal: products that exclude one another are the engine's business, those that only
overlap cost money (C-28). What the whole organization has anyway never counts (REF-018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.errors import Reason
from seatwright.domain.ids import (
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile.rows import union
from seatwright.domain.tenant_catalog import TenantCatalog


@unique
class ConflictKind(StrEnum):
    """What is at odds; the order is that of the list."""

    INSUFFICIENT_SEATS = "insufficientSeats"
    """A product with fewer seats than people who should have one (T-181)."""

    EXCLUSION = "exclusion"
    """Two products of one person with service plans that exclude each other."""

    DEPENDENCY_MISSING = "dependencyMissing"
    USAGE_LOCATION_MISSING = "usageLocationMissing"
    USAGE_LOCATION_PROHIBITED = "usageLocationProhibited"

    DUPLICATE = "duplicate"
    """A service that a person has from two products (T-179, T-212)."""

    DIRECT_BESIDE_INHERITED = "directBesideInherited"
    """A person's own assignment of what a group gives them too."""


REASON_OF_KIND: Final[Mapping[ConflictKind, Reason]] = {
    ConflictKind.EXCLUSION: Reason.CONFLICTING_SERVICE_PLANS,
    ConflictKind.DEPENDENCY_MISSING: Reason.DEPENDENCY_MISSING,
    ConflictKind.USAGE_LOCATION_MISSING: Reason.USAGE_LOCATION_MISSING,
    ConflictKind.USAGE_LOCATION_PROHIBITED: Reason.USAGE_LOCATION_PROHIBITED,
}
"""The kinds that are errors of the engine. A failed sibling is none: it goes with its cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOverlap:
    """A service plan of one held product that another held product covers.

    `covered_by` is the same service plan, or one of a higher tier of the same service.
    """

    sku: SkuNo
    service_plan: ServicePlanNo
    covering_sku: SkuNo
    covered_by: ServicePlanNo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """Which service plans cover which, made once for a version of a catalogue.

    `covers[p]` is the set of the service plans whose holder needs no p: p itself and the higher
    tiers of its services. `lower` is the set of those that have a higher tier. `counted` is the set
    of those that can be had twice at all.
    """

    covers: Mapping[ServicePlanNo, ServicePlanBits]
    lower: ServicePlanBits
    counted: ServicePlanBits


def coverage_of(catalog: TenantCatalog) -> Coverage:
    """Work out which service plans of a catalogue cover which."""
    services: dict[str, list[tuple[int, ServicePlanNo]]] = defaultdict(list)
    for entry in catalog.tiers:
        services[entry.service].append((entry.tier, entry.service_plan_no))
    covers = {no: 1 << no for no in catalog.service_plans}
    for tiers in services.values():
        for tier, plan in tiers:
            for other_tier, other in tiers:
                if other_tier > tier:
                    covers[plan] |= 1 << other
    counted = sum(1 << no for no, plan in catalog.service_plans.items() if plan.counts_as_duplicate)
    return Coverage(
        covers={no: ServicePlanBits(bits) for no, bits in covers.items()},
        lower=ServicePlanBits(sum(1 << no for no, bits in covers.items() if bits != 1 << no)),
        counted=ServicePlanBits(counted),
    )


def overlaps_of(
    held: Mapping[SkuNo, ServicePlanBits], coverage: Coverage
) -> tuple[ServiceOverlap, ...]:
    """Find what somebody who holds these products, with these service plans on, has twice.

    The same service plan in two products is told once, of the smaller product; the covering
    service plan named is the first of those that cover.
    """
    found = []
    skus = _smallest_first(held)
    for place, sku in enumerate(skus):
        others = union(held[other] for other in skus if other != sku)
        # Few service plans can be covered: those that another product has too, and lower tiers.
        possible = held[sku] & coverage.counted & (others | coverage.lower)
        for plan in service_plan_numbers(ServicePlanBits(possible)):
            for other_place, other in enumerate(skus):
                covering = held[other] & coverage.covers[plan]
                is_same = bool(held[other] >> plan & 1)
                if other == sku or not covering or (is_same and other_place < place):
                    continue
                by = plan if is_same else service_plan_numbers(ServicePlanBits(covering))[0]
                found.append(
                    ServiceOverlap(sku=sku, service_plan=plan, covering_sku=other, covered_by=by)
                )
    return tuple(found)


def removable_skus(held: Mapping[SkuNo, ServicePlanBits], coverage: Coverage) -> tuple[SkuNo, ...]:
    """Give products that could go, all of them together, without a service being lost (T-180).

    Only a suggestion. Small products are tried first, so that a stand-alone product goes before
    the suite that covers it; of two alike the one with the greater number goes.
    """
    kept = dict(held)
    removable = []
    for sku in _smallest_first(held):
        wanted = held[sku] & coverage.counted
        others = union(plans for other, plans in kept.items() if other != sku)
        numbers = service_plan_numbers(ServicePlanBits(wanted))
        if numbers and all(others & coverage.covers[plan] for plan in numbers):
            del kept[sku]
            removable.append(sku)
    return tuple(sorted(removable))


def _smallest_first(held: Mapping[SkuNo, ServicePlanBits]) -> list[SkuNo]:
    """Order products by how much they give; of two alike the later one first."""
    return sorted(held, key=lambda sku: (held[sku].bit_count(), -sku))
