"""One tenant's catalogue by its dense numbers, with the ways in which people name things of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from seatwright.domain.catalog import AppliesTo, ServicePlanId, SkuId, SkuOrigin, lookup_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import (
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    service_plan_bits,
    service_plan_numbers,
)
from seatwright.domain.reconcile.world import Catalog

_LISTED_MAX = 12
"""How many names a sentence lists before it says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogServicePlan:
    """A service plan of a tenant's catalogue."""

    service_plan_no: ServicePlanNo
    service_plan_id: ServicePlanId
    name: str
    display_name: str
    applies_to: AppliesTo
    counts_as_duplicate: bool
    prohibited_locations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSku:
    """A SKU of a tenant's catalogue; `service_plans` is the set of all that it holds."""

    sku_no: SkuNo
    sku_id: SkuId
    part_number: str
    display_name: str
    applies_to: AppliesTo
    origin: SkuOrigin
    is_legacy: bool
    in_strategy_scope: bool
    scope_note: str | None
    service_plans: ServicePlanBits
    aliases: tuple[str, ...] = ()
    prohibited_locations: frozenset[str] = frozenset()

    @property
    def is_assignable_to_users(self) -> bool:
        """Whether people can have it at all (SKU-003)."""
        return self.applies_to is AppliesTo.USER


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTier:
    """Where a service plan stands within its service; a higher tier covers the lower ones."""

    service: str
    tier: int
    service_plan_no: ServicePlanNo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TenantCatalog:
    """Everything a tenant's catalogue holds, at one version of it.

    `engine` is the same catalogue as the engine sees it, one object for as long as this one lives.
    `skus` and `service_plans` are in the order of their numbers.
    """

    version: int
    skus: Mapping[SkuNo, CatalogSku]
    service_plans: Mapping[ServicePlanNo, CatalogServicePlan]
    tiers: tuple[CatalogTier, ...]
    engine: Catalog
    _sku_keys: dict[str, tuple[SkuNo, ...]] = field(init=False, repr=False)
    _plan_ids: dict[UUID, ServicePlanNo] = field(init=False, repr=False)
    _plan_keys: dict[str, tuple[ServicePlanNo, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the ways in: ids, part numbers and, where nothing else bears the name, aliases."""
        keys: dict[str, tuple[SkuNo, ...]] = {}
        for sku in self.skus.values():
            keys[str(sku.sku_id)] = (sku.sku_no,)
            part_number = lookup_key(sku.part_number)
            keys[part_number] = (*keys.get(part_number, ()), sku.sku_no)
        for sku in self.skus.values():
            for alias in sku.aliases:
                keys.setdefault(lookup_key(alias), (sku.sku_no,))
        object.__setattr__(self, "_sku_keys", keys)
        ids = {plan.service_plan_id: no for no, plan in self.service_plans.items()}
        object.__setattr__(self, "_plan_ids", ids)
        plans: dict[str, tuple[ServicePlanNo, ...]] = {}
        for no, plan in self.service_plans.items():
            for key in (str(plan.service_plan_id), lookup_key(plan.name)):
                plans[key] = (*plans.get(key, ()), no)
        object.__setattr__(self, "_plan_keys", plans)

    def sku_by_text(self, text: str) -> CatalogSku | None:
        """Find a SKU by its id, part number or alias, whatever the case; None if there is none.

        Raises Refusal (invalidValue) if a part number stands for several products (REF-010).
        """
        found = self.skus_named(text)
        if len(found) > 1:
            ids = ", ".join(str(sku.sku_id) for sku in found)
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{text}” stands for {len(found)} products. Give the id of one of them: {ids}.",
            )
        return found[0] if found else None

    def skus_named(self, text: str) -> tuple[CatalogSku, ...]:
        """Find every SKU that bears this id, part number or alias, whatever the case."""
        numbers = self._sku_keys.get(lookup_key(text.strip("{} ")), ())
        return tuple(self.skus[no] for no in numbers)

    def require_sku(self, text: str, *, is_in_body: bool = False) -> CatalogSku:
        """Find a SKU as `sku_by_text` does.

        Raises Refusal (unknownSku) if there is none.
        """
        sku = self.sku_by_text(text)
        if sku is None:
            raise Refusal(
                Reason.UNKNOWN_SKU,
                f"There is no product “{text}” in the catalogue. Give the id or the part number of"
                " one that `GET /api/catalog/products` lists, or import Microsoft's table.",
                context={"sku": text},
                is_in_body=is_in_body,
            )
        return sku

    def plans_named(self, text: str) -> tuple[CatalogServicePlan, ...]:
        """Find every service plan that bears this id or name, whatever the case."""
        numbers = self._plan_keys.get(lookup_key(text.strip("{} ")), ())
        return tuple(self.service_plans[no] for no in numbers)

    def plan_by_text(self, sku: CatalogSku, text: str) -> CatalogServicePlan | None:
        """Find a service plan of a SKU by its id, name or display name, whatever the case.

        A name wins over a display name, for display names are not unique.
        """
        key = lookup_key(text.strip("{} "))
        plans = self.plans_of(sku.service_plans)
        by_id_or_name = (p for p in plans if key in (str(p.service_plan_id), lookup_key(p.name)))
        by_display_name = (p for p in plans if key == lookup_key(p.display_name))
        return next(by_id_or_name, None) or next(by_display_name, None)

    def disabled_bits(self, sku: CatalogSku, texts: Iterable[str]) -> ServicePlanBits:
        """Give the service plans that an assignment of this SKU is to leave off.

        Raises Refusal (servicePlanNotInSku) for one that the SKU does not hold (ASN-006).
        """
        numbers = []
        for text in texts:
            plan = self.plan_by_text(sku, text)
            if plan is None:
                raise Refusal(
                    Reason.SERVICE_PLAN_NOT_IN_SKU,
                    f"{sku.display_name} ({sku.part_number}) has no service plan “{text}”. It"
                    f" has: {self._listed(sku)}.",
                    context={"skuId": str(sku.sku_id), "servicePlan": text},
                )
            numbers.append(plan.service_plan_no)
        return service_plan_bits(*numbers)

    def all_but(self, sku: CatalogSku, texts: Iterable[str]) -> ServicePlanBits:
        """Give the service plans to leave off when these alone are to be on.

        Raises Refusal (servicePlanNotInSku) as `disabled_bits` does.
        """
        return ServicePlanBits(sku.service_plans & ~self.disabled_bits(sku, texts))

    def _listed(self, sku: CatalogSku) -> str:
        names = [plan.name for plan in self.plans_of(sku.service_plans)]
        more = len(names) - _LISTED_MAX
        listed = ", ".join(names[:_LISTED_MAX]) or "none"
        return f"{listed} and {more} more" if more > 0 else listed

    def plans_of(self, bits: ServicePlanBits) -> tuple[CatalogServicePlan, ...]:
        """Give the service plans of a set, smallest number first; unknown numbers are left out."""
        plans = self.service_plans
        return tuple(plans[no] for no in service_plan_numbers(bits) if no in plans)

    def bits_of_ids(self, ids: Iterable[UUID]) -> ServicePlanBits:
        """Give the set of the service plans with these ids; unknown ids are left out."""
        return service_plan_bits(*(self._plan_ids[one] for one in ids if one in self._plan_ids))

    def sku_name(self, sku_no: SkuNo) -> str:
        """Give what people call a SKU."""
        sku = self.skus.get(sku_no)
        return sku.display_name if sku else f"product number {sku_no}"

    def plan_names(self, bits: ServicePlanBits) -> tuple[str, ...]:
        """Give what people call the service plans of a set."""
        return tuple(plan.display_name for plan in self.plans_of(bits))
