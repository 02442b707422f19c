"""Why a person could not be given a product, in whole sentences with names and what to do.

The engine knows numbers only; the caller brings the names of what it loaded. The context of a
refusal holds the numbers again, so that a surface can put its own ids into its own format (Graph
clients, say, look for the ids of both service plans, ERR-013 and ERR-014).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import (
    GroupNo,
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile.laws import Laws, laws_of
from seatwright.domain.reconcile.rows import union
from seatwright.domain.reconcile.world import Catalog, Pool, Snapshot, UserState


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people call the person and the things around them; numbers stand in for the rest."""

    user: str
    products: Mapping[SkuNo, str] = field(default_factory=dict)
    service_plans: Mapping[ServicePlanNo, str] = field(default_factory=dict)
    groups: Mapping[GroupNo, str] = field(default_factory=dict)

    def product(self, sku: SkuNo) -> str:
        """Give the name of a product."""
        return self.products.get(sku, f"product {sku}")

    def service_plan(self, number: ServicePlanNo) -> str:
        """Give the name of a service plan."""
        return self.service_plans.get(number, f"service plan {number}")

    def choice(self, bits: ServicePlanBits) -> str:
        """Give the names of service plans any of which will do."""
        return " or ".join(self.service_plan(n) for n in service_plan_numbers(bits))

    def group_list(self, sources: Iterable[Source]) -> str:
        """Give the names of the groups among some sources."""
        numbers = sorted(GroupNo(s.no) for s in sources if s.kind is SourceKind.GROUP)
        return ", ".join(self.groups.get(no, f"group {no}") for no in numbers)


class Conflict(NamedTuple):
    """Two service plans that exclude each other, and the product that has the other one."""

    ours: ServicePlanNo
    theirs: ServicePlanNo
    other_sku: SkuNo


class Gap(NamedTuple):
    """A service plan that lacks what it depends on, and the product that has it."""

    sku: SkuNo
    service_plan: ServicePlanNo
    any_of: ServicePlanBits


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One wish of one person that was not given: `user` as they would be after the reconcile.

    `bits` are the service plans that the wish leaves on; none if the wish is to remove.
    """

    user: UserState
    sku: SkuNo
    bits: ServicePlanBits
    snapshot: Snapshot
    names: Names

    @property
    def product(self) -> str:
        """The name of the product."""
        return self.names.product(self.sku)

    @property
    def laws(self) -> Laws:
        """The compiled rules of the catalogue."""
        return laws_of(self.snapshot.catalog)

    @property
    def location(self) -> str | None:
        """The usage location that counts."""
        return self.user.usage_location or self.snapshot.default_usage_location


def refusal(shortfall: Shortfall, reason: Reason) -> Refusal:
    """Turn the engine's reason into a refusal that names everything and says what to do."""
    match reason:
        case Reason.NO_SEAT_LEFT:
            return _no_seat_left(shortfall)
        case Reason.CONFLICTING_SERVICE_PLANS:
            return _conflicting(shortfall)
        case Reason.DEPENDENCY_MISSING:
            return _dependency_missing(shortfall)
        case Reason.USAGE_LOCATION_MISSING:
            return usage_location_missing(shortfall)
        case Reason.USAGE_LOCATION_PROHIBITED:
            return _usage_location_prohibited(shortfall)
        case Reason.NOT_ASSIGNABLE_TO_USERS:
            return not_assignable(shortfall.sku, names=shortfall.names)
        case Reason.SIBLING_FAILED:
            return _sibling_failed(shortfall)
        case _:
            raise ValueError(f"The engine does not answer “{reason}”.")


def usage_location_missing(shortfall: Shortfall) -> Refusal:
    """Refuse for want of a usage location (GBL-060, ERR-010)."""
    who = shortfall.names.user
    return Refusal(
        Reason.USAGE_LOCATION_MISSING,
        f"{who} has no usage location, so {shortfall.product} cannot be assigned directly. "
        f"Set the usage location of {who} (a two-letter country code) and assign again.",
        context={"sku": shortfall.sku},
    )


def not_assignable(sku: SkuNo, *, names: Names) -> Refusal:
    """Refuse a product that belongs to the company and not to a person (SKU-003)."""
    return Refusal(
        Reason.NOT_ASSIGNABLE_TO_USERS,
        f"{names.product(sku)} cannot be assigned to a user: it applies to the whole company. "
        "Choose a product that applies to users.",
        context={"sku": sku},
    )


def group_lacks_prerequisite(gap: Gap, *, names: Names) -> Refusal:
    """Refuse an add-on on a group that does not give what it depends on (GBL-091, ERR-026)."""
    dependent, product = names.service_plan(gap.service_plan), names.product(gap.sku)
    return Refusal(
        Reason.DEPENDENCY_MISSING,
        f"{names.user} cannot have {product}: its service plan {dependent} depends on "
        f"{names.choice(gap.any_of)}, which no product of this group gives. Add a product with "
        f"it to the group (all else in it may be off), or switch {dependent} off.",
        context=_gap_context(gap),
    )


def first_gap(
    catalog: Catalog, *, sku: SkuNo, bits: ServicePlanBits, available: ServicePlanBits
) -> Gap | None:
    """Find the first service plan of a product that lacks what it depends on."""
    for dependency in catalog.dependencies:
        dependents = service_plan_numbers(ServicePlanBits(bits & dependency.service_plans))
        if dependents and not available & dependency.any_of:
            return Gap(sku, dependents[0], dependency.any_of)
    return None


def _gap_context(gap: Gap) -> Mapping[str, object]:
    return {
        "sku": gap.sku,
        "servicePlan": gap.service_plan,
        "anyOf": service_plan_numbers(gap.any_of),
    }


def _no_seat_left(shortfall: Shortfall) -> Refusal:
    pool = _pool(shortfall)
    reserved = f" and {pool.reserved} reserved" if pool.reserved else ""
    free = pool.assignable - pool.consumed - pool.reserved
    if not pool.assignable and not pool.consumed:
        why = "there are none to assign. Buy seats, or renew a subscription that is suspended."
    else:
        used = f"{pool.consumed} of {pool.assignable} are in use{reserved}"
        if free > 0:
            used = f"the {free} that were free went to others in the same change"
        why = f"{used}. Buy more seats, or remove the product from someone who no longer needs it."
    return Refusal(
        Reason.NO_SEAT_LEFT,
        f"No seat of {shortfall.product} is left for {shortfall.names.user}: {why}",
        context={
            "sku": shortfall.sku,
            "assignable": pool.assignable,
            "consumed": pool.consumed,
            "reserved": pool.reserved,
        },
    )


def _pool(shortfall: Shortfall) -> Pool:
    pools = (pool for pool in shortfall.snapshot.pools if pool.sku == shortfall.sku)
    return next(pools, Pool(sku=shortfall.sku, assignable=0, consumed=0))


def _conflicting(shortfall: Shortfall) -> Refusal:
    who, product, names = shortfall.names.user, shortfall.product, shortfall.names
    conflict = _first_conflict(shortfall)
    if conflict is None:
        return Refusal(
            Reason.CONFLICTING_SERVICE_PLANS,
            f"{product} excludes another product that {who} is about to get. Assign one of them.",
            context={"sku": shortfall.sku},
        )
    ours, theirs = names.service_plan(conflict.ours), names.service_plan(conflict.theirs)
    other = names.product(conflict.other_sku)
    return Refusal(
        Reason.CONFLICTING_SERVICE_PLANS,
        f"{who} cannot have {product} beside {other}: the service plans {ours} (in {product}) and "
        f"{theirs} (in {other}) exclude each other. Switch one of the two off, or remove {other} "
        "in the same call.",
        context={
            "sku": shortfall.sku,
            "otherSku": conflict.other_sku,
            "servicePlans": (conflict.ours, conflict.theirs),
        },
    )


def _first_conflict(shortfall: Shortfall) -> Conflict | None:
    for ours in service_plan_numbers(shortfall.bits):
        excluded = shortfall.laws.profile(ServicePlanBits(1 << ours)).conflicts
        for held in sorted(shortfall.user.held, key=lambda held: held.sku):
            both = service_plan_numbers(ServicePlanBits(excluded & held.enabled))
            if held.sku != shortfall.sku and both:
                return Conflict(ours, both[0], held.sku)
    return None


def _dependency_missing(shortfall: Shortfall) -> Refusal:
    available = union((shortfall.bits, *(held.enabled for held in shortfall.user.held)))
    gap = first_gap(
        shortfall.snapshot.catalog, sku=shortfall.sku, bits=shortfall.bits, available=available
    )
    return _lacks_prerequisite(shortfall, gap) if gap else _is_needed(shortfall)


def _lacks_prerequisite(shortfall: Shortfall, gap: Gap) -> Refusal:
    who, names = shortfall.names.user, shortfall.names
    dependent = names.service_plan(gap.service_plan)
    return Refusal(
        Reason.DEPENDENCY_MISSING,
        f"{who} cannot have {shortfall.product}: its service plan {dependent} depends on "
        f"{names.choice(gap.any_of)}, which {who} does not have. Assign a product with it first "
        f"or in the same call, or switch {dependent} off.",
        context=_gap_context(gap),
    )


def _is_needed(shortfall: Shortfall) -> Refusal:
    """Refuse to take away what something else that the person holds depends on (CON-01)."""
    who, names = shortfall.names.user, shortfall.names
    gap = _gap_without(shortfall)
    if gap is None:
        return Refusal(
            Reason.DEPENDENCY_MISSING,
            f"{shortfall.product} of {who} cannot be changed: something that {who} holds depends "
            "on it. Remove what depends on it first.",
            context={"sku": shortfall.sku},
        )
    dependent, other = names.service_plan(gap.service_plan), names.product(gap.sku)
    return Refusal(
        Reason.DEPENDENCY_MISSING,
        f"{shortfall.product} cannot be taken from {who}: the service plan {dependent} (in "
        f"{other}) depends on {names.choice(gap.any_of)}. Remove {other} or switch {dependent} "
        "off in the same call.",
        context={**_gap_context(gap), "sku": shortfall.sku, "otherSku": gap.sku},
    )


def _gap_without(shortfall: Shortfall) -> Gap | None:
    """Find what would lack something if the wish were carried out to the letter."""
    others = [held for held in shortfall.user.held if held.sku != shortfall.sku]
    available = union((shortfall.bits, *(held.enabled for held in others)))
    catalog = shortfall.snapshot.catalog
    gaps = (first_gap(catalog, sku=h.sku, bits=h.enabled, available=available) for h in others)
    return next((gap for gap in gaps if gap is not None), None)


def _usage_location_prohibited(shortfall: Shortfall) -> Refusal:
    who, names = shortfall.names.user, shortfall.names
    prohibited = shortfall.laws.prohibited_in(shortfall.location)
    plans = service_plan_numbers(ServicePlanBits(shortfall.bits & prohibited.service_plans))
    if shortfall.sku in prohibited.skus or not plans:
        what, way_out = shortfall.product, "choose another product"
    else:
        plan = names.service_plan(plans[0])
        what, way_out = f"{plan} (in {shortfall.product})", f"switch {plan} off"
    return Refusal(
        Reason.USAGE_LOCATION_PROHIBITED,
        f"{what} may not be used in {shortfall.location}, the usage location of {who}. "
        f"Correct the usage location, or {way_out}.",
        context={
            "sku": shortfall.sku,
            "usageLocation": shortfall.location,
            "servicePlans": plans,
        },
    )


def _sibling_failed(shortfall: Shortfall) -> Refusal:
    return Refusal(
        Reason.SIBLING_FAILED,
        f"{shortfall.product} was not given to {shortfall.names.user} because another product of "
        "the same group could not be given. Resolve that product's error.",
        context={"sku": shortfall.sku},
    )
