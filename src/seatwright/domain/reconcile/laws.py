"""The catalogue's rules in the form in which they are asked thousands of times a second.

Compiled once per catalogue object and remembered. Sets of service plans repeat (a tenant with a
million people has a few thousand), so the answer for each set is remembered too.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, service_plan_numbers
from seatwright.domain.reconcile.world import Catalog

_CATALOGS_MAX: Final = 64
"""Catalogues remembered at once; compiling one takes well under a millisecond."""

_ANSWERS_MAX: Final = 50_000
"""Answers remembered per catalogue before memory is given back."""


class Profile(NamedTuple):
    """What the rules say of one set of service plans.

    `conflicts` are the service plans that cannot go with it. `needs` are the any-of sets of its
    dependencies that it does not satisfy by itself (GBL-094).
    """

    conflicts: ServicePlanBits
    needs: tuple[ServicePlanBits, ...]


class Prohibition(NamedTuple):
    """What may not be used in one location: whole SKUs, and single service plans."""

    skus: frozenset[SkuNo]
    service_plans: ServicePlanBits


_NOTHING_PROHIBITED: Final = Prohibition(frozenset(), NO_SERVICE_PLANS)


class Laws:
    """One catalogue's rules, compiled; it only remembers, it never changes its answers."""

    __slots__ = ("_excluded_by", "_profiles", "_prohibitions", "catalog", "unassignable")

    def __init__(self, catalog: Catalog) -> None:
        """Compile a catalogue."""
        self.catalog = catalog
        self.unassignable = frozenset(
            facts.sku for facts in catalog.skus.values() if not facts.is_assignable_to_users
        )
        self._excluded_by = _excluded_by(catalog)
        self._profiles: dict[ServicePlanBits, Profile] = {}
        self._prohibitions: dict[str | None, Prohibition] = {None: _NOTHING_PROHIBITED}

    def profile(self, bits: ServicePlanBits) -> Profile:
        """Give what the rules say of a set of service plans."""
        known = self._profiles.get(bits)
        if known is None:
            if len(self._profiles) >= _ANSWERS_MAX:
                self._profiles.clear()
            known = self._profiles[bits] = Profile(self._conflicts(bits), self._needs(bits))
        return known

    def prohibited_in(self, location: str | None) -> Prohibition:
        """Give what may not be used in a location; nothing is prohibited where none is known."""
        known = self._prohibitions.get(location)
        if known is None and location is not None:
            known = self._prohibitions[location] = self._prohibition(location)
        return known or _NOTHING_PROHIBITED

    def service_plans_of(self, sku: SkuNo) -> ServicePlanBits:
        """Give the service plans of a SKU; none if the catalogue no longer has it."""
        facts = self.catalog.skus.get(sku)
        return NO_SERVICE_PLANS if facts is None else facts.service_plans

    def _conflicts(self, bits: ServicePlanBits) -> ServicePlanBits:
        found = 0
        for number, excluded in self._excluded_by:
            if bits >> number & 1:
                found |= excluded
        return ServicePlanBits(found)

    def _needs(self, bits: ServicePlanBits) -> tuple[ServicePlanBits, ...]:
        return tuple(
            dependency.any_of
            for dependency in self.catalog.dependencies
            if bits & dependency.service_plans and not bits & dependency.any_of
        )

    def _prohibition(self, location: str) -> Prohibition:
        skus = frozenset(
            facts.sku
            for facts in self.catalog.skus.values()
            if location in facts.prohibited_locations
        )
        plans = self.catalog.prohibited_service_plans.get(location, NO_SERVICE_PLANS)
        return Prohibition(skus, plans)


def _excluded_by(catalog: Catalog) -> tuple[tuple[int, int], ...]:
    """Give, per service plan number that occurs in an exclusion, what it excludes.

    A service plan never excludes itself: the same one from several SKUs is fine (PLN-001).
    """
    excluded: dict[int, int] = {}
    for left, right in catalog.exclusions:
        for ours, theirs in ((left, right), (right, left)):
            for number in service_plan_numbers(ours):
                others = theirs & ~(1 << number)
                excluded[number] = excluded.get(number, 0) | others
    return tuple(sorted(excluded.items()))


@lru_cache(maxsize=_CATALOGS_MAX)
def laws_of(catalog: Catalog) -> Laws:
    """Give the compiled rules of a catalogue, compiled at most once per catalogue object."""
    return Laws(catalog)
